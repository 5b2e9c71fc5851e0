package quality

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// releaseTimeout bounds how long staged rows are given up for, also when the run
// was cancelled.
const releaseTimeout = 30 * time.Second

// stage are rows that were computed once and are kept until they are where they
// go.
type stage struct {
	rows    sql.DataFrame
	release func(ctx context.Context) error
}

// newStage computes rows and keeps them: in the memory and on the disks of the
// executors, or below a folder. It leaves nothing behind when it fails.
func newStage(ctx context.Context, spark *dataflow.Session, rows sql.DataFrame, folder string, level dataflow.StorageLevel) (stage, error) {
	if folder == "" {
		kept, release, err := dataflow.LocalCheckpoint(ctx, rows, true, level)
		if err != nil {
			return stage{}, fmt.Errorf("stage the rows: %w", err)
		}
		return stage{kept, release}, nil
	}
	ctx = aside(ctx)
	db := "spark_catalog.sparkpipe_stage_" + randomName()
	out := stage{release: func(ctx context.Context) error {
		err := spark.Exec(aside(ctx), "DROP DATABASE IF EXISTS "+db+" CASCADE")
		if err != nil {
			return fmt.Errorf("remove the staged rows: drop the database %s, which is below %s: %w", db, withoutUser(folder), err)
		}
		return nil
	}}
	err := out.fill(ctx, spark, rows, db, folder)
	if err != nil {
		ctx, stop := releasing(ctx)
		defer stop()
		return stage{}, errors.Join(fmt.Errorf("stage the rows below %s: %w", withoutUser(folder), err), out.release(ctx))
	}
	return out, nil
}

// fill writes the rows to a table of a database of its own: with it the server
// removes the folder too, for which Spark Connect has no other way.
func (s *stage) fill(ctx context.Context, spark *dataflow.Session, rows sql.DataFrame, db, folder string) error {
	_, name, _ := strings.Cut(db, ".")
	location := strings.TrimRight(spark.OutputPath(folder), "/") + "/" + name
	if err := stagingFolder(location); err != nil {
		return err
	}
	if err := spark.Exec(ctx, "CREATE DATABASE "+db+" LOCATION '"+location+"'"); err != nil {
		return err
	}
	w := dataflow.Writer{Format: "parquet"}
	err := w.SaveAsTable(ctx, spark, rows, db+".staged")
	if err == nil {
		s.rows, err = dataflow.TableSource{Table: db + ".staged"}.Load(ctx, spark)
	}
	return err
}

// stagingFolder refuses a folder whose name Spark might read as something else:
// it stands in a statement, in which nothing takes its place.
func stagingFolder(folder string) error {
	if i := strings.IndexAny(folder, "'\"\\`\n\r\x00"); i >= 0 || strings.Contains(folder, "${") {
		return fmt.Errorf("staging: the folder %q: quotes, backslashes, line breaks and ${ are not possible in its name", folder)
	}
	return nil
}

func randomName() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // it never fails
	return hex.EncodeToString(id)
}

// releasing is a context for cleaning up, alive also when ctx has ended.
func releasing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
}

// atSessionEnd gives staged rows up when the session is closed. A view of files
// needs them until then.
func (s stage) atSessionEnd(spark *dataflow.Session) {
	type key struct{ random string }
	spark.Attach(key{randomName()}, func() dataflow.Attachment { return &heldStage{stage: s} })
}

// heldStage is a stage that lives as long as its session.
type heldStage struct {
	stage stage
	once  sync.Once
	err   error
}

// Close implements [dataflow.Attachment].
func (h *heldStage) Close(ctx context.Context) error {
	h.once.Do(func() { h.err = h.stage.release(ctx) })
	return h.err
}

// lost are the classes of errors of rows that an executor has taken with it.
var lost = []string{"CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND", "CONNECT_INVALID_PLAN.DATAFRAME_NOT_FOUND"}

// explainLoss says what to do when staged rows are gone.
func explainLoss(err error) error {
	var spark *component.SparkError
	if err == nil || !errors.As(err, &spark) {
		return err
	}
	for _, class := range lost {
		if spark.Class == class {
			return fmt.Errorf("the staged rows are lost, with an executor or the session; run the component again, or set staging to a folder: %w", err)
		}
	}
	return err
}
