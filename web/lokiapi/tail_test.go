package lokiapi

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// client is the other end of a socket.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// dial opens a WebSocket with the key of RFC 6455's own example.
func dial(t *testing.T, base, path string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
	}
	return &client{t, conn, r}
}

// frame reads a frame of the server, which is not masked.
func (c *client) frame() (op byte, payload string) {
	c.t.Helper()
	var head [10]byte
	if _, err := io.ReadFull(c.r, head[:2]); err != nil {
		c.t.Fatal(err)
	}
	n := uint64(head[1])
	switch n {
	case 126:
		io.ReadFull(c.r, head[2:4])
		n = uint64(binary.BigEndian.Uint16(head[2:4]))
	case 127:
		io.ReadFull(c.r, head[2:10])
		n = binary.BigEndian.Uint64(head[2:10])
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(c.r, b); err != nil {
		c.t.Fatal(err)
	}
	return head[0] & 15, string(b)
}

// send writes a short frame, masked.
func (c *client) send(op byte, payload string) {
	b := []byte{0x80 | op, 0x80 | byte(len(payload)), 1, 2, 3, 4}
	for i := range len(payload) {
		b = append(b, payload[i]^byte(i%4+1))
	}
	c.conn.Write(b)
}

func TestTail(t *testing.T) {
	e := loaded(t)
	srv := serve(t, e, Options{})
	c := dial(t, srv.URL, "/loki/api/v1/tail?query=%7Bservice_name%3D%22shop%22%7D&limit=1&start=1773324360000000000")
	op, got := c.frame()
	if want := `"values":[["1773324360200000000","out of <stock>"]]`; op != opText || !strings.Contains(got, want) || !strings.Contains(got, `"dropped_entries":[]`) {
		t.Fatalf("got %d %s, want what was there: %s", op, got, want)
	}
	res := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("shop")}}}
	err := e.kept.Append(t.Context(), []store.Record{
		{Time: 1773324360500000000, Service: "other", Body: store.String("not asked for")},
		{Time: 1773324360500000001, Service: "shop", Resource: res, Body: store.String("new")},
	})
	if err != nil {
		t.Fatal(err)
	}
	op, got = c.frame()
	want := `{"streams":[{"stream":{"detected_level":"unknown","service_name":"shop"},"values":[["1773324360500000001","new"]]}],"dropped_entries":[]}`
	if op != opText || got != want {
		t.Errorf("got %d %s, want %s", op, got, want)
	}
	c.send(opPing, "hello")
	if op, got := c.frame(); op != opPong || got != "hello" {
		t.Errorf("got %d %q, want a pong", op, got)
	}
	c.send(opClose, "\x03\xe8")
	if op, _ := c.frame(); op != opClose {
		t.Errorf("got %d, want a close", op)
	}
	if _, err := c.r.ReadByte(); err == nil {
		t.Error("the connection is still open")
	}
}

func TestTailsAreBounded(t *testing.T) {
	srv := serve(t, loaded(t), Options{MaxTails: 1})
	c := dial(t, srv.URL, "/loki/api/v1/tail?query=%7B%7D&limit=1")
	header := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	resp, body := do(t, "GET", srv.URL+"/loki/api/v1/tail?query=%7B%7D", header, nil)
	if resp.StatusCode != 429 {
		t.Errorf("got %d %s, want 429", resp.StatusCode, body)
	}
	c.send(opText, "texts are thrown away")
	c.conn.Write([]byte{0x81, 0x01, 'x'}) // not masked
	for {
		if op, _ := c.frame(); op == opClose {
			break
		}
	}
}
