package dataflow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// ErrTargetLost is returned, with Spark's error, by an overwrite of files that
// failed after Spark had removed what the folder held before, which it does before
// it writes. Another overwrite puts that right, once its cause is gone. Where the
// error cannot tell whether it had come to that, it is not returned and the text
// says that the old files may be gone.
//
// Formats of tables such as Delta and Iceberg, and SaveModeAppend, lose nothing: a
// write of theirs that fails leaves the target as it was.
var ErrTargetLost = errors.New("whatever the folder held before is gone")

// overwriteFault says what is left of a folder after an overwrite that failed.
func (w Writer) overwriteFault(ctx context.Context, path string, err error) error {
	if err == nil || w.Mode != SaveModeOverwrite || path == "" || v2Formats[strings.ToLower(w.Format)] {
		return err
	}
	if ctx.Err() != nil || errors.Is(err, ErrOutcomeUnknown) || errors.Is(err, ErrSessionLost) && classOf(err) == "" {
		return w.mayBeLost(path, err)
	}
	var failed *component.SparkError
	if !errors.As(err, &failed) {
		return err // nothing was sent
	}
	causes, _ := failed.Causes(ctx)
	began, committing, told := writesFiles(causes)
	dynamic := w.dynamic()
	switch {
	case !told && strings.HasPrefix(failed.JavaClass, "org.apache.spark.") && !strings.HasSuffix(failed.JavaClass, "AnalysisException"):
		return w.mayBeLost(path, err)
	case dynamic && committing:
		return fmt.Errorf("overwrite partitions of %s: some may be replaced already, and one may be gone; another overwrite puts that right: %w", shownPath(path), err)
	case dynamic, !began:
		return err
	case committing:
		return fmt.Errorf("overwrite %s: %w and some of the new files may be there; another overwrite puts that right: %w", shownPath(path), ErrTargetLost, err)
	}
	return fmt.Errorf("overwrite %s: %w and nothing of the new is there; another overwrite puts that right: %w", shownPath(path), ErrTargetLost, err)
}

// dynamic reports whether an overwrite of files replaces single partitions only.
func (w Writer) dynamic() bool {
	return strings.EqualFold(option(w.Options, partitionOverwriteMode), "dynamic") && len(w.PartitionBy) > 0 && !v2Formats[strings.ToLower(w.Format)]
}

func (w Writer) mayBeLost(path string, err error) error {
	return fmt.Errorf("overwrite %s: Spark removes what a folder holds before it writes, so the old files may be gone; look before you rely on either: %w", shownPath(path), err)
}

// The frames of a write of files on the driver: the job that writes, which begins
// when the folder was emptied, and its end, where the new files appear.
const (
	frameWrite  = "org.apache.spark.sql.execution.datasources.FileFormatWriter$.write("
	frameCommit = ".commitJob("
	frameInsert = "org.apache.spark.sql.execution.datasources.InsertIntoHadoopFsRelationCommand.run("
)

// writesFiles reports from the stacks of an error whether the job that writes had
// begun, and whether it was at its end. It tells nothing when the server kept its
// stacks to itself.
func writesFiles(causes []component.SparkCause) (began, committing, told bool) {
	for _, cause := range causes {
		told = told || len(cause.Stack) > 0
		insert, write := false, false
		for _, frame := range cause.Stack {
			insert = insert || strings.HasPrefix(frame, frameInsert)
			write = write || strings.HasPrefix(frame, frameWrite)
		}
		if insert && write {
			began = true
			for _, frame := range cause.Stack {
				committing = committing || strings.Contains(frame, frameCommit)
			}
		}
	}
	return began, committing, told
}
