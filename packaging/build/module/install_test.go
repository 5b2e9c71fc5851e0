//go:build install

package module

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInstall installs the program from a proxy that has this tree as a version.
// The modules that it needs come from the cache of this machine.
func TestInstall(t *testing.T) {
	const version = "v0.1.0-installed"
	dir := t.TempDir()
	proxy, bin := filepath.Join(dir, "proxy"), filepath.Join(dir, "bin")
	pack(t, proxy, version)
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	downloads := filepath.Join(strings.TrimSpace(string(cache)), "cache", "download")
	cmd := exec.Command("go", "install", "-trimpath", "-ldflags", "-s -w", modulePath+"/cmd/sparkpipe@"+version)
	cmd.Dir = dir
	// No checksum database knows the version; the modules of the cache were checked
	// when they came there.
	cmd.Env = append(os.Environ(),
		"CGO_ENABLED=0", "GOBIN="+bin, "GOMODCACHE="+filepath.Join(dir, "modules"), "GOFLAGS=-modcacherw", "GOWORK=off",
		"GOPROXY=file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(downloads), "GOSUMDB=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	said, err := exec.Command(filepath.Join(bin, "sparkpipe"), "version").Output()
	require.NoError(t, err)
	require.Regexp(t, `^sparkpipe `+version+`, go`, string(said))
	t.Logf("%s", said)
}
