package traces

import (
	"testing"

	"tripod/store/storetest"
)

func openTest(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	storetest.Traces(t, storetest.Lacks{}, func(t *testing.T, dir string) storetest.TraceEngine {
		return openTest(t, dir, Options{})
	})
}
