//go:build linux || darwin

package localspark_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// childEnv makes the test binary the parent of a server that is to be killed.
const childEnv = "LOCALSPARK_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		runChild()
		return
	}
	goleak.VerifyTestMain(m)
}

// runChild starts a server, says which, and waits to be killed.
func runChild() {
	server, err := localspark.Start(context.Background(), nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(childReport{PID: server.PID(), LogFile: server.LogFile()})
	select {}
}

type childReport struct {
	PID     int
	LogFile string
}

// fakeJava behaves as FAKE_JAVA says. Its real part, answering calls, is done
// by a gRPC server of the test at FAKE_PORT.
const fakeJava = `#!/bin/sh
if [ "$1" = -version ]; then
	echo "Picked up JAVA_TOOL_OPTIONS: -Dx=y" >&2
	echo "openjdk version \"${FAKE_JAVA_VERSION:-17.0.9}\" 2023-10-17" >&2
	exit "${FAKE_JAVA_EXIT:-0}"
fi
args=${1#@}
echo "$SPARK_HOME" >"$FAKE_OUT/home"
cp "$args" "$FAKE_OUT/args"
cp "${args%/*}/spark.conf" "$FAKE_OUT/conf"
ls -l "$args" "${args%/*}/spark.conf" >"$FAKE_OUT/modes"
echo x >>"$FAKE_OUT/starts"
archive=$(sed -n 's/^"-XX:ArchiveClassesAtExit=\(.*\)"$/\1/p' "$args")
if [ -n "$archive" ]; then
	[ "$FAKE_JAVA" = noarchive ] && { echo no archive; exit 1; }
	echo "Spark Connect server started at: 127.0.0.1:$FAKE_PORT"
	trap 'echo classes >"$archive"; exit 143' TERM
	while :; do sleep 0.05; done
fi
case $FAKE_JAVA in
crash) echo "java.net.BindException: Address already in use"; exit 3 ;;
silent) echo thinking; exec sleep 600 ;;
deaf)
	trap '' TERM
	echo "Spark Connect server started at: 127.0.0.1:$FAKE_PORT"
	while :; do sleep 0.1; done ;;
*) echo "Spark Connect server started at: localhost/127.0.0.1:$FAKE_PORT"; exec sleep 600 ;;
esac
`

const fakeMaven = `#!/bin/sh
echo "$*" >>"$FAKE_OUT/mvn"
for arg; do
	case $arg in
	-DoutputDirectory=*) out=${arg#*=} ;;
	esac
done
case $FAKE_MVN in
fail) echo "[ERROR] Failed to execute goal: spark-connect_2.13:jar:4.0.1: mirror.invalid: Unknown host mirror.invalid"; exit 1 ;;
absent) printf '\033[0m[ERROR] Could not find artifact a:b:jar:1 in central\n[ERROR] \n\033[0m'; exit 1 ;;
hang) sleep 600 ;;
empty) mkdir -p "$out"; echo x >"$out/other-1.jar"; exit 0 ;;
slow) sleep 0.5 ;;
esac
mkdir -p "$out"
echo connect >"$out/spark-connect_2.13-4.0.1.jar"
echo sql >"$out/spark-sql_2.13-4.0.1.jar"
`

const fakePython = `#!/bin/sh
echo "$FAKE_PYSPARK"
`

// bundle is a machine on which nothing is installed but what a test puts there.
type bundle struct {
	t     testing.TB
	dir   string
	bin   string // the only folder on PATH
	out   string // what the fake programs have noted
	tmp   string // TMPDIR
	cache string
	env   []string
	calls *fakeConnect

	mu       sync.Mutex
	progress []string
}

func setup(t testing.TB, programs ...string) *bundle {
	t.Helper()
	dir := t.TempDir()
	b := &bundle{t: t, dir: dir, calls: newFakeConnect(t)}
	for name, to := range map[string]*string{"bin": &b.bin, "out": &b.out, "tmp": &b.tmp, "cache": &b.cache} {
		*to = filepath.Join(dir, name)
		require.NoError(t, os.Mkdir(*to, 0o755))
	}
	for _, tool := range []string{"sh", "rm", "sleep", "cp", "mkdir", "ls", "sed", "cat"} {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(b.bin, tool)))
	}
	scripts := map[string]string{"java": fakeJava, "mvn": fakeMaven, "python3": fakePython}
	for _, name := range programs {
		b.program(name, scripts[name])
	}
	b.env = []string{
		"PATH=" + b.bin, "TMPDIR=" + b.tmp, "HOME=" + dir, "SPARKPIPE_CACHE=" + b.cache, "SPARKPIPE_CLASS_ARCHIVE=off",
		"FAKE_OUT=" + b.out, fmt.Sprintf("FAKE_PORT=%d", b.calls.port),
	}
	return b
}

