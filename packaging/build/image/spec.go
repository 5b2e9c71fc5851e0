package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// user is the number of the image's user and of its group. Kubernetes knows from a
	// number that it is not root.
	user = 65532
	home = "/home/sparkpipe"
	// program is where the program stands in the image.
	program = "/usr/bin/sparkpipe"
)

// spec is what an image is made of.
type spec struct {
	version, revision string
	// created is the time of every file and of the image.
	created time.Time
	license []byte
	zones   *zip.ReadCloser
	builds  []build
}

// name is what the image is called where it is loaded.
func (s *spec) name() string { return "sparkpipe:" + s.version }

// build is the program for one architecture.
type build struct {
	arch string
	file []byte
}

// machines are the architectures, as ELF files name them.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// index makes the image; images has those of the architectures, in the order of
// builds.
func (s *spec) index() (index v1.ImageIndex, images []v1.Image, err error) {
	base, err := s.baseLayer()
	if err != nil {
		return nil, nil, err
	}
	index = mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range s.builds {
		if err := b.check(); err != nil {
			return nil, nil, err
		}
		image, err := s.image(b, base)
		if err != nil {
			return nil, nil, fmt.Errorf("image for %s: %w", b.arch, err)
		}
		images = append(images, image)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: b.arch}},
		})
	}
	annotated, ok := mutate.Annotations(index, s.labels()).(v1.ImageIndex)
	if !ok {
		return nil, nil, fmt.Errorf("the index with annotations is a %T", annotated)
	}
	return annotated, images, nil
}

// image makes the image of one architecture. The layer of the program comes last:
// the other one stays the same from version to version.
func (s *spec) image(b build, base v1.Layer) (v1.Image, error) {
	top, err := s.layer([]entry{{name: program, mode: 0o755, data: b.file}})
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: s.created}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		Architecture: b.arch, OS: "linux", Created: created,
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}},
		Config: v1.Config{
			User:       fmt.Sprintf("%d:%d", user, user),
			Entrypoint: []string{program},
			Env:        []string{"HOME=" + home, "PATH=/usr/bin"},
			WorkingDir: home,
			Labels:     s.labels(),
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(image,
		mutate.Addendum{Layer: base, History: v1.History{Created: created, CreatedBy: "certificates, user, folders"}},
		mutate.Addendum{Layer: top, History: v1.History{Created: created, CreatedBy: "sparkpipe " + s.version}},
	)
}

// labels say what the image is, in the words of the OCI.
func (s *spec) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":       "sparkpipe",
		"org.opencontainers.image.description": "Runs data pipelines on Apache Spark over Spark Connect",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     s.version,
		"org.opencontainers.image.created":     s.created.Format(time.RFC3339),
	}
	if s.revision != "" {
		labels["org.opencontainers.image.revision"] = s.revision
	}
	return labels
}

// check refuses what would not run in the image: a program for something else, or
// one that asks for a dynamic linker, of which there is none.
func (b build) check() error {
	machine, ok := machines[b.arch]
	if !ok {
		return fmt.Errorf("architecture %q: want amd64 or arm64", b.arch)
	}
	file, err := elf.NewFile(bytes.NewReader(b.file))
	if err != nil {
		return fmt.Errorf("program for %s: %w", b.arch, err)
	}
	if file.Machine != machine {
		return fmt.Errorf("program for %s: it is one for %s", b.arch, file.Machine)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return fmt.Errorf("program for %s: it is not static; build it with CGO_ENABLED=0", b.arch)
		}
	}
	return nil
}
