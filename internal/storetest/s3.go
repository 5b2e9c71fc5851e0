package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// EnvS3 is the environment variable with the URL of a service that runs already.
const EnvS3 = "SPARKPIPE_TEST_S3"

// Service is an object storage. It has no buckets.
type Service struct {
	// Endpoint is its URL.
	Endpoint string
	// AccessKey and SecretKey are credentials that may do everything.
	AccessKey, SecretKey string
	// Dir is the folder in which each bucket is a folder and each object a file;
	// empty for a service that runs already.
	Dir string
}

// S3 starts an object storage that keeps its objects in a temporary folder.
func S3(tb testing.TB) Service {
	tb.Helper()
	if url := os.Getenv(EnvS3); url != "" {
		return Service{Endpoint: url, AccessKey: os.Getenv("AWS_ACCESS_KEY_ID"), SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	}
	program := gateway(tb)
	port := freePort(tb)
	s := Service{Endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), AccessKey: "test-access", SecretKey: "test-secret-of-the-service", Dir: tb.TempDir()}
	// Not with --sidecar, which keeps tags in files of their own: read and write
	// are then not one step, and conditions do not hold.
	cmd := exec.Command(program, "--quiet", "--keep-alive", "--port", fmt.Sprintf("127.0.0.1:%d", port), "posix", s.Dir)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	start(tb, cmd, func() bool { return open(port) })
	return s
}

// gateway returns the program: that of the tree, or the one on PATH.
func gateway(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		program := filepath.Join(dir, "build", "bin", "versitygw")
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() {
			return program
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	program, err := exec.LookPath("versitygw")
	if err != nil {
		missing(tb, "versitygw")
	}
	return program
}
