package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/x509"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"
)

// elfFile is a program that does nothing but have a header, and asks for a dynamic
// linker if segment says so.
func elfFile(t *testing.T, machine elf.Machine, segment elf.ProgType) []byte {
	t.Helper()
	header := elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Ehsize: 64, Phoff: 64, Phentsize: 56, Phnum: 1,
	}
	var b bytes.Buffer
	require.NoError(t, binary.Write(&b, binary.LittleEndian, header))
	require.NoError(t, binary.Write(&b, binary.LittleEndian, elf.Prog64{Type: uint32(segment)}))
	return b.Bytes()
}

// input is what is made into an image in a folder.
type input struct{ dir string }

func newInput(t *testing.T) input {
	t.Helper()
	in := input{t.TempDir()}
	in.write(t, "LICENSE", []byte("do what you like"))
	in.write(t, "amd64", elfFile(t, elf.EM_X86_64, elf.PT_LOAD))
	in.write(t, "arm64", elfFile(t, elf.EM_AARCH64, elf.PT_LOAD))
	in.write(t, "dynamic", elfFile(t, elf.EM_X86_64, elf.PT_INTERP))
	var zones bytes.Buffer
	w := zip.NewWriter(&zones)
	for _, name := range []string{"UTC", "Europe/", "Europe/Berlin"} {
		f, err := w.Create(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "/") {
			_, err = f.Write([]byte("TZif of " + name))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	in.write(t, "zones.zip", zones.Bytes())
	return in
}

func (in input) write(t *testing.T, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(in.dir, name), data, 0o644))
}

// args are those of the program; the image goes into the folder out.
func (in input) args(out string, programs ...string) []string {
	args := []string{
		"-out", filepath.Join(in.dir, out), "-tar", filepath.Join(in.dir, out+".tar"),
		"-license", filepath.Join(in.dir, "LICENSE"), "-zoneinfo", filepath.Join(in.dir, "zones.zip"),
		"-version", "v1.2.3", "-revision", "0123abc", "-created", "1767225600",
	}
	for _, p := range programs {
		arch, file, _ := strings.Cut(p, "=")
		args = append(args, arch+"="+filepath.Join(in.dir, file))
	}
	return args
}

// read gives the index of a layout and the images in it.
func read(t *testing.T, dir string) (v1.ImageIndex, []v1.Image) {
	t.Helper()
	top, err := layout.ImageIndexFromPath(dir)
	require.NoError(t, err)
	list, err := top.IndexManifest()
	require.NoError(t, err)
	require.Len(t, list.Manifests, 1)
	require.Equal(t, types.OCIImageIndex, list.Manifests[0].MediaType)
	index, err := top.ImageIndex(list.Manifests[0].Digest)
	require.NoError(t, err)
	require.NoError(t, validate.Index(index))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	var images []v1.Image
	for _, m := range manifest.Manifests {
		require.Equal(t, "linux", m.Platform.OS)
		image, err := index.Image(m.Digest)
		require.NoError(t, err)
		config, err := image.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, m.Platform.Architecture, config.Architecture)
		images = append(images, image)
	}
	return index, images
}

// filesOf gives the headers of all files of an image, with their contents.
func filesOf(t *testing.T, image v1.Image) map[string]file {
	t.Helper()
	layers, err := image.Layers()
	require.NoError(t, err)
	out := map[string]file{}
	for _, layer := range layers {
		r, err := layer.Uncompressed()
		require.NoError(t, err)
		unpack(t, r, out)
		require.NoError(t, r.Close())
	}
	return out
}

type file struct {
	*tar.Header
	data []byte
}

func unpack(t *testing.T, from io.Reader, into map[string]file) {
	t.Helper()
	r := tar.NewReader(from)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		into[header.Name] = file{header, data}
	}
}

