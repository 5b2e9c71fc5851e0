package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// entry is a file of a layer or, when its name ends with a slash, a folder.
type entry struct {
	name  string
	mode  int64
	owner int
	data  []byte
}

// layer packs entries, in their order, with the folders above them before them.
func (s *spec) layer(entries []entry) (v1.Layer, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	written := map[string]bool{}
	for _, e := range entries {
		for i, c := range e.name[1:] {
			if folder := e.name[:i+2]; c == '/' && folder != e.name && !written[folder] {
				written[folder] = true
				if err := s.add(w, entry{name: folder, mode: 0o755}); err != nil {
					return nil, err
				}
			}
		}
		if err := s.add(w, e); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression))
}

func (s *spec) add(w *tar.Writer, e entry) error {
	header := &tar.Header{
		Name: e.name[1:], Mode: e.mode, Uid: e.owner, Gid: e.owner, Size: int64(len(e.data)),
		ModTime: s.created, Typeflag: tar.TypeReg, Format: tar.FormatPAX,
	}
	if strings.HasSuffix(e.name, "/") {
		header.Typeflag = tar.TypeDir
	}
	if err := w.WriteHeader(header); err != nil {
		return fmt.Errorf("pack %s: %w", e.name, err)
	}
	_, err := w.Write(e.data)
	return err
}

// baseLayer has everything but the program.
func (s *spec) baseLayer() (v1.Layer, error) {
	passwd := fmt.Sprintf("root:x:0:0:root:/:/sbin/nologin\nsparkpipe:x:%d:%[1]d:sparkpipe:%s:/sbin/nologin\n", user, home)
	group := fmt.Sprintf("root:x:0:\nsparkpipe:x:%d:\n", user)
	zones, err := s.zoneFiles()
	if err != nil {
		return nil, err
	}
	return s.layer(append([]entry{
		{name: "/etc/group", mode: 0o644, data: []byte(group)},
		{name: "/etc/passwd", mode: 0o644, data: []byte(passwd)},
		{name: "/etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: authorities()},
		{name: home + "/", mode: 0o750, owner: user},
		{name: "/tmp/", mode: 0o1777},
		{name: "/usr/share/doc/sparkpipe/LICENSE", mode: 0o644, data: s.license},
	}, zones...))
}

// zoneFiles are the time zones where Go looks for them, so that the program is the
// one that runs elsewhere and not one with the zones in it.
func (s *spec) zoneFiles() ([]entry, error) {
	var out []entry
	for _, f := range s.zones.File {
		if f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("time zone %s: %w", f.Name, err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("time zone %s: %w", f.Name, err)
		}
		out = append(out, entry{name: "/usr/share/zoneinfo/" + f.Name, mode: 0o644, data: data})
	}
	slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// authorities are the certificates that Mozilla trusts, in the version of the
// module that has them. One that is trusted with a condition is left out, since the
// file cannot say the condition.
func authorities() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}
