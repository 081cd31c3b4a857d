package planapi

import (
	"net/http"
	"strconv"

	"tripod/planner"
	"tripod/web"
)

func (a *API) listTasks(w http.ResponseWriter, r *http.Request, u planner.User) {
	f, err := filterIn(r)
	if err != nil {
		fail(w, r, err)
		return
	}
	page, err := a.planner.Tasks(r.Context(), u, f)
	if err != nil {
		fail(w, r, err)
		return
	}
	counts, err := a.planner.Counts(r.Context(), u)
	if err != nil {
		fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, listOut(page, counts))
}

func filterIn(r *http.Request) (planner.Filter, error) {
	var f planner.Filter
	for name, values := range r.URL.Query() {
		v := values[0]
		switch name {
		case "status":
			f.Status = planner.Status(v)
		case "q":
			f.Text = v
		case "priority":
			f.Priority = planner.Priority(v)
		case "cursor":
			f.Cursor = v
		case "limit":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				return f, &planner.FieldError{Field: "limit", Reason: "is not within 1 to 200"}
			}
			f.Limit = n
		default:
			return f, &planner.FieldError{Field: name[:min(len(name), 40)], Reason: "is not a parameter of this request"}
		}
	}
	return f, nil
}

func (a *API) createTask(w http.ResponseWriter, r *http.Request, u planner.User) {
	var in Draft
	if !parsed(w, r, &in) {
		return
	}
	t, err := a.planner.CreateTask(r.Context(), u, draftIn(in, u))
	if err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("Location", Prefix+"/api/v1/tasks/"+t.ID)
	web.JSON(w, http.StatusCreated, taskOut(t))
}

func (a *API) getTask(w http.ResponseWriter, r *http.Request, u planner.User) {
	t, err := a.planner.Task(r.Context(), u, r.PathValue("id"))
	if err != nil {
		fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, taskOut(t))
}

func (a *API) patchTask(w http.ResponseWriter, r *http.Request, u planner.User) {
	var in Patch
	if !parsed(w, r, &in) {
		return
	}
	p, err := patchIn(in, u)
	if err != nil {
		fail(w, r, err)
		return
	}
	t, err := a.planner.UpdateTask(r.Context(), u, r.PathValue("id"), p)
	if err != nil {
		fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, taskOut(t))
}

func (a *API) deleteTask(w http.ResponseWriter, r *http.Request, u planner.User) {
	if err := a.planner.DeleteTask(r.Context(), u, r.PathValue("id")); err != nil {
		fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *API) completeTask(w http.ResponseWriter, r *http.Request, u planner.User) {
	done, next, err := a.planner.CompleteTask(r.Context(), u, r.PathValue("id"))
	if err != nil {
		fail(w, r, err)
		return
	}
	out := Completed{Task: taskOut(done)}
	if next != nil {
		n := taskOut(*next)
		out.Next = &n
	}
	web.JSON(w, http.StatusOK, out)
}

func (a *API) streak(w http.ResponseWriter, r *http.Request, u planner.User) {
	c, err := a.planner.Streak(r.Context(), u)
	if err != nil {
		fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, streakOut(c))
}
