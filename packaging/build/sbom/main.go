// Command sbom prints the parts of a Go program as a bill of materials in the
// form of CycloneDX: the modules with their versions and checksums, and Go, all of
// which the build has written into the program.
//
//	sbom -o sparkpipe.cdx.json sparkpipe
package main

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	out := flags.String("o", "", "file to write (default standard output)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("want one program")
	}
	info, err := buildinfo.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bill(info)); err != nil {
		return fmt.Errorf("encode the parts of %s: %w", flags.Arg(0), err)
	}
	if *out != "" {
		return os.WriteFile(*out, text.Bytes(), 0o644)
	}
	_, err = stdout.Write(text.Bytes())
	return err
}

// bill lists the parts. It has no serial number and the time of the commit, so that
// the same program always has the same.
func bill(info *buildinfo.BuildInfo) *cdx.BOM {
	program := part(&info.Main, cdx.ComponentTypeApplication)
	if program.Name == "" {
		program.Name = info.Path
	}
	properties := []cdx.Property{}
	timestamp := ""
	for _, setting := range info.Settings {
		switch setting.Key {
		case "GOOS", "GOARCH", "CGO_ENABLED", "vcs.revision", "vcs.modified":
			properties = append(properties, cdx.Property{Name: "go:build:" + setting.Key, Value: setting.Value})
		case "vcs.time":
			timestamp = setting.Value
		}
	}
	program.Properties = &properties
	parts := []cdx.Component{part(&debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}, cdx.ComponentTypeLibrary)}
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		parts = append(parts, part(dep, cdx.ComponentTypeLibrary))
	}
	refs := make([]string, len(parts))
	for i := range parts {
		refs[i] = parts[i].BOMRef
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: timestamp, Component: &program}
	bom.Components = &parts
	bom.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &refs}}
	return bom
}

func part(m *debug.Module, kind cdx.ComponentType) cdx.Component {
	purl := "pkg:golang/" + path.Join(pathParts(m.Path)...)
	if m.Version != "" && m.Version != "(devel)" {
		purl += "@" + url.QueryEscape(m.Version)
	}
	c := cdx.Component{BOMRef: purl, Type: kind, Name: m.Path, Version: m.Version, PackageURL: purl}
	if m.Sum != "" {
		c.Properties = &[]cdx.Property{{Name: "go:sum", Value: m.Sum}}
	}
	return c
}

// pathParts are the parts of a module path, fit for an URL.
func pathParts(path string) []string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return parts
}
