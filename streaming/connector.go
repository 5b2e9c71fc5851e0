package streaming

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// optionSet collects the options of a data source. What is not set is left out,
// so that the data source takes its own default.
type optionSet map[string]string

func (o optionSet) text(key, value string) {
	if value != "" {
		o[key] = value
	}
}

// secret reveals at the last line before the plan.
func (o optionSet) secret(key string, value secrets.Value) { o.text(key, value.Reveal()) }

func (o optionSet) number(key string, value int64) {
	if value != 0 {
		o[key] = strconv.FormatInt(value, 10)
	}
}

func (o optionSet) flag(key string, value bool) {
	if value {
		o[key] = "true"
	}
}

func (o optionSet) choice(key string, value *bool) {
	if value != nil {
		o[key] = strconv.FormatBool(*value)
	}
}

// millis writes a length of time as Spark's "10000ms".
func (o optionSet) millis(key string, value time.Duration) {
	if value != 0 {
		o[key] = strconv.FormatInt(value.Milliseconds(), 10) + "ms"
	}
}

// faultList collects what Validate reports.
type faultList struct {
	what string
	list []error
}

func (f *faultList) add(format string, args ...any) {
	f.list = append(f.list, fmt.Errorf(f.what+": "+format, args...))
}

// err reports a fault that has a cause.
func (f *faultList) err(key string, err error) {
	if err != nil {
		f.add("%s: %w", key, err)
	}
}

// notNegative checks numbers by their key in files.
func (f *faultList) notNegative(key string, value int64) {
	if value < 0 {
		f.add("%s is %d; it cannot be negative", key, value)
	}
}

// wholeMillis checks a length of time.
func (f *faultList) wholeMillis(key string, value time.Duration) {
	if value < 0 || value%time.Millisecond != 0 {
		f.add("%s is %s; write a whole number of milliseconds from 0 on", key, value)
	}
}

// oneOf checks a word; the empty one stands for the default.
func (f *faultList) oneOf(key, value string, known ...string) {
	if value == "" {
		return
	}
	for _, word := range known {
		if strings.EqualFold(word, value) {
			return
		}
	}
	f.add("%s is %q; write one of %s", key, value, strings.Join(known, ", "))
}

// atMostOne checks settings that exclude each other; values are by their keys in
// files, in pairs.
func (f *faultList) atMostOne(pairs ...string) (set []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			set = append(set, pairs[i])
		}
	}
	if len(set) > 1 {
		f.add("%s exclude each other", strings.Join(set, " and "))
	}
	return set
}

// exactlyOne is atMostOne that wants one.
func (f *faultList) exactlyOne(pairs ...string) {
	if set := f.atMostOne(pairs...); len(set) > 0 {
		return
	}
	var names []string
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, pairs[i])
	}
	f.add("set %s", strings.Join(names, " or "))
}

func (f *faultList) join() error { return errors.Join(f.list...) }

// literal writes a text as SQL.
func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// quoteName writes the name of one column as SQL.
func quoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// selectExpr is the client's, with the server's whole error.
func selectExpr(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, exprs ...string) (sql.DataFrame, error) {
	out, err := df.SelectExpr(ctx, exprs...)
	if err != nil {
		return nil, spark.Error(ctx, err)
	}
	return out, nil
}

// instant reads a point in time as RFC 3339 or as milliseconds since 1970, and
// returns the milliseconds.
func instant(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 0 {
			return "", fmt.Errorf("%q is before 1970", text)
		}
		return text, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "", fmt.Errorf("%q is no point in time; write milliseconds since 1970, or one such as 2024-05-01T00:00:00Z", text)
	}
	return strconv.FormatInt(at.UnixMilli(), 10), nil
}

// readsTable, writesTable and writesPath are lineages. A sink that is exactly once
// goes on at its checkpoint when it runs again.
func readsTable(name string) dataflow.Lineage {
	return dataflow.TableSource{Table: name}.Lineage()
}

func writesTable(name string) dataflow.Lineage {
	l := dataflow.TableSink{Table: name}.Lineage()
	l.Effect = dataflow.EffectIdempotent
	return l
}

func writesPath(path string) dataflow.Lineage {
	return dataflow.Lineage{Outputs: []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: path}}, Effect: dataflow.EffectIdempotent}
}

// outsideTable is the dataset of something that is not Spark's, such as a topic.
// The place has a colon in it, so that no table is taken for it.
func outsideTable(place, name string) dataflow.Dataset {
	return dataflow.Dataset{Kind: dataflow.DatasetTable, Name: quoteName(place) + "." + quoteName(name)}
}
