package sqltext

import "strings"

// Statement is what [Parse] finds out about one text of Spark SQL.
type Statement struct {
	// Query says that the text is provably one query and nothing else, and that
	// nothing in it acts while it is only analysed.
	Query bool
	// Reason says why it is not, in words for an error message: "it is a DROP
	// statement". It is empty for a query.
	Reason string
	// Verb is the first keyword of the main statement in upper case: SELECT,
	// VALUES, TABLE, FROM, MAP or REDUCE for a query, also behind WITH and in
	// brackets, and INSERT, CREATE and so on. A FROM that heads an INSERT is
	// INSERT. It is empty when the text has none.
	Verb string
	// Reads are the tables, views and paths that are read, each once, in the order
	// in which they appear. What UPDATE, DELETE and MERGE change is not among
	// them, unless a query reads it too.
	Reads []Name
	// Writes are the tables, views and folders that are made, changed or dropped.
	Writes []Target
	// Complete says that Reads and Writes are all that there are, save what the
	// definitions of permanent views and functions hold. It is false for
	// statements that are not understood, names that come from markers, and table
	// functions that are not Spark's own.
	Complete bool
	// Repeatable says that a second run of the statement either leaves the same
	// data as the first or is refused and changes nothing. See [Parse] for what
	// counts as that.
	Repeatable bool
}

// Target is what a statement makes, changes or drops.
type Target struct {
	// Name is the name of a table or view; it is nil for a folder. A global
	// temporary view has the name "global_temp." and its own.
	Name Name
	// Folder is the folder that is written, as it stands in the statement.
	Folder string
	// View says that it is certainly a temporary view. One that is dropped or
	// altered may be one although View is false.
	View bool
}

// Name is the parts of a name, without quotes: catalog, database and table for
// example.
type Name []string

// String returns the parts with dots between them. A part that holds more than
// letters, digits and underscores stands in backquotes.
func (n Name) String() string {
	var out strings.Builder
	for i, part := range n {
		if i > 0 {
			out.WriteByte('.')
		}
		if isPlain(part) {
			out.WriteString(part)
			continue
		}
		out.WriteByte('`')
		out.WriteString(strings.ReplaceAll(part, "`", "``"))
		out.WriteByte('`')
	}
	return out.String()
}

// isPlain reports whether a part needs no backquotes.
func isPlain(part string) bool {
	for i := range len(part) {
		c := part[i]
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return part != ""
}

// formats are the data sources whose name can stand before a path.
var formats = map[string]bool{
	"parquet": true, "csv": true, "json": true, "orc": true, "text": true, "avro": true, "xml": true,
	"delta": true, "iceberg": true, "hudi": true, "binaryfile": true,
}

// Path returns the path of a name such as parquet.`/a/b`: two parts, of which
// the second holds a slash, or the first is a format of files and the second
// cannot be a plain name. The first is empty for a path that stands by itself. It
// reports false for the name of a table.
func (n Name) Path() (string, bool) {
	if len(n) != 2 {
		return "", false
	}
	if strings.Contains(n[1], "/") || n[0] == "" || formats[Fold(n[0])] && !isPlain(n[1]) {
		return n[1], true
	}
	return "", false
}

// covers reports whether two names can be the same: one ends with the other.
func (n Name) covers(other Name) bool {
	for i := 1; i <= min(len(n), len(other)); i++ {
		if !strings.EqualFold(n[len(n)-i], other[len(other)-i]) {
			return false
		}
	}
	return true
}

// ParseName reads a name with its parts, such as db.`a b`. It is nil when the
// text is none.
func ParseName(text string) Name {
	tokens, fault := tokenize(text)
	if fault != "" || len(tokens)%2 == 0 {
		return nil
	}
	var name Name
	for i, t := range tokens {
		switch {
		case i%2 == 1 && t.key != ".", i%2 == 0 && t.kind != kindWord && t.kind != kindQuoted:
			return nil
		case i%2 == 0:
			name = append(name, t.text)
		}
	}
	return name
}
