package audit

import (
	_ "embed"
	"slices"
)

//go:embed schema/event.v1.json
var eventSchema []byte

// Schema returns the JSON Schema (draft 2020-12) of one line of an audit log.
// Within a version keys may be added.
func Schema() []byte { return slices.Clone(eventSchema) }
