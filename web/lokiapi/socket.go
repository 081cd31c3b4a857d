package lokiapi

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"tripod/store"
)

// The opcodes of RFC 6455.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// Bounds of a socket.
const (
	maxControl  = 125              // bytes of a control frame
	maxIncoming = 64 << 10         // bytes of any other frame, which is thrown away
	socketWait  = 10 * time.Second // for a write
	socketIdle  = 90 * time.Second // without a frame from the client
	pingEvery   = 30 * time.Second
)

// socket is the server's end of a WebSocket that sends texts and takes control
// frames.
type socket struct {
	conn net.Conn
	r    *bufio.Reader
	mu   sync.Mutex // guards writes
}

// wantsSocket says what a request lacks for a WebSocket.
func wantsSocket(r *http.Request) error {
	switch {
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return fmt.Errorf("tail is a WebSocket: %w", store.ErrInvalid)
	case r.Header.Get("Sec-Websocket-Version") != "13":
		return fmt.Errorf("WebSocket version 13 is spoken here: %w", store.ErrInvalid)
	}
	if key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-Websocket-Key")); err != nil || len(key) != 16 {
		return fmt.Errorf("Sec-WebSocket-Key is no key: %w", store.ErrInvalid)
	}
	return nil
}

func hasToken(h http.Header, name, token string) bool {
	for _, value := range h.Values(name) {
		for _, t := range strings.Split(value, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

// openSocket takes the connection over.
func openSocket(w http.ResponseWriter, r *http.Request) (*socket, error) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	conn.SetDeadline(time.Now().Add(socketWait))
	if _, err := io.WriteString(conn, answer); err != nil {
		conn.Close()
		return nil, err
	}
	return &socket{conn: conn, r: rw.Reader}, nil
}

// send writes one frame.
func (s *socket) send(op byte, payload []byte) error {
	head := []byte{0x80 | op, 0}
	switch n := len(payload); {
	case n <= maxControl:
		head[1] = byte(n)
	case n < 1<<16:
		head[1] = 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	default:
		head[1] = 127
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.SetWriteDeadline(time.Now().Add(socketWait))
	_, err := s.conn.Write(append(head, payload...))
	return err
}

// close says goodbye; the code is one of RFC 6455, 7.4.
func (s *socket) close(code uint16, why string) error {
	b := binary.BigEndian.AppendUint16(nil, code)
	err := s.send(opClose, append(b, strings.ToValidUTF8(why[:min(len(why), 120)], "")...))
	return errors.Join(err, s.conn.Close())
}

var errGone = errors.New("the client has gone")

// read answers pings and throws texts away until the client goes.
func (s *socket) read() error {
	for {
		s.conn.SetReadDeadline(time.Now().Add(socketIdle))
		op, payload, err := readFrame(s.r)
		if err != nil {
			return err
		}
		switch op {
		case opClose:
			return errGone
		case opPing:
			if err := s.send(opPong, payload); err != nil {
				return err
			}
		}
	}
}

var errFrame = errors.New("a WebSocket frame is wrong")

// readFrame reads a frame of a client, which is masked. Only control frames
// are given back whole.
func readFrame(r io.Reader) (op byte, payload []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, nil, err
	}
	op = head[0] & 0x0F
	n := uint64(head[1] & 0x7F)
	if head[0]&0x70 != 0 || head[1]&0x80 == 0 || op >= opClose && (n > maxControl || head[0]&0x80 == 0) {
		return 0, nil, errFrame
	}
	if more := map[uint64]int{126: 2, 127: 8}[n]; more > 0 {
		clear(head[:])
		if _, err := io.ReadFull(r, head[8-more:]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(head[:])
	}
	if n > maxIncoming {
		return 0, nil, errFrame
	}
	var mask [4]byte
	if _, err := io.ReadFull(r, mask[:]); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return op, payload, nil
}
