package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// dockerManifest is the one element of manifest.json, by which programs that do
// not read OCI layouts find an image in an archive.
type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// writeArchive packs an OCI layout into a file. Whoever reads only what "docker
// save" wrote before it wrote layouts finds the image first.
func writeArchive(file, layout string, s *spec, first v1.Image) (err error) {
	manifest, err := s.manifestOf(first)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := tar.NewWriter(f)
	// In lexical order, so that the same layout makes the same archive.
	err = filepath.WalkDir(layout, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(layout, path)
		if err != nil {
			return err
		}
		return s.addFile(w, filepath.ToSlash(name), path)
	})
	if err != nil {
		return err
	}
	if err := s.add(w, entry{name: "/manifest.json", mode: 0o644, data: manifest}); err != nil {
		return err
	}
	return w.Close()
}

func (s *spec) addFile(w *tar.Writer, name, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return s.add(w, entry{name: "/" + name, mode: 0o644, data: data})
}

func (s *spec) manifestOf(image v1.Image) ([]byte, error) {
	m, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	blob := func(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }
	out := dockerManifest{Config: blob(m.Config.Digest), RepoTags: []string{s.name()}}
	for _, layer := range m.Layers {
		out.Layers = append(out.Layers, blob(layer.Digest))
	}
	return json.Marshal([]dockerManifest{out})
}
