package config_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// migrateNode is a value of a generated file.
type migrateNode struct {
	fields []migrateField
	items  []*migrateNode
	list   bool
	// text is a text, raw anything that stands without quotes.
	text, raw string
}

type migrateField struct {
	key   string
	value *migrateNode
}

func (n *migrateNode) scalar() bool { return n.fields == nil && !n.list }

// migrateMaker makes files of the older forms.
type migrateMaker struct {
	*rand.Rand
	kebab bool
}

func (g *migrateMaker) chance(percent int) bool { return g.IntN(100) < percent }

func (g *migrateMaker) text(words ...string) *migrateNode {
	return &migrateNode{text: words[g.IntN(len(words))]}
}

func (g *migrateMaker) raw(words ...string) *migrateNode {
	return &migrateNode{raw: words[g.IntN(len(words))]}
}

func (g *migrateMaker) key(key string) string {
	if g.kebab || g.chance(15) {
		return strings.ReplaceAll(key, "_", "-")
	}
	return key
}

// block makes a block of the fields that are not nil, in any order.
func (g *migrateMaker) block(pairs ...any) *migrateNode {
	n := &migrateNode{fields: []migrateField{}}
	for i := 0; i < len(pairs); i += 2 {
		if value, _ := pairs[i+1].(*migrateNode); value != nil {
			n.fields = append(n.fields, migrateField{g.key(pairs[i].(string)), value})
		}
	}
	g.Shuffle(len(n.fields), func(i, j int) { n.fields[i], n.fields[j] = n.fields[j], n.fields[i] })
	return n
}

// maybe drops a value.
func (g *migrateMaker) maybe(n *migrateNode) *migrateNode {
	if g.chance(50) {
		return nil
	}
	return n
}

// free makes a map with keys that somebody chose.
func (g *migrateMaker) free() *migrateNode {
	n := &migrateNode{fields: []migrateField{}}
	for i := range 1 + g.IntN(3) {
		key := fmt.Sprintf("spark.x%d.a-b", i)
		n.fields = append(n.fields, migrateField{key, g.text("1", "a: b", "# no comment", "class_path", "{", "}", "é-ü", "it's")})
	}
	return n
}

func (g *migrateMaker) retry(elder bool) *migrateNode {
	if elder {
		return g.block("max_retries", g.maybe(g.raw("1", "5")), "initial_delay_ms", g.raw("10", "500"),
			"backoff_multiplier", g.maybe(g.raw("1.5")), "jitter_factor", g.maybe(g.raw("0.1")),
			"retryable_exceptions", g.maybe(&migrateNode{list: true, items: []*migrateNode{g.text("java.io.IOException")}}))
	}
	return g.block("max_attempts", g.raw("1", "${?TRIES}", "7"), "initial_delay_seconds", g.maybe(g.raw("0.5", "2")),
		"retry_on_exceptions", g.maybe(&migrateNode{list: true, items: []*migrateNode{g.text("TimeoutError", "Exception")}}))
}

func (g *migrateMaker) breaker(elder bool) *migrateNode {
	if elder {
		return g.block("failure_threshold", g.raw("3"), "reset_timeout_ms", g.maybe(g.raw("1000")), "half_open_success_threshold", g.maybe(g.raw("2")))
	}
	return g.block("failure_threshold", g.raw("3", "9"), "timeout_seconds", g.maybe(g.raw("30")))
}

func (g *migrateMaker) config() *migrateNode {
	return g.block("sql", g.text("SELECT 1", "SELECT *\nFROM a\n  WHERE x = 'y'\n\nLIMIT 3\n", `SELECT "q", '}' -- # no`, "SELECT a -- pipeline {"),
		"output_view", g.text("v", "w-x"))
}

func (g *migrateMaker) classPath() *migrateNode {
	return g.text("pyspark_pipeline_framework.examples.batch.SqlTransform", "com.acme.MyJob", "x.SqlTransform", "sql", "com.acme.SqlTransform")
}

// seed makes a file of pyspark-pipeline-framework.
func (g *migrateMaker) seed() *migrateNode {
	list := &migrateNode{list: true}
	for i := range 1 + g.IntN(3) {
		var deps *migrateNode
		if i > 0 {
			deps = &migrateNode{list: true, items: []*migrateNode{{text: fmt.Sprint("c", i-1)}}}
		}
		c := g.block("name", g.text(fmt.Sprint("c", i)), "class_path", g.classPath(), "component_type", g.text("source", "sink"),
			"config", g.config(), "depends_on", g.maybe(deps), "enabled", g.maybe(g.raw("true", "false")))
		if g.chance(30) {
			c.fields = append(c.fields, migrateField{"resilience", g.block("retry", g.retry(false), "circuit_breaker", g.maybe(g.breaker(false)))})
		} else if g.chance(40) {
			c.fields = append(c.fields, migrateField{"retry", g.retry(false)})
		}
		list.items = append(list.items, c)
	}
	spark := g.block("app_name", g.text("an app"), "master", g.maybe(g.text("local[2]")), "connect_string", g.maybe(g.text("sc://h:15002", "sc://${?HOST}")),
		"driver_memory", g.maybe(g.text("2g")), "dynamic_allocation", g.maybe(g.raw("true")), "spark_conf", g.maybe(g.free()))
	return g.block("name", g.text("p", "p ${?ENV}"), "version", g.text("1.0.0"), "environment", g.maybe(g.text("dev", "prod")),
		"mode", g.maybe(g.text("batch")), "tags", g.maybe(g.free()), "spark", spark, "components", list,
		"hooks", g.maybe(g.block("logging", g.block("level", g.text("INFO"), "format", g.text("json")))),
		"x-base", g.maybe(g.block("class_path", g.text("kept"), "a-b", g.text("kept"))))
}

