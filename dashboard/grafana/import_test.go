package grafana

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tripod/dashboard"
)

var update = flag.Bool("update", false, "write the translations of testdata anew")

// The samples are written for this test, in the form of what people share.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !Is(data) {
				t.Error("it is not known as Grafana's")
			}
			d, err := Import(data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.YAML()
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".json") + ".yaml"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v: the translation changed; read the diff after -update", err)
			}
			if _, err := dashboard.Read(got); err != nil {
				t.Errorf("the translation cannot be read back: %v", err)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"no JSON":           {"hello", "invalid character"},
		"another JSON":      {`{"a": 1}`, "neither panels nor rows"},
		"a list":            {`[1]`, "cannot unmarshal"},
		"more than is read": {`{"panels":[` + strings.Repeat(" ", MaxBytes), "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Import([]byte(c.file))
			if !errors.Is(err, dashboard.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestWhatIsLostIsTold(t *testing.T) {
	data, err := os.ReadFile("testdata/nginx.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Import(data)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"annotations.list[1]": "annotation deploys", "links[0]": "link Docs", "panels[3]": `a panel of the kind "nodeGraph"`,
		"panels[1].fieldConfig.defaults.custom.stacking": "stacking to 100 %", "panels[2].fieldConfig.defaults.custom.axisPlacement": "axis at the right",
	}
	for _, u := range d.Untranslated {
		if want[u.Path] != u.What || u.Why == "" {
			t.Errorf("told: %+v", u)
		}
		delete(want, u.Path)
	}
	if len(want) > 0 {
		t.Errorf("not told: %v", want)
	}
	if p := d.Rows[0].Panels[3]; p.Kind != dashboard.Placeholder || !strings.Contains(p.Text, "nodeGraph") {
		t.Errorf("the place of what is unknown: %+v", p)
	}
}

// Whatever comes in, what comes out is a valid dashboard.
func FuzzImport(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"panels":[{"type":"table","styles":[{"pattern":"/(/"}],"options":{"sortBy":[{"displayName":"x","desc":true}]}}]}`))
	f.Add([]byte(`{"elements":{"":{"kind":"LibraryPanel"}},"layout":{"kind":"RowsLayout","spec":{"rows":[{"spec":{"repeat":{"value":"x"},"layout":{"kind":"GridLayout","spec":{"items":[{"spec":{"element":{"name":""}}}]}}}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Import(data)
		if err != nil {
			if strings.Contains(err.Error(), "the translated dashboard") {
				t.Fatalf("translated to what is not valid: %v", err)
			}
			return
		}
		for _, r := range d.Rows {
			for _, p := range r.Panels {
				seen := map[string]bool{}
				for _, q := range p.Queries {
					if q.Letter == "" || seen[q.Letter] {
						t.Fatalf("panel %d has no one query %q", p.ID, q.Letter)
					}
					seen[q.Letter] = true
				}
			}
		}
		out, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dashboard.ReadJSON(out); err != nil && len(out) <= dashboard.MaxBytes {
			t.Fatalf("does not come back: %v", err)
		}
	})
}
