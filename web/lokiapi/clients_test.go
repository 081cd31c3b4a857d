package lokiapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// TestClientsCalls sends the requests in testdata/clients byte for byte, and
// holds the answers to the files beside them:
//
//	sdk-*     sent by @myunisoft/loki 6.0.0 (npm), recorded; its times are those of the records here
//	logcli-*  in the form in which logcli 3.7.8 was recorded, with the times of the records
//	          here; make logcli runs it itself
func TestClientsCalls(t *testing.T) {
	srv := serve(t, clientRecords(), Options{})
	files, err := filepath.Glob("testdata/clients/*.http")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d requests, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := sendRaw(t, srv.Listener.Addr().String(), text)
			answer := strings.TrimSuffix(file, ".http") + ".answer"
			if *update {
				if err := os.WriteFile(answer, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(answer); err != nil || string(want) != string(got) {
				t.Errorf("got\n%s\nwant %v\n%s", got, err, want)
			}
		})
	}
}

// clientRecords are ten lines of two streams, 0.1 s apart.
func clientRecords() *engine {
	var e engine
	b := batch{maxLine: 1 << 20}
	plain, structured := b.stream(store.Attrs{{Key: "app", Value: store.String("zookeeper")}, {Key: "env", Value: store.String("prod")}}), b.stream(store.Attrs{{Key: "app", Value: store.String("json")}})
	for i := range 5 {
		at := now.Add(-time.Minute + time.Duration(i)*100*time.Millisecond).UnixNano()
		b.add(plain, at, fmt.Sprintf("2015-07-29 19:2%d:26,625 - %s [Learner@562] - Unexpected \"exception\"\r", i, []string{"ERROR", "WARN"}[i%2]), nil)
		b.add(structured, at, fmt.Sprintf(`{"level":"info","route":"/r%d", "ms":%d.50,"http":{"status":%d}}`, i%2, i, 200+i), store.Attrs{{Key: "pod", Value: store.String("p1")}})
	}
	e.records = b.records
	return &e
}

// sendRaw writes a request and reads the answer: status line, content type and
// body.
func sendRaw(t *testing.T, addr string, request []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n%s\n\n", resp.Status, resp.Header.Get("Content-Type"))
	if _, err := io.Copy(&out, resp.Body); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPagesOfAClient reads all lines page by page, as logcli's batches do: the
// next page ends behind the last line's time, and repeats what is at that time.
func TestPagesOfAClient(t *testing.T) {
	var e engine
	b := batch{maxLine: 1 << 20}
	s := b.stream(store.Attrs{{Key: "app", Value: store.String("a")}})
	var want []string
	for i := range 500 {
		line := fmt.Sprintf("line %d", i)
		b.add(s, now.Add(-time.Minute).UnixNano()+int64(i/7), line, nil)
		want = append(want, line)
	}
	e.records = b.records
	srv := serve(t, &e, Options{})
	for _, direction := range []string{"BACKWARD", "FORWARD"} {
		seen := map[string]bool{}
		start, end := now.Add(-time.Hour).UnixNano(), now.UnixNano()
		for pages := 0; ; pages++ {
			_, body := do(t, "GET", fmt.Sprintf("%s/loki/api/v1/query_range?direction=%s&end=%d&limit=20&query=%%7Bapp%%3D%%22a%%22%%7D&start=%d", srv.URL, direction, end, start), nil, nil)
			fresh, last := 0, int64(0)
			for _, v := range streamValues(t, body) {
				if last = v.at; !seen[v.line] {
					seen[v.line] = true
					fresh++
				}
			}
			if fresh == 0 {
				break
			}
			if direction == "BACKWARD" {
				end = last + 1
			} else {
				start = last
			}
			if pages > 100 {
				t.Fatal("no end of pages")
			}
		}
		got := make([]string, 0, len(seen))
		for line := range seen {
			got = append(got, line)
		}
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: %d of %d lines", direction, len(got), len(want))
		}
	}
}

type value struct {
	at   int64
	line string
}

func streamValues(t *testing.T, body string) (out []value) {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Values [][2]string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for _, s := range answer.Data.Result {
		for _, v := range s.Values {
			at, err := strconv.ParseInt(v[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, value{at, v[1]})
		}
	}
	return out
}
