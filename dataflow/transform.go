package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// Transform makes a DataFrame of another.
type Transform interface {
	Transform(ctx context.Context, spark *Session, in sql.DataFrame) (sql.DataFrame, error)
}

// TransformFunc is the function form of [Transform].
type TransformFunc func(ctx context.Context, spark *Session, in sql.DataFrame) (sql.DataFrame, error)

// Transform implements [Transform].
func (f TransformFunc) Transform(ctx context.Context, spark *Session, in sql.DataFrame) (sql.DataFrame, error) {
	return f(ctx, spark, in)
}
