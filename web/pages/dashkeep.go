package pages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tripod/dashboard"
	"tripod/dashboard/grafana"
	"tripod/store"
	"tripod/ui/screens"
	"tripod/web"
)

// DashboardDesk changes the dashboards that people made. Every save is a
// version; a save over another's is a dashboard.ErrConflict.
type DashboardDesk interface {
	Save(ctx context.Context, id string, base int, note string, d *dashboard.Dashboard) (*dashboard.Kept, error)
	Delete(ctx context.Context, id string) error
	Undelete(ctx context.Context, id string) error
}

func (p *Pages) dashboardDesk(mux *http.ServeMux) {
	p.get(mux, "POST /dashboards", p.dashNew)
	p.get(mux, "POST /dashboards/import", p.dashImport)
	p.get(mux, "POST /dashboards/{id}/copy", p.dashCopy)
	p.get(mux, "POST /dashboards/{id}/delete", p.dashDelete)
	p.get(mux, "POST /dashboards/{id}/undelete", p.dashUndelete)
	p.get(mux, "POST /dashboards/{id}/restore", p.dashRestore)
	p.get(mux, "GET /dashboards/{id}/export", p.dashExport)
	mux.HandleFunc("PUT /dashboards/{id}", p.dashSave)
	mux.HandleFunc("POST /dashboards/{id}/preview", p.dashPreview)
}

// dashFault is an error of keeping in the words that doors share.
func dashFault(err error) error {
	switch {
	case errors.Is(err, dashboard.ErrNotFound):
		return fmt.Errorf("%w: %w", err, store.ErrNotFound)
	case errors.Is(err, dashboard.ErrInvalid):
		return fmt.Errorf("%w: %w", err, store.ErrInvalid)
	}
	return err
}

// keep saves and leads to the dashboard.
func (p *Pages) keep(w http.ResponseWriter, r *http.Request, id, note string, d *dashboard.Dashboard, query string) error {
	if p.o.DashboardDesk == nil {
		return errNoDoor
	}
	kept, err := p.o.DashboardDesk.Save(r.Context(), id, 0, note, d)
	if err != nil {
		return dashFault(err)
	}
	http.Redirect(w, r, "/dashboards/"+pathPart(kept.ID)+query, http.StatusSeeOther)
	return nil
}

// dashNew makes an empty dashboard and opens it for editing.
func (p *Pages) dashNew(w http.ResponseWriter, r *http.Request) error {
	d := &dashboard.Dashboard{Version: dashboard.FileVersion, Title: "New dashboard", Rows: []dashboard.Row{{Panels: []dashboard.Panel{}}}}
	return p.keep(w, r, "", "made", d, "?edit=1")
}

// dashCopy keeps a copy, also of one that made itself, and opens it for editing.
func (p *Pages) dashCopy(w http.ResponseWriter, r *http.Request) error {
	found, err := p.dashOf(r.Context(), r)
	if err != nil {
		return err
	}
	d := *found.dash
	d.Title = cut(d.Title, dashboard.MaxName-10) + ", copy"
	if found.own == nil {
		d.Title = found.dash.Title
	}
	return p.keep(w, r, "", "copied from "+found.dash.Title, &d, "?edit=1")
}

// dashImport takes a file, ours or Grafana's, as a form's file or text.
func (p *Pages) dashImport(w http.ResponseWriter, r *http.Request) error {
	data, err := uploaded(w, r)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(data)) == "" {
		return dashWrong("there is no file: choose one, or paste its text")
	}
	if !grafana.Is(data) {
		d, err := dashboard.Read(data)
		if err != nil {
			return dashFault(err)
		}
		return p.keep(w, r, "", "imported", d, "")
	}
	d, err := grafana.Import(data)
	if err != nil {
		return dashFault(err)
	}
	return p.keep(w, r, "", "imported from Grafana", d, "")
}

// uploaded is a body as it is, or the file or text of a form.
func uploaded(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, grafana.MaxBytes+1<<20)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" && kind != "application/x-www-form-urlencoded" {
		return io.ReadAll(r.Body)
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, dashWrong("the form cannot be read: " + err.Error())
	}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	if f, head, err := r.FormFile("file"); err == nil {
		defer f.Close()
		if head.Size > 0 {
			return io.ReadAll(f)
		}
	}
	return []byte(r.FormValue("text")), nil
}

