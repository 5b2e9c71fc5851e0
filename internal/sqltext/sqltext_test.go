package sqltext_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// mentions reports whether the query mentions the name.
func mentions(query, name string) bool { return sqltext.Words(query)[sqltext.Fold(name)] }

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		query string
		view  string
		want  bool
	}{
		{"identifier", "SELECT * FROM orders", "orders", true},
		{"other case", "SELECT * FROM Orders", "oRDERS", true},
		{"part of a word", "SELECT * FROM orders_old", "orders", false},
		{"end of a word", "SELECT * FROM old_orders", "orders", false},
		{"backquoted", "SELECT * FROM `orders`", "orders", true},
		{"backquoted with a space", "SELECT * FROM `my orders`", "my orders", true},
		{"backquoted with a doubled backquote", "SELECT * FROM `a``b`", "a`b", true},
		{"qualified", "SELECT * FROM db.orders o", "orders", true},
		{"identifier clause", "SELECT * FROM IDENTIFIER('orders')", "orders", true},
		{"double-quoted literal", `SELECT * FROM IDENTIFIER("orders")`, "orders", true},
		{"raw literal", `SELECT * FROM IDENTIFIER(r'orders')`, "orders", true},
		{"raw literal keeps backslashes", `SELECT r'\' , orders, '`, "orders", true},
		{"part of a literal", "SELECT 'all orders'", "orders", false},
		{"literal with an escaped quote", `SELECT 'it\'s orders'`, "orders", false},
		{"literal with a doubled quote", `SELECT 'it''s' FROM orders`, "orders", true},
		{"after an escaped backslash", `SELECT '\\' FROM orders`, "orders", true},
		{"line comment", "SELECT 1 -- FROM orders", "orders", false},
		{"after a line comment", "SELECT 1 -- x\nFROM orders", "orders", true},
		{"continued line comment", "SELECT 1 -- x \\\n orders\nFROM t", "orders", false},
		{"comment sign in a literal", "SELECT '--', orders.x", "orders", true},
		{"block comment", "SELECT /* orders */ 1", "orders", false},
		{"nested block comment", "SELECT /* a /* b */ orders */ 1", "orders", false},
		{"after a nested block comment", "SELECT /* a /* b */ c */ * FROM orders", "orders", true},
		{"unclosed block comment", "SELECT 1 /* orders", "orders", false},
		{"unclosed literal", "SELECT 'orders", "orders", true},
		{"digits first", "SELECT * FROM 2024_orders", "2024_orders", true},
		{"letters beyond ASCII", "SELECT * FROM größe", "GRÖSSE", false},
		{"letters beyond ASCII, other case", "SELECT * FROM öl", "ÖL", true},
		{"no spaces", "select*from(orders)join x using(id)", "orders", true},
		{"empty query", "", "orders", false},
		{"invalid UTF-8", "\xff orders \xfe", "orders", true},
		{"dollar", "SELECT $orders$", "orders", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, mentions(tc.query, tc.view))
		})
	}
}

func TestFirstKeyword(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"select 1":                           "SELECT",
		"  \n\tWith x AS (SELECT 1) TABLE x": "WITH",
		"((select 1))":                       "SELECT",
		"-- a comment\n/* b */ ( insert into t values (1)": "INSERT",
		"\ufeffmerge into t":   "MERGE",
		"":                     "",
		"-- nothing":           "",
		"'text'":               "",
		"`select` 1":           "",
		";select 1":            "",
		"create\ntable t(a i)": "CREATE",
	} {
		require.Equal(t, want, sqltext.FirstKeyword(query), "%q", query)
	}
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{
		"SELECT * FROM a -- x\n", "/* /* */", "'a\\", "`", "r'\\'", "--\\\n", "\xff", "((",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for word := range sqltext.Words(query) {
			require.Equal(t, sqltext.Fold(word), word)
		}
		keyword := sqltext.FirstKeyword(query)
		require.Equal(t, strings.ToUpper(keyword), keyword)
	})
}

func FuzzMentions(f *testing.F) {
	f.Add("SELECT 1 FROM x", "orders")
	f.Fuzz(func(t *testing.T, query, view string) {
		quoted := "`" + strings.ReplaceAll(view, "`", "``") + "`"
		require.True(t, mentions("SELECT * FROM "+quoted+" WHERE "+query, view))
	})
}

func ExampleWords() {
	words := sqltext.Words("SELECT * FROM `Orders` -- not from customers")
	fmt.Println(words[sqltext.Fold("Orders")], words[sqltext.Fold("customers")])
	// Output: true false
}

func ExampleFirstKeyword() {
	fmt.Println(sqltext.FirstKeyword("/* daily */ (select 1)"))
	// Output: SELECT
}
