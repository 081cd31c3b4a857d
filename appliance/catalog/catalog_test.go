package catalog

import (
	"errors"
	"path/filepath"
	"testing"

	"tripod/dashboard"
)

func openCatalog(t *testing.T) (*Catalog, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog ü.db")
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, path
}

func titled(title string) *dashboard.Dashboard {
	return &dashboard.Dashboard{Version: 1, Title: title, Rows: []dashboard.Row{{Panels: []dashboard.Panel{{ID: 1, Kind: dashboard.Stat, Place: dashboard.Place{W: 4, H: 3}}}}}}
}

func TestEverySaveIsAVersion(t *testing.T) {
	c, path := openCatalog(t)
	ctx := t.Context()
	first, err := c.Save(ctx, "", 0, "made", titled("Größe & Last!"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Save(ctx, first.ID, 1, "renamed", titled("Load")); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if c, err = Open(path); err != nil { // as after a restart
		t.Fatal(err)
	}
	defer c.Close()
	now, err := c.Get(ctx, first.ID, 0)
	if err != nil || now.Title != "Load" || now.Version != 2 || now.Note != "renamed" {
		t.Errorf("newest: %+v, %v", now, err)
	}
	old, err := c.Get(ctx, first.ID, 1)
	if err != nil || old.Title != "Größe & Last!" || old.Saved.IsZero() {
		t.Errorf("version 1: %+v, %v", old, err)
	}
	past, err := c.Editions(ctx, first.ID)
	if err != nil || len(past) != 2 || past[0].Version != 2 || past[1].Panels != 1 {
		t.Errorf("history: %+v, %v", past, err)
	}
}

func TestASaveOverAnothersIsRefused(t *testing.T) {
	c, _ := openCatalog(t)
	ctx := t.Context()
	k, err := c.Save(ctx, "", 0, "", titled("A"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Save(ctx, k.ID, 1, "", titled("B")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Save(ctx, k.ID, 1, "", titled("C")); !errors.Is(err, dashboard.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	if _, err := c.Save(ctx, "nowhere", 0, "", titled("C")); !errors.Is(err, dashboard.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
	if _, err := c.Save(ctx, "", 0, "", &dashboard.Dashboard{}); !errors.Is(err, dashboard.ErrInvalid) {
		t.Errorf("got %v, want invalid", err)
	}
}

func TestDeletedComesBack(t *testing.T) {
	c, _ := openCatalog(t)
	ctx := t.Context()
	k, err := c.Save(ctx, "", 0, "", titled("A"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := c.List(ctx); err != nil || len(list) != 0 {
		t.Errorf("list: %v, %v", list, err)
	}
	if _, err := c.Get(ctx, k.ID, 0); !errors.Is(err, dashboard.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
	if err := c.Undelete(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	list, err := c.List(ctx)
	if err != nil || len(list) != 1 || list[0].Title != "A" || list[0].Panels != 1 {
		t.Errorf("list: %+v, %v", list, err)
	}
	if err := c.Delete(ctx, "nowhere"); !errors.Is(err, dashboard.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
}

func TestOldEditionsAreForgotten(t *testing.T) {
	c, _ := openCatalog(t)
	ctx := t.Context()
	k, err := c.Save(ctx, "", 0, "", titled("A"))
	if err != nil {
		t.Fatal(err)
	}
	for range maxEditions + 5 {
		if _, err := c.Save(ctx, k.ID, 0, "", titled("A")); err != nil {
			t.Fatal(err)
		}
	}
	past, err := c.Editions(ctx, k.ID)
	if err != nil || len(past) != maxEditions {
		t.Errorf("%d editions, %v, want %d", len(past), err, maxEditions)
	}
}
