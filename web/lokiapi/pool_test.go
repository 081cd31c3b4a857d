package lokiapi

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tripod/store"
)

// strict finds records that are not as they were sent.
type strict struct {
	*engine
	mu     sync.Mutex
	wrong  []string
	counts map[string]int
}

func (s *strict) Append(_ context.Context, records []store.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range records {
		r := &records[i]
		id := r.Attrs.Text("id")
		want := fmt.Sprintf(`{"msg":"say \"%s\"\n","id":"%s","n":[%d],"of":"%s"}`, id, id, i, r.Resource.Attrs.Text("job"))
		if got := r.Line(); got != want || len(r.Attrs) != 3 || r.Message() != "say \""+id+"\"\n" || !strings.HasPrefix(id, r.Service) {
			s.wrong = append(s.wrong, strings.Clone(got))
		}
		s.counts[strings.Clone(id)]++
	}
	return nil
}

// TestPushesShareNoMemory sends pushes of different sizes at once: what one of
// them holds must never be seen in another.
func TestPushesShareNoMemory(t *testing.T) {
	e := &strict{engine: &engine{}, counts: map[string]int{}}
	mux := http.NewServeMux()
	New(Doors{e, e.engine, e.engine, nil}, Options{}).Register(mux)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	var wg sync.WaitGroup
	for sender := range 4 {
		wg.Go(func() {
			for round := range 30 {
				job := fmt.Sprintf("job-%d", sender)
				var body strings.Builder
				fmt.Fprintf(&body, `{"streams":[{"stream":{"job":"%s"},"values":[`, job)
				for i := range 1 + (round*37+sender)%90 {
					if i > 0 {
						body.WriteByte(',')
					}
					id := fmt.Sprintf("%s.%d.%d", job, round, i)
					line := fmt.Sprintf(`{"msg":"say \"%s\"\n","id":"%s","n":[%d],"of":"%s"}`, id, id, i, job)
					fmt.Fprintf(&body, `["%d",%q]`, 1773324360123456789+i, line)
				}
				body.WriteString(`]}]}`)
				resp, text := do(t, "POST", srv.URL+"/loki/api/v1/push", http.Header{"Content-Type": {"application/json"}}, []byte(body.String()))
				if resp.StatusCode != 204 {
					t.Errorf("got %d %s", resp.StatusCode, text)
				}
			}
		})
	}
	wg.Wait()
	if len(e.wrong) > 0 {
		t.Errorf("%d lines are wrong, such as %q", len(e.wrong), e.wrong[0])
	}
	for id, n := range e.counts {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if len(e.counts) == 0 {
		t.Error("nothing came")
	}
}
