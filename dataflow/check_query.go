package dataflow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// SQL gives a DataFrame of a text that is provably a query over what is known.
// Any other text is not analysed and never sent. Arguments are those of
// [Session.SQL]. It costs no round trip, except to make a table known.
func (s *CheckScope) SQL(ctx context.Context, query string, args ...any) (sql.DataFrame, error) {
	if err := s.readable(ctx, query); err != nil {
		return nil, err
	}
	rel, err := sqlRelation(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return s.Spark().relation(rel)
}

// Filter gives the rows for which a SQL condition holds. A text that is not
// provably an expression is not analysed and never sent.
func (s *CheckScope) Filter(ctx context.Context, df sql.DataFrame, condition string) (sql.DataFrame, error) {
	if condition == "" {
		return df, nil
	}
	// The line break ends a comment at the end of the condition.
	if err := s.readable(ctx, "SELECT ("+condition+"\n)"); err != nil {
		return nil, err
	}
	return df.FilterByString(ctx, condition)
}

// Table gives a DataFrame of a view or table: of its columns where a component
// before makes it, and of what the catalog has otherwise.
func (s *CheckScope) Table(ctx context.Context, name string, options map[string]string) (sql.DataFrame, error) {
	parts, err := splitName(name)
	if err == nil {
		if err := s.known(ctx, parts, true); err != nil {
			return nil, err
		}
		if m := s.checks.find(parts); m != nil {
			return s.frame(ctx, name, m)
		}
	}
	df, err := TableSource{Table: name, Options: options}.Load(ctx, s.Spark())
	if err != nil || !s.sample() {
		return df, err
	}
	return s.limited(ctx, df)
}

func (s *CheckScope) limited(ctx context.Context, df sql.DataFrame) (sql.DataFrame, error) {
	return df.Limit(ctx, clamp(s.checks.opts.Sample)), nil
}

// readable returns why a text cannot be sent, or nil.
func (s *CheckScope) readable(ctx context.Context, query string) error {
	stmt := sqltext.Parse(query)
	if !stmt.Query {
		return &NotAnalysedError{Reason: stmt.Reason, Suspect: isQueryVerb(stmt.Verb)}
	}
	if verb := statementWithin(query); verb != "" {
		return &NotAnalysedError{Reason: "it holds the statement " + verb + " in brackets", Suspect: true}
	}
	if !stmt.Complete {
		return s.mentions(ctx, sqltext.Words(query))
	}
	for _, name := range stmt.Reads {
		if err := s.known(ctx, name, false); err != nil {
			return err
		}
	}
	return nil
}

// changing are the first words of statements that no Spark takes in brackets
// today. They are not sent all the same: a parser may be plugged in.
var changing = []string{"INSERT", "DELETE", "UPDATE", "MERGE", "DROP", "TRUNCATE", "CREATE", "ALTER", "CALL", "EXECUTE", "SET"}

// statementWithin gives the first word of a statement that stands in brackets, or
// nothing. Brackets in quotes count too.
func statementWithin(query string) string {
	for at := range len(query) {
		if query[at] != '(' {
			continue
		}
		if verb := sqltext.FirstKeyword(query[at:]); slices.Contains(changing, verb) {
			return verb
		}
	}
	return ""
}

// scanned are the formats of which a query reads data to find the columns:
// SELECT * FROM json.`/path`.
var scanned = []string{"csv", "json", "xml"}

// known makes sure that a name stands for the same in the session of the check as
// it will in the run. It returns why it does not, or nil. whole says that the
// name is all there is and need not be a name for the session.
func (s *CheckScope) known(ctx context.Context, parts []string, whole bool) error {
	name := sqltext.Name(parts).String()
	if len(parts) == 1 {
		if err := s.checks.importView(ctx, parts[0]); err != nil {
			return err
		}
	}
	if path, ok := sqltext.Name(parts).Path(); ok {
		if err := s.unwritten(path); err != nil {
			return err
		}
	}
	m := s.checks.find(parts)
	switch {
	case m != nil && m.why != "":
		return notAnalysed("it reads %s, and %s", name, m.why)
	case m == nil && len(parts) == 2 && slices.Contains(scanned, strings.ToLower(parts[0])) && !s.Infer():
		return notAnalysed("Spark would read %s to find its columns; allow that, or read it with a schema", name)
	case m == nil && s.sample() && !whole:
		return s.sampled(ctx, parts)
	case m == nil || m.registered || whole:
		return nil
	}
	return s.shadow(ctx, parts, m)
}

// unwritten returns why files that a query names cannot be looked at, or nil.
func (s *CheckScope) unwritten(path string) error {
	key := pathKey(path)
	m := s.checks.findKey(key)
	if m == nil {
		m = s.checks.belowPath(key)
	}
	if m == nil {
		return nil
	}
	return notAnalysed("its query names the files that %s writes", label(m.by))
}

// shadow lets a query see a table or a global view that a component is going to
// make: as a view, when the name is a single one.
func (s *CheckScope) shadow(ctx context.Context, parts []string, m *madeData) error {
	name := sqltext.Name(parts).String()
	if len(parts) == 1 {
		df, err := s.frame(ctx, name, m)
		if err != nil {
			return err
		}
		if err := s.Spark().CreateTempView(ctx, df, parts[0]); err != nil {
			return err
		}
		s.checks.put(viewKey(parts...), m)
		return nil
	}
	if strings.EqualFold(parts[0], globalTemp) {
		return notAnalysed("it reads %s, which the check does not make, since all sessions would see it", name)
	}
	if !s.sample() {
		there, err := s.checks.target(ctx, parts)
		if err != nil {
			return err
		}
		if there.exists && sameColumns(there.def, m.def) {
			return nil
		}
	}
	return notAnalysed("it reads %s as %s is going to make it, and that is not there yet", name, label(m.by))
}

// sampled lets a query see the first rows of a table.
func (s *CheckScope) sampled(ctx context.Context, parts []string) error {
	name := sqltext.Name(parts).String()
	if len(parts) > 1 {
		return notAnalysed("its query reads %s as a whole; a component of the type read_table reads a sample of it", name)
	}
	df, err := TableSource{Table: QuoteName(parts...)}.Load(ctx, s.Spark())
	if err != nil {
		return err
	}
	if df, err = s.limited(ctx, df); err != nil {
		return err
	}
	if err := s.Spark().CreateTempView(ctx, df, parts[0]); err != nil {
		return err
	}
	s.checks.put(viewKey(parts...), &madeData{df: df, registered: true})
	return nil
}

// mentions is known for a text of which not every name is sure: it looks for
// names that stand anywhere.
func (s *CheckScope) mentions(ctx context.Context, words map[string]bool) error {
	if s.sample() {
		return notAnalysed("it is not sure which tables its query reads")
	}
	if !s.Infer() {
		for _, format := range scanned {
			if words[format] {
				return notAnalysed("Spark may read %s files to find their columns", format)
			}
		}
	}
	for _, view := range s.checks.outerViews() {
		if words[view] {
			if err := s.checks.importView(ctx, view); err != nil {
				return err
			}
		}
	}
	for _, name := range s.checks.unsafe(words) {
		return notAnalysed("it may read %s, which is not known here", name)
	}
	return nil
}

// outerViews are the views of the outer session that are not known yet.
func (c *CheckSession) outerViews() []string {
	c.importing.Lock()
	defer c.importing.Unlock()
	var views []string
	for view := range c.views {
		views = append(views, view)
	}
	slices.Sort(views)
	return views
}

// unsafe are the names of made data that the words can stand for and that are
// unknown or not in the session, sorted.
func (c *CheckSession) unsafe(words map[string]bool) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for key, m := range c.made {
		kind, name, _ := strings.Cut(key, " ")
		if kind == "path" || m.registered {
			continue
		}
		parts, err := splitName(name)
		if err == nil && words[parts[len(parts)-1]] {
			names = append(names, sqltext.Name(parts).String())
		}
	}
	slices.Sort(names)
	return names
}

// sameColumns reports whether both have the same names and types.
func sameColumns(a, b schema.Definition) bool {
	return slices.EqualFunc(a.Fields, b.Fields, func(x, y schema.Field) bool {
		return strings.EqualFold(x.Name, y.Name) && fmt.Sprint(nullable(x.Type)) == fmt.Sprint(nullable(y.Type))
	})
}