func (b *bundle) program(name, script string) {
	b.t.Helper()
	writeProgram(b.t, filepath.Join(b.bin, name), script)
}

func (b *bundle) options() *localspark.Options {
	return &localspark.Options{Env: b.env, StartTimeout: time.Minute, Progress: func(msg string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.progress = append(b.progress, strings.ReplaceAll(msg, b.dir, "DIR"))
	}}
}

// start starts a server and stops it with the test.
func (b *bundle) start(opts *localspark.Options) *localspark.Server {
	b.t.Helper()
	server, err := localspark.Start(b.t.Context(), opts)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, server.Stop(context.Background())) })
	return server
}

// noted returns what a fake program wrote, line by line.
func (b *bundle) noted(name string) []string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.out, name))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(b.t, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// sparkHome makes a Spark distribution with the given jars.
func (b *bundle) sparkHome(name string, jars ...string) string {
	b.t.Helper()
	home := filepath.Join(b.dir, name)
	require.NoError(b.t, os.MkdirAll(filepath.Join(home, "jars"), 0o755))
	for _, jar := range jars {
		require.NoError(b.t, os.WriteFile(filepath.Join(home, "jars", jar), []byte("x"), 0o644))
	}
	return home
}

// runFolders returns the folders of runs that are still there.
func (b *bundle) runFolders() []string {
	b.t.Helper()
	found, err := filepath.Glob(filepath.Join(b.tmp, "*"))
	require.NoError(b.t, err)
	return found
}

// fakeConnect answers what the package asks a Connect server.
type fakeConnect struct {
	port int

	mu       sync.Mutex
	methods  []string
	sessions map[string]int // open sessions
	tokens   []string
}

func newFakeConnect(t testing.TB) *fakeConnect {
	t.Helper()
	f := &fakeConnect{sessions: map[string]int{}}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f.port = listener.Addr().(*net.TCPAddr).Port
	server := grpc.NewServer(grpc.ForceServerCodec(bytesCodec{}), grpc.UnknownServiceHandler(f.handle))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return f
}

func (f *fakeConnect) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	method = method[strings.LastIndex(method, "/")+1:]
	var request []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	_, _, n := protowire.ConsumeTag(request)
	session, _ := protowire.ConsumeString(request[n:])
	f.note(stream.Context(), method, session)
	var answer []byte
	if method == "AnalyzePlan" {
		version := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "4.0.1")
		answer = protowire.AppendBytes(protowire.AppendTag(nil, 8, protowire.BytesType), version)
	}
	return stream.SendMsg(&answer)
}

type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (f *fakeConnect) note(ctx context.Context, method, session string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.methods = append(f.methods, method)
	if headers, ok := metadata.FromIncomingContext(ctx); ok {
		f.tokens = append(f.tokens, headers.Get("authorization")...)
	}
	if method == "ReleaseSession" {
		delete(f.sessions, session)
		return
	}
	f.sessions[session]++
}

// gone waits until a process is no more.
func gone(t testing.TB, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return !alive(pid) }, time.Minute, 20*time.Millisecond, "process %d is still there", pid)
}

// alive reports whether a process runs; one that has ended and was not waited
// for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func removed(t testing.TB, path string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := os.Stat(path)
		return os.IsNotExist(err)
	}, time.Minute, 20*time.Millisecond, "%s is still there", path)
}

// writeProgram writes a file that is run. No other test starts a program
// meanwhile: that would have the file open for writing for a moment, and Linux
// runs no such file.
func writeProgram(t testing.TB, path, script string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte(script), 0o755))
}
