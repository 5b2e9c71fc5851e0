package config

import (
	"path/filepath"
	"strings"
)

// Format is the language of a configuration file.
type Format uint8

// The formats. All three have the same keys and rules.
const (
	FormatHOCON Format = iota
	FormatYAML
	FormatJSON
)

// knownSuffixes names the suffixes of file names for messages.
const knownSuffixes = ".conf or .hocon (HOCON), .yaml or .yml (YAML), .json (JSON)"

// String is the name of the format.
func (f Format) String() string {
	switch f {
	case FormatHOCON:
		return "HOCON"
	case FormatYAML:
		return "YAML"
	case FormatJSON:
		return "JSON"
	}
	return "unknown format"
}

// FormatOf returns the format that the suffix of a file name stands for: .conf
// and .hocon, .yaml and .yml, .json, regardless of case.
func FormatOf(path string) (Format, bool) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".conf", ".hocon":
		return FormatHOCON, true
	case ".yaml", ".yml":
		return FormatYAML, true
	case ".json":
		return FormatJSON, true
	}
	return 0, false
}