func (p *Pages) dashDelete(w http.ResponseWriter, r *http.Request) error {
	if p.o.DashboardDesk == nil {
		return errNoDoor
	}
	id := r.PathValue("id")
	if err := p.o.DashboardDesk.Delete(r.Context(), id); err != nil {
		return dashFault(err)
	}
	http.Redirect(w, r, "/dashboards?deleted="+url.QueryEscape(id), http.StatusSeeOther)
	return nil
}

func (p *Pages) dashUndelete(w http.ResponseWriter, r *http.Request) error {
	if p.o.DashboardDesk == nil {
		return errNoDoor
	}
	id := r.PathValue("id")
	if err := p.o.DashboardDesk.Undelete(r.Context(), id); err != nil {
		return dashFault(err)
	}
	http.Redirect(w, r, "/dashboards/"+pathPart(id), http.StatusSeeOther)
	return nil
}

// dashRestore saves an old version as the newest.
func (p *Pages) dashRestore(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.Atoi(r.FormValue("version"))
	if err != nil || version < 1 || p.o.Dashboards == nil {
		return dashWrong("version is no number from 1 on")
	}
	old, err := p.o.Dashboards.Get(r.Context(), r.PathValue("id"), version)
	if err != nil {
		return dashFault(err)
	}
	return p.keep(w, r, old.ID, "version "+strconv.Itoa(version)+" restored", &old.Dashboard, "")
}

// dashExport is the dashboard as a file.
func (p *Pages) dashExport(w http.ResponseWriter, r *http.Request) error {
	found, err := p.dashOf(r.Context(), r)
	if err != nil {
		return err
	}
	print, ext := found.dash.JSON, "json"
	if r.URL.Query().Get("as") == "yaml" {
		print, ext = found.dash.YAML, "yaml"
	}
	file, err := print()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", map[string]string{"json": "application/json", "yaml": "application/yaml"}[ext])
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": found.id + "." + ext}))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(file)
	return nil
}

// dashSaved is what the page sends to save, and to show a panel that is not
// saved yet.
type dashSaved struct {
	Base      int             `json:"base"`
	Note      string          `json:"note"`
	Panel     string          `json:"panel"` // key of the panel that is to be shown
	Dashboard json.RawMessage `json:"dashboard"`
}

// readSaved reads what the page sent.
func readSaved(w http.ResponseWriter, r *http.Request) (dashSaved, *dashboard.Dashboard, error) {
	var in dashSaved
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, dashboard.MaxBytes+1<<10))
	if err != nil {
		return in, nil, err
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return in, nil, dashWrong(err.Error())
	}
	d, err := dashboard.ReadJSON(in.Dashboard)
	return in, d, dashFault(err)
}

// dashSave answers the page's own request: JSON, and 409 when another was
// quicker.
func (p *Pages) dashSave(w http.ResponseWriter, r *http.Request) {
	in, d, err := readSaved(w, r)
	if err == nil && p.o.DashboardDesk == nil {
		err = errNoDoor
	}
	var kept *dashboard.Kept
	if err == nil {
		kept, err = p.o.DashboardDesk.Save(r.Context(), r.PathValue("id"), in.Base, cut(in.Note, 200), d)
	}
	switch {
	case errors.Is(err, dashboard.ErrConflict):
		web.JSON(w, http.StatusConflict, map[string]string{"error": "Somebody saved this dashboard meanwhile. Export yours as a file, load the page anew, and import it."})
	case err != nil:
		web.JSON(w, web.Status(dashFault(err)), map[string]string{"error": p.reason(r.Context(), "save dashboard", dashFault(err))})
	default:
		web.JSON(w, http.StatusOK, map[string]any{"version": kept.Version})
	}
}

// dashPreview shows a panel of a dashboard that is being edited.
func (p *Pages) dashPreview(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), dashTime)
	defer cancel()
	in, d, err := readSaved(w, r)
	if err != nil {
		http.Error(w, p.reason(ctx, "preview", err), web.Status(err))
		return
	}
	v := p.dashView(ctx, r, &dashFound{id: r.PathValue("id"), dash: d})
	for _, row := range v.spread {
		for i := range row.Scoped {
			if one := &row.Scoped[i]; one.Key == in.Panel || strconv.Itoa(one.ID) == in.Panel {
				body := p.dashBody(ctx, v, one)
				if err := p.fragment(w, r, http.StatusOK, screens.DashPanelBox(v.panel(one, &body))); err != nil {
					p.o.Log.Error("page", "path", r.URL.Path, "err", err)
				}
				return
			}
		}
	}
	http.NotFound(w, r)
}
