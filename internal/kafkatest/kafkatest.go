package kafkatest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

const (
	startTimeout = 90 * time.Second
	stopTimeout  = 20 * time.Second
	lookInterval = 20 * time.Millisecond

	// Partitions is how many partitions a topic gets that comes to be.
	Partitions = 2

	// User logs in with PLAIN.
	User = "tester"
	// Password is that of User, made of what is hard to quote.
	Password = `it's a "pass\word"; =,`
)

// Broker is a broker that runs. Nothing of it changes.
type Broker struct {
	// Servers is the address for clients without a password.
	Servers string
	// SASLServers is the address for clients that log in with PLAIN over SASL_PLAINTEXT
	// as [User] with [Password].
	SASLServers string
	// PID is the number of its process.
	PID int
}

// Start starts a broker and waits until it takes connections. It ends with the test.
func Start(tb testing.TB) *Broker {
	tb.Helper()
	jars, err := localspark.KafkaBroker(tb.Context(), &localspark.Options{Progress: func(msg string) { tb.Log(msg) }})
	if errors.Is(err, localspark.ErrNoJava) || errors.Is(err, localspark.ErrNoMaven) {
		missing(tb, err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	ports := freePorts(tb, 3)
	b := &Broker{Servers: fmt.Sprintf("127.0.0.1:%d", ports[0]), SASLServers: fmt.Sprintf("127.0.0.1:%d", ports[1])}
	file := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(file, []byte(properties(dir, ports)), 0o600); err != nil {
		tb.Fatal(err)
	}
	id := uuid.New()
	format := java(jars, "kafka.tools.StorageTool", "format", "-t", base64.RawURLEncoding.EncodeToString(id[:]), "-c", file)
	if out, err := format.CombinedOutput(); err != nil {
		tb.Fatalf("format the storage of Kafka: %v\n%s", err, out)
	}
	b.PID = run(tb, java(jars, "kafka.Kafka", file), b.Servers, b.SASLServers)
	return b
}

// missing skips the test, and fails it in CI.
func missing(tb testing.TB, err error) {
	tb.Helper()
	if strings.EqualFold(os.Getenv("CI"), "true") {
		tb.Fatalf("in CI this test must not be skipped: %v", err)
	}
	tb.Skipf("NOT RUN, it needs a Kafka broker: %v", err)
}

// java runs a class with little memory and little to compile.
func java(jars *localspark.JarSet, class string, args ...string) *exec.Cmd {
	flags := []string{"-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", filepath.Join(jars.Dir, "*"), class}
	return exec.Command(jars.Java, append(flags, args...)...)
}

// freePorts returns ports that nobody listens on.
func freePorts(tb testing.TB, n int) []int {
	tb.Helper()
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func properties(dir string, ports []int) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(Password) // for JAAS
	escaped = strings.ReplaceAll(escaped, `\`, `\\`)                       // for the file
	return fmt.Sprintf(`process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%[3]d
listeners=PLAIN://127.0.0.1:%[1]d,SASL://127.0.0.1:%[2]d,CONTROLLER://127.0.0.1:%[3]d
advertised.listeners=PLAIN://127.0.0.1:%[1]d,SASL://127.0.0.1:%[2]d
listener.security.protocol.map=PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_%[5]s="%[6]s";
log.dirs=%[4]s/log
num.partitions=%[7]d
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`, ports[0], ports[1], ports[2], filepath.ToSlash(dir), User, escaped, Partitions)
}

// output is what the broker printed.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run starts the broker, which ends with the test, and returns when it takes
// connections.
func run(tb testing.TB, cmd *exec.Cmd, addresses ...string) int {
	tb.Helper()
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = stopTimeout
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start Kafka: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tb.Cleanup(func() {
		_ = cmd.Process.Kill() // nobody wants its data, and an orderly end takes seconds
		<-ended                //nolint:errcheck // it was killed
	})
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	for _, address := range addresses {
		for !open(ctx, address) {
			select {
			case err := <-ended:
				ended <- err
				tb.Fatalf("Kafka ended at once: %v\n%s", err, out)
			case <-ctx.Done():
				tb.Fatalf("Kafka is not ready after %s\n%s", startTimeout, out)
			case <-time.After(lookInterval):
			}
		}
	}
	return cmd.Process.Pid
}

// open reports whether somebody listens there.
func open(ctx context.Context, address string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
