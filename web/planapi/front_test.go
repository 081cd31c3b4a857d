package planapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestFrontRefusesWhatIsTooLargeItself(t *testing.T) {
	asked := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.WriteHeader(http.StatusNoContent)
	}))
	defer api.Close()
	to, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	front := Front{API: to}.Mux()
	post := func(body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		front.ServeHTTP(w, httptest.NewRequest("POST", "/planner/api/v1/tasks", strings.NewReader(body)))
		return w
	}
	if w := post(strings.Repeat("x", maxBody+1)); w.Code != http.StatusRequestEntityTooLarge || asked != 0 {
		t.Errorf("got %d, and planner-api was asked %d times; want 413 and never", w.Code, asked)
	}
	if w := post("{}"); w.Code != http.StatusNoContent || asked != 1 {
		t.Errorf("got %d, and planner-api was asked %d times; want its answer", w.Code, asked)
	}
}