// elder makes a file of the elder of the two.
func (g *migrateMaker) elder() *migrateNode {
	g.kebab = true
	list := &migrateNode{list: true}
	for i := range 1 + g.IntN(3) {
		c := g.block("instance_name", g.text(fmt.Sprint("c", i)), "instance_type", g.classPath(), "instance_config", g.config())
		if g.chance(40) {
			c.fields = append(c.fields, migrateField{"retry-policy", g.retry(true)})
		}
		list.items = append(list.items, c)
	}
	var off *migrateNode
	if g.chance(20) {
		off = g.block("enabled", g.raw("false"), "strict", g.raw("true"))
	}
	var retry, breaker *migrateNode
	if g.chance(25) {
		retry = g.retry(true)
	}
	if g.chance(25) {
		breaker = g.breaker(true)
	}
	block := g.block("pipeline_name", g.text("p", "p ${?ENV}"), "pipeline_components", list, "fail_fast", g.maybe(g.raw("true", "false")),
		"retry_policy", retry, "circuit_breaker", breaker, "schema_validation", off,
		"checkpoint", g.maybe(g.block("enabled", g.maybe(g.raw("true", "false")), "location", g.text("/tmp/x"), "auto_resume", g.maybe(g.raw("true")))))
	return g.block("spark", g.maybe(g.block("app_name", g.text("an app"), "connect_string", g.text("sc://h:15002"), "config", g.maybe(g.free()))),
		"pipeline", block, "tags", g.maybe(g.free()))
}

// everest makes a file of pyspark-framework-everest.
func (g *migrateMaker) everest() *migrateNode {
	sources, list := &migrateNode{fields: []migrateField{}}, &migrateNode{list: true}
	for i := range 1 + g.IntN(2) {
		sources.fields = append(sources.fields, migrateField{fmt.Sprint("s-", i), g.block("type", g.text("bigquery", "csv"),
			"alias", g.maybe(g.text(fmt.Sprint("view", i))), "table", g.text("a.b"))})
		list.items = append(list.items, g.block("name", g.maybe(g.text("q", "r")), "query", g.text("SELECT 1", "SELECT *\nFROM `a`\n"),
			"target", g.block("type", g.text("csv", "parquet"), "path", g.text("/x"), "mode", g.maybe(g.text("append")))))
	}
	return g.block("app_name", g.text("an app", "app ${?ENV}"), "name", g.rarely(g.text("p")), "spark_conf", g.maybe(g.free()),
		"spark", g.rarely(g.block("master", g.text("local"))), "sources", sources, "sequences", list)
}

func (g *migrateMaker) rarely(n *migrateNode) *migrateNode {
	if g.chance(80) {
		return nil
	}
	return n
}

// comment ends a line with a comment, perhaps.
func (g *migrateMaker) comment() string {
	if g.chance(15) {
		return "  # class_path: { not a key ]\n"
	}
	return "\n"
}

// json writes a value; with style 0 in one line.
func (g *migrateMaker) json(n *migrateNode, indent string) string {
	deeper := indent + "  "
	br, end := "\n"+deeper, "\n"+indent
	if g.chance(20) {
		br, end = "", ""
	}
	switch {
	case n.raw != "" && strings.Contains(n.raw, "$"):
		return strconv.Quote(n.raw)
	case n.raw != "":
		return n.raw
	case n.scalar():
		return strconv.Quote(n.text)
	}
	var parts []string
	for _, item := range n.items {
		parts = append(parts, br+g.json(item, deeper))
	}
	for _, f := range n.fields {
		parts = append(parts, br+strconv.Quote(f.key)+[]string{":", ": ", " : "}[g.IntN(3)]+g.json(f.value, deeper))
	}
	if n.list {
		return "[" + strings.Join(parts, ",") + end + "]"
	}
	return "{" + strings.Join(parts, ", ") + end + "}"
}

