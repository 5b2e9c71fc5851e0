//go:build image

package main

import (
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"
)

var (
	dir   = flag.String("image", "", "the image, an OCI layout")
	again = flag.String("again", "", "the image when it was made a second time")
)

// TestTheRealImage looks at what "make image" has made.
func TestTheRealImage(t *testing.T) {
	index, images := read(t, *dir)
	digest, err := index.Digest()
	require.NoError(t, err)
	second, _ := read(t, *again)
	other, err := second.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, other, "made twice, it is another")

	require.Len(t, images, 2)
	for _, image := range images {
		config, err := image.ConfigFile()
		require.NoError(t, err)
		t.Run(config.Architecture, func(t *testing.T) { testRootfs(t, image, config) })
	}
}

func testRootfs(t *testing.T, image v1.Image, config *v1.ConfigFile) {
	files := filesOf(t, image)
	var few []string
	zones := 0
	for _, name := range names(files) {
		switch {
		case strings.HasPrefix(name, "usr/share/zoneinfo/"):
			zones++
		case !strings.HasSuffix(name, "/"):
			few = append(few, name)
		}
	}
	require.Equal(t, []string{"etc/group", "etc/passwd", "etc/ssl/certs/ca-certificates.crt", "usr/bin/sparkpipe", "usr/share/doc/sparkpipe/LICENSE"}, few)
	require.Greater(t, zones, 400)
	program := files["usr/bin/sparkpipe"].data
	require.NoError(t, build{config.Architecture, program}.check())
	info, err := buildinfo.Read(bytes.NewReader(program))
	require.NoError(t, err)
	require.Equal(t, "github.com/sparkpipe/sparkpipe/cmd/sparkpipe", info.Path)
	require.True(t, x509.NewCertPool().AppendCertsFromPEM(files["etc/ssl/certs/ca-certificates.crt"].data))
	if config.Architecture == runtime.GOARCH && config.OS == runtime.GOOS {
		runIn(t, unpacked(t, files), config)
	}
}

// unpacked writes the files into a folder that everybody may read.
func unpacked(t *testing.T, files map[string]file) string {
	root, err := os.MkdirTemp("", "image-*")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(root)) })
	require.NoError(t, os.Chmod(root, 0o755))
	for _, name := range names(files) {
		path, f := filepath.Join(root, name), files[name]
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(path, 0o755))
		} else {
			require.NoError(t, os.WriteFile(path, f.data, 0o600))
		}
		require.NoError(t, os.Chmod(path, f.FileInfo().Mode()))
		if os.Getuid() == 0 {
			require.NoError(t, os.Lchown(path, f.Uid, f.Gid))
		}
	}
	return root
}

// runIn runs the program with nothing around it but the image: as the image's user
// where the test may become it, else as root of a user namespace.
func runIn(t *testing.T, root string, config *v1.ConfigFile) {
	attr := &syscall.SysProcAttr{Chroot: root}
	if os.Getuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: user, Gid: user}
	} else {
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	}
	sparkpipe := func(want int, args ...string) string {
		cmd := exec.Command(config.Config.Entrypoint[0], args...)
		cmd.SysProcAttr, cmd.Dir, cmd.Env = attr, config.Config.WorkingDir, config.Config.Env
		out, _ := cmd.CombinedOutput()
		require.Equal(t, want, cmd.ProcessState.ExitCode(), "%s", out)
		return string(out)
	}
	require.Contains(t, sparkpipe(0, "version"), "starts Spark")
	require.Contains(t, sparkpipe(64), "Available Commands:")
	require.Contains(t, sparkpipe(3, "run", "gone.yaml"), "the file does not exist")
	require.Empty(t, sparkpipe(0, "runs"), "it has a folder for its state")
}
