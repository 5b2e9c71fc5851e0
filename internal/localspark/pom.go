package localspark

import (
	_ "embed"
	"encoding/xml"
	"fmt"
	"strings"
	"text/template"
)

//go:embed pom.xml.tmpl
var pomTemplate string

// POM returns the Maven project whose dependencies are the Spark Connect
// server of the version and the given connector sets.
func POM(version string, connectorSets []string) ([]byte, error) {
	names := normalConnectors(connectorSets)
	if err := checkConnectors(version, names); err != nil {
		return nil, fmt.Errorf("write the Maven project: %w", err)
	}
	artifacts := []artifact{
		{Group: sparkGroup, Name: "spark-connect_2.13", Version: version},
		{Group: sparkGroup, Name: "spark-sql_2.13", Version: version},
	}
	for _, name := range releaseArtifacts(version) {
		artifacts = append(artifacts, artifact{Group: sparkGroup, Name: name, Version: version, Exclude: []string{anything}})
	}
	table := connectors()
	for _, name := range names {
		artifacts = append(artifacts, table[name].artifacts[version]...)
	}
	return pomOf(artifacts)
}

// pomFuncs are what the template calls.
func pomFuncs() template.FuncMap {
	return template.FuncMap{
		"xml":   escapeXML,
		"group": func(id string) string { group, _, _ := strings.Cut(id, ":"); return group },
		"name":  func(id string) string { _, name, _ := strings.Cut(id, ":"); return name },
	}
}

func escapeXML(text string) (string, error) {
	var out strings.Builder
	err := xml.EscapeText(&out, []byte(text))
	return out.String(), err
}