// yaml writes a value behind its key or dash, from the end of that on.
func (g *migrateMaker) yaml(n *migrateNode, indent string) string {
	switch {
	case n.raw != "":
		return " " + n.raw + g.comment()
	case n.scalar() && strings.Contains(n.text, "\n"):
		return " |\n" + indent + "  " + strings.TrimRight(strings.ReplaceAll(n.text, "\n", "\n"+indent+"  "), " \n") + "\n"
	case n.scalar() && g.chance(50) && !strings.ContainsAny(n.text, "#{}:'\"[],`$*&%@"):
		return " " + n.text + g.comment()
	case n.scalar() && g.chance(50):
		return " '" + strings.ReplaceAll(n.text, "'", "''") + "'" + g.comment()
	case n.scalar():
		return " " + strconv.Quote(n.text) + g.comment()
	case g.chance(10):
		return " " + strings.ReplaceAll(g.json(n, indent+"  "), "\n", "\n ") + "\n"
	}
	var b strings.Builder
	b.WriteString(g.comment())
	deeper := indent + strings.Repeat(" ", 1+g.IntN(4))
	for _, item := range n.items {
		b.WriteString(deeper + "-" + g.yamlItem(item, deeper))
	}
	for _, f := range n.fields {
		b.WriteString(deeper + g.yamlKey(f.key) + ":" + g.yaml(f.value, deeper))
	}
	return b.String()
}

func (g *migrateMaker) yamlKey(key string) string {
	return []string{key, key, key, "'" + key + "'", strconv.Quote(key)}[g.IntN(5)]
}

func (g *migrateMaker) yamlItem(n *migrateNode, indent string) string {
	if n.scalar() || g.chance(30) {
		return g.yaml(n, indent)
	}
	var b strings.Builder
	for i, f := range n.fields {
		lead := indent + "  "
		if i == 0 {
			lead = " "
		}
		b.WriteString(lead + g.yamlKey(f.key) + ":" + g.yaml(f.value, indent+"  "))
	}
	return b.String()
}

func (g *migrateMaker) yamlRoot(n *migrateNode) string {
	var b strings.Builder
	for _, f := range n.fields {
		if g.chance(20) {
			b.WriteString("# pipeline:\n\n")
		}
		b.WriteString(g.yamlKey(f.key) + ":" + g.yaml(f.value, ""))
	}
	return b.String()
}

// hocon writes a value behind its separator.
func (g *migrateMaker) hocon(n *migrateNode, indent string) string {
	switch {
	case n.raw != "":
		return n.raw
	case n.scalar() && strings.Contains(n.text, "${?"):
		before, after, _ := strings.Cut(n.text, "${?")
		name, rest, _ := strings.Cut(after, "}")
		return strconv.Quote(before) + "${?" + name + "}" + strconv.Quote(rest)
	case n.scalar() && strings.Contains(n.text, "\n"):
		return `"""` + n.text + `"""`
	case n.scalar() && g.chance(40) && !strings.ContainsAny(n.text, "#{}:'\"[],`$*&%@=/+"):
		return n.text
	case n.scalar():
		return strconv.Quote(n.text)
	case n.list:
		var parts []string
		for _, item := range n.items {
			parts = append(parts, g.hocon(item, indent+"  "))
		}
		return "[ " + strings.Join(parts, []string{", ", ",\n" + indent, " # ] \n" + indent}[g.IntN(3)]) + " ]"
	}
	return "{" + g.hoconMembers(n, indent+"  ", g.chance(20)) + "}"
}

// hoconMembers writes the members of a block.
func (g *migrateMaker) hoconMembers(n *migrateNode, indent string, line bool) string {
	var b strings.Builder
	if !line {
		b.WriteString(g.comment())
	}
	for i, f := range n.fields {
		if !line {
			b.WriteString(indent)
		}
		b.WriteString(g.hoconMember(f, indent))
		switch {
		case line && i < len(n.fields)-1:
			b.WriteString(", ")
		case !line && g.chance(20):
			b.WriteString("," + g.comment())
		case !line:
			b.WriteString(g.comment())
		}
	}
	return b.String()
}

func (g *migrateMaker) hoconMember(f migrateField, indent string) string {
	key := f.key
	if strings.Contains(key, ".") || g.chance(20) {
		key = strconv.Quote(key)
	}
	if !f.value.scalar() && !f.value.list {
		if len(f.value.fields) == 1 && g.chance(40) {
			return key + "." + g.hoconMember(f.value.fields[0], indent)
		}
		return key + []string{" ", "", ": ", " = ", "\n" + indent}[g.IntN(5)] + g.hocon(f.value, indent)
	}
	return key + []string{": ", "=", " = ", " =\n  "}[g.IntN(4)] + g.hocon(f.value, indent)
}

func (g *migrateMaker) hoconRoot(n *migrateNode) string {
	if g.chance(30) {
		return "# {\n{" + g.hoconMembers(n, " ", g.chance(10)) + "}\n"
	}
	text := g.hoconMembers(n, "", false)
	// A member of a block may stand outside of it, as a path.
	if g.chance(20) {
		text += "\n\nspark.spark_conf.\"spark.more\" = 1 // { \n"
	}
	return text
}
