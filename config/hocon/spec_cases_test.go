package hocon_test

// specCase is a document and what it must come to, in the oracle's form: "s:",
// "n:" and "b:" mark strings, numbers and booleans, whose text counts.
type specCase struct {
	document
	want string
	// fault is a part of the expected error; want is empty then.
	fault string
	// ours marks a case in which we differ from the oracle on purpose: text
	// beside an array is refused instead of dropped, what the oracle's parser is
	// too limited for works, and definitions that are replaced are not looked
	// at.
	ours bool
}

func (c specCase) deliberate() specCase {
	c.ours = true
	return c
}

func ok(name, main, want string) specCase {
	return specCase{document: document{name: name, main: main}, want: want}
}

func bad(name, main, fault string) specCase {
	return specCase{document: document{name: name, main: main}, fault: fault}
}

func (c specCase) with(name, text string) specCase {
	files := map[string]string{name: text}
	for k, v := range c.files {
		files[k] = v
	}
	c.files = files
	return c
}

var specCases = []specCase{
	ok("comments # and //", "# one\na = 1 # two\n// three\nb = 2 // four\n", `{"a":"n:1","b":"n:2"}`),
	ok("# and // inside quoted string", `a = "x # y // z"`, `{"a":"s:x # y // z"}`),
	ok("omit root braces, : and = and none", "a : 1\nb = 2\nc { d = 3 }", `{"a":"n:1","b":"n:2","c":{"d":"n:3"}}`),
	ok("JSON superset", `{"a": "s\n\u00e9\ud83d\ude00\/", "b": [1, 2.5, true, null], "c": {"d": {}}}`,
		`{"a":"s:s\né😀/","b":["n:1","n:2.5","b:true",null],"c":{"d":{}}}`),
	ok("nested dotted keys", "a.b.c = 1\na.b.d = 2", `{"a":{"b":{"c":"n:1","d":"n:2"}}}`),
	ok("quoted key with dot", `"a.b".c = 1`, `{"a.b":{"c":"n:1"}}`),
	ok("hyphen keys", "max-attempts = 3\na-b.c-d = 4", `{"max-attempts":"n:3","a-b":{"c-d":"n:4"}}`),
	ok("object merge (dup keys)", "a { x = 1 }\na { y = 2 }", `{"a":{"x":"n:1","y":"n:2"}}`),
	ok("object merge keeps old", "a { x = 1, z { q = 1 } }\na { x = 2, z { r = 2 } }", `{"a":{"x":"n:2","z":{"q":"n:1","r":"n:2"}}}`),
	ok("inherit: b = ${a} { ... }", "a { x = 1 }\nb = ${a} { y = 2 }", `{"a":{"x":"n:1"},"b":{"x":"n:1","y":"n:2"}}`),
	ok("inherit override", "a { x = 1, y = 1 }\nb = ${a} { y = 2 }", `{"a":{"x":"n:1","y":"n:1"},"b":{"x":"n:1","y":"n:2"}}`),
	ok("substitution ${a.b}", "a.b = 1\nc = ${a.b}", `{"a":{"b":"n:1"},"c":"n:1"}`),
	ok("forward reference", "c = ${a.b}\na.b = 1", `{"a":{"b":"n:1"},"c":"n:1"}`),
	ok("late binding (override after use)", "a = 1\nb = ${a}\na = 2", `{"a":"n:2","b":"n:2"}`),
	ok("env ${VAR}", "a = ${HT_SET}", `{"a":"s:fromenv"}`),
	bad("env ${VAR} unset is an error", "a = ${HT_UNSET}", "main.conf:1:5: a: ${HT_UNSET} has no value: "+
		"set the environment variable HT_UNSET, define the key HT_UNSET, or write ${?HT_UNSET}"),
	ok("env ${?VAR} unset -> absent", "a = ${?HT_UNSET}\nb = 1", `{"b":"n:1"}`),
	ok("default then ${?VAR} unset keeps default", "a = x\na = ${?HT_UNSET}", `{"a":"s:x"}`),
	ok("default then ${?VAR} set overrides", "a = x\na = ${?HT_SET}", `{"a":"s:fromenv"}`),
	ok("nested default then ${?VAR} unset", "s { a = x\n a = ${?HT_UNSET} }", `{"s":{"a":"s:x"}}`),
	ok("ref of an overridable default", "a = x\na = ${?HT_SET}\nb = ${a}", `{"a":"s:fromenv","b":"s:fromenv"}`),
	ok("self append list = ${list} [..]", "l = [1]\nl = ${l} [2]", `{"l":["n:1","n:2"]}`),
	ok("self append +=", "l = [1]\nl += 2\nl += 3", `{"l":["n:1","n:2","n:3"]}`),
	ok("+= on nothing", "l += 1", `{"l":["n:1"]}`),
	ok("+= object element", "l = [{a = 1}]\nl += { a = 2 }", `{"l":[{"a":"n:1"},{"a":"n:2"}]}`),
	ok("string concat ${a}/x", `a = "s3a://bkt/"`+"\nb = ${a}x/y\nc = ${a}", `{"a":"s:s3a://bkt/","b":"s:s3a://bkt/x/y","c":"s:s3a://bkt/"}`),
	ok("unquoted concat words", "a = hello  big world  ", `{"a":"s:hello  big world"}`),
	ok("concat env in string", `a = "pre-"${HT_SET}"-post"`, `{"a":"s:pre-fromenv-post"}`),
	ok("self ref string path = ${path}:/b", "path = /a\npath = ${path}\":/b\"", `{"path":"s:/a:/b"}`),
	ok("triple quoted", `a = """x "y" z"""`, `{"a":"s:x \"y\" z"}`),
	ok("triple quoted SQL with # // {}", "sql = \"\"\"\nSELECT '#', '//', \"{}\" FROM t\n\"\"\"\nb = 1",
		`{"sql":"s:\nSELECT '#', '//', \"{}\" FROM t\n","b":"n:1"}`),
	ok("triple quoted ends with quote", `a = """x""""`, `{"a":"s:x\""}`),
	ok("triple quoted backslash raw", `a = """\d+\n"""`, `{"a":"s:\\d+\\n"}`),
	ok("triple quoted empty", `a = """"""`+"\nb = 1", `{"a":"s:","b":"n:1"}`),
	ok("array of objects multi-line", "a = [\n  { x = 1 }\n  {\n    x = 2\n  },\n  { x = 3 }\n]", `{"a":[{"x":"n:1"},{"x":"n:2"},{"x":"n:3"}]}`),
	ok("nested arrays", "a = [[1, 2], [], [[3]]]", `{"a":[["n:1","n:2"],[],[["n:3"]]]}`),
	ok("array elements by newline", "a = [\n1\n2\n\n3\n]", `{"a":["n:1","n:2","n:3"]}`),
	ok("array of subst", "x = 1\na = [${x}, ${?HT_UNSET}, ${HT_SET}]", `{"x":"n:1","a":["n:1","s:fromenv"]}`),
	ok("trailing commas", "a = [1, 2,],\nb { c = 1, },", `{"a":["n:1","n:2"],"b":{"c":"n:1"}}`),
	ok("duration 10s", "a = 10s", `{"a":"s:10s"}`),
	ok("duration 500 ms", "a = 500 ms", `{"a":"s:500 ms"}`),
	ok("duration 2 minutes", "a = 2 minutes", `{"a":"s:2 minutes"}`),
	ok("duration 1d", "a = 1d", `{"a":"s:1d"}`),
	ok(`duration quoted "30s"`, `a = "30s"`, `{"a":"s:30s"}`),
	ok(`include "inc.conf"`, "outer = 1\ninclude \"inc.conf\"\n", `{"outer":"n:1","x":"n:2"}`).with("inc.conf", "x = 2"),
	ok("include file(..)", "include file(\"DIR/inc.conf\")\n", `{"x":"n:2"}`).with("inc.conf", "x = 2"),
	bad("include required(file(..)) missing is an error", `include required(file("DIR/nope.conf"))`, "main.conf:1:1: required include"),
	ok("include missing is silently ignored", "include \"nope.conf\"\na = 1", `{"a":"n:1"}`),
	ok("include inside an object", "a { include \"inc.conf\"\n y = 3 }", `{"a":{"x":"n:2","y":"n:3"}}`).with("inc.conf", "x = 2"),
	ok("relativised subst in include", "a { include \"inc.conf\" }\nx = 9", `{"a":{"x":"n:2","y":"n:2"},"x":"n:9"}`).
		with("inc.conf", "x = 2\ny = ${x}"),
	ok("include subst to outer key", "outer = 1\ninclude \"inc.conf\"", `{"outer":"n:1","x":"n:1"}`).with("inc.conf", "x = ${outer}"),
	ok("override after include", "include \"inc.conf\"\nx = 3", `{"x":"n:3","y":"n:3"}`).with("inc.conf", "x = 2\ny = ${x}"),
	ok("null value", "a = null\nb = 1\nb = null", `{"a":null,"b":null}`),
	ok("bool yes/no stays string", "a = yes\nb = no\nc = true\nd = on", `{"a":"s:yes","b":"s:no","c":"b:true","d":"s:on"}`),
	ok("number int/float", "a = 1\nb = 1.50\nc = -2\nd = 1e3", `{"a":"n:1","b":"n:1.50","c":"n:-2","d":"n:1e3"}`),
	ok("long 9223372036854775807", "a = 9223372036854775807", `{"a":"n:9223372036854775807"}`),
	ok("leading zero string 00123", "a = 00123\nb = ${a}", `{"a":"n:00123","b":"n:00123"}`),
	ok("unquoted url with :// quoted", `a = "http://h:80/x?y=1"`, `{"a":"s:http://h:80/x?y=1"}`),
	bad("cycle is an error", "a = ${b}\nb = ${c}\nc = ${a}", "a -> b -> c -> a"),
	bad("syntax error is an error, not panic", "a = {{", "main.conf:1:6: expected a key, found \"{\""),
	bad("syntax error unclosed string", "a = 1\nb = \"xyz\nc = 2", "main.conf:2:5: string is not closed"),
	ok("dup key object<-scalar", "a = 1\na = { x = 1 }\nb { x = 1 }\nb = 2", `{"a":{"x":"n:1"},"b":"n:2"}`),
	ok("CRLF", "a = 1\r\nb = x y \r\nc {\r\n d = [1\r\n2]\r\n}\r\n", `{"a":"n:1","b":"s:x y","c":{"d":["n:1","n:2"]}}`),
	ok("UTF-8 BOM", "\ufeffa = 1", `{"a":"n:1"}`),
	ok("unicode value", "a = größe 漢字 😀\n\"é\" = 1", `{"a":"s:größe 漢字 😀","é":"n:1"}`),
}
