package dataflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// JoinView is a flow that joins views or tables and registers the result as a
// temporary view.
type JoinView struct {
	// Left is the view or table that the others are joined to.
	Left string
	// Alias names Left in conditions and in Select; the default is the last part of
	// its name.
	Alias string
	// Joins are applied in order; at least one is wanted.
	Joins []Join
	// Select are the columns of the result as SQL expressions, such as "orders.*"
	// or "customers.name AS customer". The default is all columns; those of On come
	// once, and other columns of the same name make Spark refuse the view.
	Select []string
	// Where is a SQL condition on the joined rows; empty keeps all.
	Where string
	// View is the name of the view.
	View string
	// Cache has the cluster keep the rows, from the first use of the view until
	// the session is closed; empty does not.
	Cache StorageLevel
}

// Join is one of the views that a [JoinView] joins.
type Join struct {
	// View is the view or table.
	View string `koanf:"view" required:"true" doc:"view or table to join"`
	// Alias names it in conditions; the default is the last part of its name.
	Alias string `koanf:"alias" doc:"its name in conditions; by default the last part of its name"`
	// How says which rows stay. In Go the default is "inner" too.
	How string `koanf:"how" default:"inner" enum:"inner,left|left_outer|leftouter,right|right_outer|rightouter,full|outer|full_outer|fullouter,semi|left_semi|leftsemi,anti|left_anti|leftanti,cross" doc:"which rows stay"`
	// On are the columns that both sides have and that must be equal.
	On []string `koanf:"on" doc:"columns that both sides have and that must be equal"`
	// Condition is a SQL condition, instead of On.
	Condition string `koanf:"condition" doc:"SQL condition, instead of on"`
	// Broadcast asks Spark to send this side whole to every executor.
	Broadcast bool `koanf:"broadcast" default:"false" doc:"send this side whole to every executor; for small ones"`
}

// joinWords are the keywords of a way to join.
var joinWords = map[string]string{
	"": "INNER JOIN", "inner": "INNER JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "full": "FULL JOIN",
	"semi": "LEFT SEMI JOIN", "anti": "LEFT ANTI JOIN", "cross": "CROSS JOIN",
}

var (
	_ DataFlow            = JoinView{}
	_ Checker             = JoinView{}
	_ component.Validator = JoinView{}
)

// Name implements [DataFlow].
func (j JoinView) Name() string { return "join " + j.View }

// Validate checks that everything is there and goes together.
func (j JoinView) Validate() error {
	var faults []error
	if j.View == "" {
		faults = append(faults, errors.New("the view has no name"))
	}
	if len(j.Joins) == 0 {
		faults = append(faults, errors.New(`"joins" names nothing to join`))
	}
	aliases := map[string]string{}
	name := func(at, view, alias string) {
		parts := sqltext.ParseName(view)
		if len(parts) == 0 {
			faults = append(faults, fmt.Errorf("%s: %q is no name of a view or table", at, view))
			return
		}
		key := sqltext.Fold(cmp.Or(alias, parts[len(parts)-1]))
		if first, taken := aliases[key]; taken {
			faults = append(faults, fmt.Errorf("%s: %q is the name of %s already; set another alias", at, key, first))
			return
		}
		aliases[key] = at
	}
	name("left", j.Left, j.Alias)
	for i, join := range j.Joins {
		at := fmt.Sprintf("joins[%d]", i)
		name(at, join.View, join.Alias)
		if err := join.valid(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", at, err))
		}
	}
	return errors.Join(faults...)
}

func (j Join) valid() error {
	_, known := joinWords[j.How]
	condition := j.Condition != ""
	switch {
	case !known:
		return fmt.Errorf("how %q: write inner, left, right, full, semi, anti or cross", j.How)
	case j.How == "cross" && (condition || len(j.On) > 0):
		return errors.New(`a cross join takes neither "on" nor "condition"`)
	case j.How == "cross":
		return nil
	case len(j.On) > 0 && condition:
		return errors.New(`"on" and "condition" exclude each other`)
	case len(j.On) == 0 && !condition:
		return errors.New(`set "on" or "condition"; to join every row with every row write how: cross`)
	}
	return nil
}

// query is the SQL of the join. Names are quoted; expressions are the user's.
func (j JoinView) query() string {
	var text, hints strings.Builder
	for _, join := range j.Joins {
		if join.Broadcast {
			fmt.Fprintf(&hints, " /*+ BROADCAST(%s) */", joinAlias(join.View, join.Alias))
		}
	}
	columns := "*"
	if len(j.Select) > 0 {
		columns = strings.Join(j.Select, "\n, ")
	}
	fmt.Fprintf(&text, "SELECT%s %s\nFROM %s AS %s", hints.String(), columns, quotedName(j.Left), joinAlias(j.Left, j.Alias))
	for _, join := range j.Joins {
		fmt.Fprintf(&text, "\n%s %s AS %s", joinWords[join.How], quotedName(join.View), joinAlias(join.View, join.Alias))
		switch {
		case len(join.On) > 0:
			on := make([]string, len(join.On))
			for i, column := range join.On {
				on[i] = quotedPart(column)
			}
			fmt.Fprintf(&text, " USING (%s)", strings.Join(on, ", "))
		case join.Condition != "":
			fmt.Fprintf(&text, " ON (%s\n)", join.Condition) // the line break ends a comment
		}
	}
	if j.Where != "" {
		fmt.Fprintf(&text, "\nWHERE (%s\n)", j.Where)
	}
	return text.String()
}

func joinAlias(view, alias string) string {
	parts := sqltext.ParseName(view)
	return quotedPart(cmp.Or(alias, parts[len(parts)-1]))
}

// quotedName quotes every part of a name, so that none can be a keyword.
func quotedName(view string) string {
	parts := sqltext.ParseName(view)
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = quotedPart(part)
	}
	return strings.Join(quoted, ".")
}

func quotedPart(part string) string { return "`" + strings.ReplaceAll(part, "`", "``") + "`" }

// view is the flow that the join comes to.
func (j JoinView) view() (SQLView, error) {
	if err := j.Validate(); err != nil {
		return SQLView{}, err
	}
	return SQLView{SQL: j.query(), View: j.View, Cache: j.Cache}, nil
}

// Run implements [DataFlow], in one round trip, two with Cache.
func (j JoinView) Run(ctx context.Context, spark *Session, rt component.Runtime) error {
	view, err := j.view()
	if err != nil {
		return err
	}
	return view.Run(ctx, spark, rt)
}

// Check implements [Checker], with at most one analysis.
func (j JoinView) Check(ctx context.Context, scope *CheckScope) error {
	view, err := j.view()
	if err != nil {
		return err
	}
	return view.Check(ctx, scope)
}

// Lineage implements [Describer].
func (j JoinView) Lineage() Lineage {
	view, err := j.view()
	if err != nil {
		return Lineage{Opaque: true}
	}
	return view.Lineage()
}
