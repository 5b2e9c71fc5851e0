package dataflow_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

const redaction = "spark.sql.redaction.string.regex"

// goPattern is the pattern as package regexp takes it: without what it does not know
// and Java needs to be quick.
func goPattern(t *testing.T, pattern string) *regexp.Regexp {
	t.Helper()
	return regexp.MustCompile(strings.NewReplacer("++", "+", "*+", "*", "(?<=://)", "").Replace(pattern))
}

func TestConcealOptionsHidesThemOnTheServer(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	conf := b.spark.Conf()
	require.NoError(t, conf.Set(t.Context(), map[string]string{redaction: "own[0-9]"}))
	before := b.trips()
	require.NoError(t, b.spark.ConcealOptions(t.Context(), map[string]string{"header": "true", "dbtable": "t", "recordKey": "id"}, "/a", "s3a://b/x"))
	require.Equal(t, before, b.trips(), "nothing is secret")
	b.spark.Conceal(secrets.NewValue("c4n4ry"))
	require.NoError(t, b.spark.ConcealOptions(t.Context(), map[string]string{"password": "c4n4ry", "in(nocent": "c4n4ry"}))
	require.Equal(t, before+2, b.trips())
	for range 2 {
		require.NoError(t, b.spark.ConcealOptions(t.Context(), map[string]string{"other": "xc4n4ryx"}, "hdfs://ann:c4n4ry@h/x"))
	}
	require.Equal(t, before+3, b.trips(), "one for the new name")
	got, _, err := conf.Get(t.Context(), redaction)
	require.NoError(t, err)
	hide := goPattern(t, got)
	shown := hide.ReplaceAllString(`options { key: "password" value: "c4n4ry" } options { key: "in(nocent"
 value: "a\"c4n4ry" } { key: "other" value: "xc4n4ryx" } own7 paths: "hdfs://ann:c4n4ry@h/x" { key: "dbtable" value: "seen" }`, "*")
	require.NotContains(t, shown, "c4n4ry")
	require.NotContains(t, shown, "own7", "the pattern of the server stays")
	require.Contains(t, shown, "seen")
	require.NotContains(t, got, "c4n4ry")
}

func TestConcealOptionsOfManyAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := dataflow.Reader{Format: "x", Options: map[string]string{"a.token": "c4n4ry"}}.Load(t.Context(), b.spark)
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Equal(t, 2, b.trips())
}

func TestConcealOptionsWhereTheServerRefuses(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	b := setup(t, &dataflow.ConnectOptions{Logger: zap.New(core)})
	b.server.SetStatic(redaction, "own")
	for range 2 {
		_, err := dataflow.Reader{Format: "x", Options: map[string]string{"a.token": "c4n4ry"}}.Load(t.Context(), b.spark)
		require.NoError(t, err)
	}
	require.Equal(t, 1, logs.FilterMessageSnippet("show credentials").Len(), "it is told once")
}