func names(files map[string]file) []string {
	var out []string
	for name := range files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestImage(t *testing.T) {
	t.Parallel()
	in := newInput(t)
	require.NoError(t, run(in.args("one", "arm64=arm64", "amd64=amd64")))
	_, images := read(t, filepath.Join(in.dir, "one"))
	require.Len(t, images, 2)
	for _, image := range images {
		config, err := image.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, "65532:65532", config.Config.User)
		require.Equal(t, []string{"/usr/bin/sparkpipe"}, config.Config.Entrypoint)
		require.Empty(t, config.Config.Cmd)
		require.Equal(t, map[string]string{
			"org.opencontainers.image.title":       "sparkpipe",
			"org.opencontainers.image.description": "Runs data pipelines on Apache Spark over Spark Connect",
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.version":     "v1.2.3",
			"org.opencontainers.image.revision":    "0123abc",
			"org.opencontainers.image.created":     "2026-01-01T00:00:00Z",
		}, config.Config.Labels)
		files := filesOf(t, image)
		require.Equal(t, []string{
			"etc/", "etc/group", "etc/passwd", "etc/ssl/", "etc/ssl/certs/", "etc/ssl/certs/ca-certificates.crt",
			"home/", "home/sparkpipe/", "tmp/", "usr/", "usr/bin/", "usr/bin/sparkpipe", "usr/share/", "usr/share/doc/",
			"usr/share/doc/sparkpipe/", "usr/share/doc/sparkpipe/LICENSE", "usr/share/zoneinfo/",
			"usr/share/zoneinfo/Europe/", "usr/share/zoneinfo/Europe/Berlin", "usr/share/zoneinfo/UTC",
		}, names(files))
		for name, f := range files {
			require.True(t, f.ModTime.Equal(time.Unix(1767225600, 0)), name)
			require.Zero(t, f.Mode&0o6000, name)
			require.Equal(t, name == "home/sparkpipe/", f.Uid == user && f.Gid == user, name)
		}
		require.EqualValues(t, 0o1777, files["tmp/"].Mode)
		require.EqualValues(t, 0o755, files["usr/bin/sparkpipe"].Mode)
		require.Equal(t, "do what you like", string(files["usr/share/doc/sparkpipe/LICENSE"].data))
	}
}

func TestTheSameInputMakesTheSameImage(t *testing.T) {
	t.Parallel()
	in := newInput(t)
	require.NoError(t, run(in.args("one", "amd64=amd64", "arm64=arm64")))
	require.NoError(t, run(in.args("two", "arm64=arm64", "amd64=amd64")))
	one, _ := read(t, filepath.Join(in.dir, "one"))
	two, _ := read(t, filepath.Join(in.dir, "two"))
	first, err := one.Digest()
	require.NoError(t, err)
	second, err := two.Digest()
	require.NoError(t, err)
	require.Equal(t, first, second)
	a, err := os.ReadFile(filepath.Join(in.dir, "one.tar"))
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(in.dir, "two.tar"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(a, b), "the archives differ")

	in.write(t, "LICENSE", []byte("another"))
	require.NoError(t, run(in.args("one", "amd64=amd64", "arm64=arm64")))
	other, _ := read(t, filepath.Join(in.dir, "one"))
	third, err := other.Digest()
	require.NoError(t, err)
	require.NotEqual(t, first, third, "an image that is there is replaced")
}

func TestArchive(t *testing.T) {
	t.Parallel()
	in := newInput(t)
	require.NoError(t, run(in.args("one", "amd64=amd64", "arm64=arm64")))
	f, err := os.Open(filepath.Join(in.dir, "one.tar"))
	require.NoError(t, err)
	defer f.Close()
	files := map[string]file{}
	unpack(t, f, files)
	require.Contains(t, files, "oci-layout")
	require.Contains(t, files, "index.json")
	var manifests []dockerManifest
	require.NoError(t, json.Unmarshal(files["manifest.json"].data, &manifests))
	require.Len(t, manifests, 1)
	require.Equal(t, []string{"sparkpipe:v1.2.3"}, manifests[0].RepoTags)
	require.Len(t, manifests[0].Layers, 2)
	for _, blob := range append(manifests[0].Layers, manifests[0].Config) {
		require.Contains(t, files, blob)
	}
	var config v1.ConfigFile
	require.NoError(t, json.Unmarshal(files[manifests[0].Config].data, &config))
	require.Equal(t, "amd64", config.Architecture)
}

func TestAuthorities(t *testing.T) {
	t.Parallel()
	rest, count := authorities(), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		_, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		count++
	}
	require.Empty(t, rest)
	require.Greater(t, count, 100)
}

func TestWhatWouldNotRunIsRefused(t *testing.T) {
	t.Parallel()
	in := newInput(t)
	tests := map[string]struct {
		args []string
		want string
	}{
		"another architecture":   {in.args("x", "arm64=amd64"), "program for arm64: it is one for EM_X86_64"},
		"an unknown one":         {in.args("x", "mips=amd64"), `architecture "mips": want amd64 or arm64`},
		"a dynamic program":      {in.args("x", "amd64=dynamic"), "program for amd64: it is not static; build it with CGO_ENABLED=0"},
		"no program":             {in.args("x", "amd64=LICENSE"), "program for amd64: bad magic number"},
		"a file that is missing": {in.args("x", "amd64=gone"), "gone: no such file or directory"},
		"no programs":            {in.args("x"), "at least one ARCHITECTURE=PROGRAM"},
		"a version with a space": {append([]string{}, replaced(in.args("x", "amd64=amd64"), "v1.2.3", "v1 2")...), `-version "v1 2"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, run(test.args), test.want)
		})
	}
	require.NoDirExists(t, filepath.Join(in.dir, "x"))
}

func replaced(list []string, old, with string) []string {
	for i := range list {
		if list[i] == old {
			list[i] = with
		}
	}
	return list
}
