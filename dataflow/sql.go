package dataflow

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// SQL runs one SQL statement with arguments and returns its result.
//
// Arguments are either all positional, for the markers "?", or all made with
// [Named], for the markers ":name". They travel as values, never as text, so
// that they need no quoting: see [Named] for the types.
//
// A query (SELECT, VALUES, TABLE) costs no round trip; Spark sees it with the
// first action on the DataFrame, and its errors come there. Every other
// statement runs at once, in one round trip, and the DataFrame holds what it
// returned.
func (s *Session) SQL(ctx context.Context, query string, args ...any) (sql.DataFrame, error) {
	rel, _, err := s.statement(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return s.relation(rel)
}

// Exec runs one SQL statement for its effect. Unlike [Session.SQL] it also runs
// a query to its end, and drops the rows on the cluster.
func (s *Session) Exec(ctx context.Context, statement string, args ...any) error {
	rel, done, err := s.statement(ctx, statement, args)
	if err != nil || done {
		return err
	}
	df, err := s.relation(rel)
	if err != nil {
		return err
	}
	plan, err := s.Export(ctx, df)
	if err != nil {
		return err
	}
	noop := "noop"
	_, err = s.conn.Execute(ctx, &wire.Command{CommandType: &wire.Command_WriteOperation{
		WriteOperation: &wire.WriteOperation{Input: plan, Source: &noop, Mode: SaveModeOverwrite.wire()},
	}})
	return err
}

// statement gives the relation of a statement's result. It sends what can be a
// command; done says that it was one, so that the relation holds its rows.
func (s *Session) statement(ctx context.Context, query string, args []any) (rel *wire.Relation, done bool, err error) {
	rel, err = sqlRelation(ctx, query, args)
	if err != nil {
		return nil, false, err
	}
	switch sqltext.FirstKeyword(query) {
	case "SELECT", "VALUES", "TABLE":
		return rel, false, nil
	}
	input, err := proto.Marshal(rel)
	if err != nil {
		return nil, false, fmt.Errorf("marshal a SQL statement: %w", err)
	}
	command := &wire.Command{CommandType: &wire.Command_SqlCommand{SqlCommand: &wire.SqlCommand{Input: input}}}
	data, err := s.conn.Execute(ctx, command)
	if err != nil || len(data) == 0 {
		return rel, err == nil, err
	}
	var result wire.Relation
	if err := proto.Unmarshal(data, &result); err != nil {
		return nil, false, fmt.Errorf("read the result of a statement: %w", err)
	}
	result.Common = nil // its plan id is the server's; ours gets one of its own
	return &result, result.GetSql() == nil, nil
}

func sqlRelation(ctx context.Context, query string, args []any) (*wire.Relation, error) {
	stmt := &wire.SQL{Query: query}
	for i, arg := range args {
		named, isNamed := arg.(NamedArg)
		if isNamed != (len(stmt.NamedArguments) > 0) && i > 0 {
			return nil, fmt.Errorf("argument %d: named and positional arguments cannot be mixed in one statement", i+1)
		}
		if !isNamed {
			expr, err := expression(ctx, arg)
			if err != nil {
				return nil, fmt.Errorf("argument %d: %w", i+1, err)
			}
			stmt.PosArguments = append(stmt.PosArguments, expr)
			continue
		}
		if _, twice := stmt.NamedArguments[named.Name]; twice || named.Name == "" {
			return nil, fmt.Errorf("argument %d: the name %q is empty or given twice", i+1, named.Name)
		}
		expr, err := expression(ctx, named.Value)
		if err != nil {
			return nil, fmt.Errorf("argument :%s: %w", named.Name, err)
		}
		if stmt.NamedArguments == nil {
			stmt.NamedArguments = map[string][]byte{}
		}
		stmt.NamedArguments[named.Name] = expr
	}
	return &wire.Relation{RelType: &wire.Relation_Sql{Sql: stmt}}, nil
}
