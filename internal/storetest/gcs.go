package storetest

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// GCS starts a server of the protocol of Google Cloud Storage that keeps its objects
// in memory and lets everybody in, makes the buckets, and returns its URL.
func GCS(tb testing.TB, buckets ...string) string {
	tb.Helper()
	program := built(tb, "fake-gcs-server", filepath.Join("bin", "fake-gcs-server"))
	port := freePort(tb)
	host := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.Command(program, "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", fmt.Sprint(port),
		"-public-host", host, "-external-url", "http://"+host, "-log-level", "error")
	start(tb, cmd, func() bool { return open(port) })
	for _, bucket := range buckets {
		answer, err := http.Post("http://"+host+"/storage/v1/b?project=test", "application/json", strings.NewReader(fmt.Sprintf(`{"name": %q}`, bucket)))
		if err != nil {
			tb.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			tb.Fatalf("make the bucket %s: %s", bucket, answer.Status)
		}
	}
	return "http://" + host
}
