package streaming

import (
	"fmt"
	"os"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// fileFormats are those that Spark streams as files; avro wants its jar.
var fileFormats = []string{"parquet", "json", "csv", "orc", "text", "avro", "xml"}

// parseSchema reads a schema as DDL or in Spark's JSON form and returns it as it
// is sent.
func parseSchema(text string) (string, error) {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{") {
		if _, err := schema.Parse(text); err != nil {
			return "", err
		}
		return text, nil
	}
	def, err := schema.ParseJSON([]byte(trimmed))
	if err != nil {
		return "", err
	}
	data, err := def.JSON()
	return string(data), err
}

// readSchemaFile reads a schema from a file of this machine.
func readSchemaFile(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text, err := parseSchema(string(data))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}
