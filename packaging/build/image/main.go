// Command image packs static builds of sparkpipe into an OCI image: an index with
// one image for each architecture, made from nothing but the program, the
// certificates of public authorities, the time zones and a user who is not root. It asks
// no registry and no daemon, and makes the same bytes from the same input.
//
//	image -out build/image -tar build/sparkpipe-image.tar \
//		-license LICENSE -zoneinfo $(go env GOROOT)/lib/time/zoneinfo.zip \
//		-version v1.2.3 -revision 0123abc -created 1767225600 \
//		amd64=build/image-bin/amd64/sparkpipe arm64=build/image-bin/arm64/sparkpipe
package main

import (
	"archive/zip"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

var tag = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	out := flags.String("out", "", "folder for the image as an OCI layout; it is replaced")
	archive := flags.String("tar", "", "file for the same as one archive")
	license := flags.String("license", "", "file with the license")
	zones := flags.String("zoneinfo", "", "zip file with the time zones, as Go has it in lib/time")
	created := flags.Int64("created", 0, "time of everything in the image, in seconds since 1970")
	var s spec
	flags.StringVar(&s.version, "version", "", "version of the program")
	flags.StringVar(&s.revision, "revision", "", "commit of the program")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || *archive == "" || *license == "" || *zones == "" || s.version == "" || flags.NArg() == 0 {
		return errors.New("want -out, -tar, -license, -zoneinfo, -version and at least one ARCHITECTURE=PROGRAM")
	}
	if !tag.MatchString(s.version) {
		return fmt.Errorf("-version %q: want what may stand behind the colon of an image's name", s.version)
	}
	s.created = time.Unix(*created, 0).UTC()
	text, err := os.ReadFile(*license)
	if err != nil {
		return err
	}
	s.license = text
	if s.zones, err = zip.OpenReader(*zones); err != nil {
		return fmt.Errorf("open %s: %w", *zones, err)
	}
	defer func() { _ = s.zones.Close() }() // it was only read
	for _, arg := range flags.Args() {
		arch, file, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q: want ARCHITECTURE=PROGRAM", arg)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		s.builds = append(s.builds, build{arch, data})
	}
	slices.SortFunc(s.builds, func(a, b build) int { return strings.Compare(a.arch, b.arch) })
	return write(&s, *out, *archive)
}

// write makes the image and prints its digest.
func write(s *spec, out, archive string) error {
	index, images, err := s.index()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	path, err := layout.Write(out, empty.Index)
	if err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	name := map[string]string{"org.opencontainers.image.ref.name": s.name()}
	if err := path.AppendIndex(index, layout.WithAnnotations(name)); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return err
	}
	if err := writeArchive(archive, out, s, images[0]); err != nil {
		return fmt.Errorf("write %s: %w", archive, err)
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Println(digest)
	return nil
}
