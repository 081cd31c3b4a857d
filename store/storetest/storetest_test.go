package storetest_test

import (
	"testing"

	"tripod/store/logs"
	"tripod/store/storetest"
)

func TestLogs(t *testing.T) {
	storetest.Logs(t, storetest.Lacks{}, func(t *testing.T, dir string) storetest.LogEngine {
		s, err := logs.Open(dir, logs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}
