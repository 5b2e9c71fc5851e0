package localspark

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	minJava            = 17
	javaVersionTimeout = 20 * time.Second
)

// javaTool is a Java that has been looked at.
type javaTool struct {
	path    string // the program
	home    string // JAVA_HOME as set by the user, "" when found on PATH
	version string // "17.0.15"
	major   int
	build   string // short and different for every build; a name for a file
}

var (
	releasePattern = regexp.MustCompile(`(?m)^JAVA_VERSION="([^"]+)"`)
	printedPattern = regexp.MustCompile(`(?m)version "([^"]+)"`)
	majorPattern   = regexp.MustCompile(`^(?:1\.)?([0-9]+)`)
)

// findJava takes the Java of JAVA_HOME if that is set, else the one on PATH.
func findJava(ctx context.Context, env environ) (*javaTool, error) {
	tool := &javaTool{home: env.get("JAVA_HOME")}
	if tool.home != "" {
		tool.path = filepath.Join(tool.home, "bin", "java")
		if !isExecutable(tool.path) {
			return nil, fmt.Errorf("%w: JAVA_HOME is %s, which has no bin/java; correct it or unset it", ErrNoJava, tool.home)
		}
	} else if tool.path = env.lookPath("java"); tool.path == "" {
		return nil, fmt.Errorf("%w: no java on PATH and JAVA_HOME is not set; install one with: %s", ErrNoJava, env.installJava())
	}
	install := env.installJava()
	described, err := tool.describe(ctx, env)
	if err != nil {
		return nil, err
	}
	match := majorPattern.FindStringSubmatch(tool.version)
	if match == nil {
		return nil, fmt.Errorf("%w: %s does not say its version; it printed %q; install one with: %s",
			ErrNoJava, tool.path, firstLine(described), install)
	}
	tool.major, _ = strconv.Atoi(match[1])
	if tool.major < minJava {
		return nil, fmt.Errorf("%w: %s is version %s, Spark needs %d or newer; install one with: %s, and set JAVA_HOME to it",
			ErrNoJava, tool.path, tool.version, minJava, install)
	}
	sum := sha256.Sum256([]byte(runtime.GOARCH + "\n" + described))
	tool.build = hex.EncodeToString(sum[:6])
	return tool, nil
}

// describe finds the version: in the file "release" of the installation, which
// costs nothing, else by asking the program.
func (j *javaTool) describe(ctx context.Context, env environ) (string, error) {
	if real, err := filepath.EvalSymlinks(j.path); err == nil {
		if text, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(real)), "release")); err == nil {
			if match := releasePattern.FindSubmatch(text); match != nil {
				j.version = string(match[1])
				return string(text), nil
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, javaVersionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.path, "-version")
	cmd.Env = env
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if match := printedPattern.FindSubmatch(out); err == nil && match != nil {
		j.version = string(match[1])
		return string(out), nil
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("%w: ask %s for its version: %w", ErrNoJava, j.path, context.Cause(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s -version: %w: %s; install one with: %s", ErrNoJava, j.path, err, firstLine(string(out)), env.installJava())
	}
	return string(out), nil
}

// installJava is the command that installs Java, and Maven with it when that is
// missing too: one of the two is rarely of use without the other.
func (e environ) installJava() string {
	if e.lookPath("mvn") == "" {
		return installMaven()
	}
	if runtime.GOOS == "darwin" {
		return "brew install openjdk@17"
	}
	return "apt-get update && apt-get install -y openjdk-17-jre-headless"
}

func installMaven() string {
	if runtime.GOOS == "darwin" {
		return "brew install maven"
	}
	return "apt-get update && apt-get install -y openjdk-17-jre-headless maven"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
