package terminal

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBacktestSaysWhatHeldBack(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"status":"success","data":[{"name":"Down","fired":2,"held":[{"why":"inhibited by DatabaseDown","times":2}]}]}`)
	}))
	defer s.Close()
	var out bytes.Buffer
	c, err := New(Options{Addr: s.URL, Stdout: &out, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Backtest(t.Context(), nil, Backtest{MaxFired: -1, MaxNotifications: -1, MaxNight: -1}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Down: held back 2 times: inhibited by DatabaseDown\n", "AT NIGHT (22-7 UTC)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, out.String())
		}
	}
}
