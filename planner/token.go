package planner

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// newID is sortable by time of making: 48 bits of milliseconds and 40 random
// bits, in hexadecimal behind a letter that says what it names.
func newID(letter string, now time.Time) string {
	var b [13]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:11])
	return letter + "_" + hex.EncodeToString(b[:11])
}

// newToken has 256 random bits.
func newToken() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// sessionKey is what is stored and shown in spans in place of a token.
func sessionKey(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// isID keeps anything that newID cannot have made away from the stores.
func isID(letter, id string) bool {
	rest, ok := strings.CutPrefix(id, letter+"_")
	return ok && len(rest) == 22 && strings.Trim(rest, "0123456789abcdef") == ""
}
