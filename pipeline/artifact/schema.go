package artifact

import (
	_ "embed"
	"slices"
)

// The newest versions of the documents.
const (
	RunResultsVersion = 1
	ManifestVersion   = 1
)

// The values of the key kind.
const (
	KindRunResults = "run_results"
	KindManifest   = "manifest"
)

var (
	//go:embed schema/run_results.v1.json
	runResultsSchema []byte
	//go:embed schema/manifest.v1.json
	manifestSchema []byte
)

// RunResultsSchema returns the JSON Schema of [RunResults].
func RunResultsSchema() []byte { return slices.Clone(runResultsSchema) }

// ManifestSchema returns the JSON Schema of [Manifest].
func ManifestSchema() []byte { return slices.Clone(manifestSchema) }
