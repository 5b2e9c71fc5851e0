package dataflow_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

const (
	// failing gives a row and then fails.
	failing = "SELECT id + if(id > 0, int(raise_error('no more')), 0) AS id FROM range(0, 2, 1, 1)"
	// large does not fit into a file that Java can write.
	large = "SELECT id, repeat(sha2(string(id), 512), 64) AS text FROM range(0, 8000, 1, 1)"
	// slow gives a row and then none for a minute.
	slow = "SELECT id + if(id > 0, length(java_method('java.lang.Thread', 'sleep', 60000L)), 0) AS id FROM range(0, 2, 1, 1)"
)

// faultTarget is something to write to that has a row 7.
type faultTarget struct {
	sink   func(dataflow.SaveMode) dataflow.Sink
	source dataflow.Source
	// dir is where the data lies on this machine.
	dir string
	// keeps says that an overwrite which fails changes nothing.
	keeps bool
}

func faultTargets(t *testing.T, b *storeBundle) map[string]faultTarget {
	t.Helper()
	local, bucket := t.TempDir(), b.bucket(t)
	file := func(name string, mode dataflow.SaveMode) dataflow.FileSink {
		return dataflow.FileSink{Path: filepath.Join(local, name), Mode: mode, Compression: "none"}
	}
	targets := map[string]faultTarget{
		"parquet": {
			sink:   func(m dataflow.SaveMode) dataflow.Sink { return dataflow.ParquetSink{FileSink: file("parquet", m)} },
			source: dataflow.ParquetSource{FileSource: dataflow.FileSource{Path: filepath.Join(local, "parquet"), Schema: "id BIGINT"}}, dir: filepath.Join(local, "parquet"),
		},
		"delta": {
			sink: func(m dataflow.SaveMode) dataflow.Sink {
				return dataflow.FormatSink{Format: "delta", Path: filepath.Join(local, "delta"), Mode: m, FormatOptions: dataflow.FormatOptions{Options: map[string]string{"compression": "none", "overwriteSchema": "true"}}}
			},
			source: dataflow.DeltaSource{Path: filepath.Join(local, "delta")}, dir: filepath.Join(local, "delta"), keeps: true,
		},
		"s3": {
			sink: func(m dataflow.SaveMode) dataflow.Sink {
				return dataflow.ObjectStoreSink{ObjectStore: b.access(), FileSink: dataflow.FileSink{Path: "s3a://" + bucket + "/t", Mode: m}}
			},
			source: dataflow.ObjectStoreSource{ObjectStore: b.access(), FileSource: dataflow.FileSource{Path: "s3a://" + bucket + "/t", Schema: "id BIGINT"}},
			dir:    filepath.Join(b.s3.Dir, bucket, "t"),
		},
	}
	for _, target := range targets {
		write(t, b.spark, target.sink(dataflow.SaveModeErrorIfExists), "SELECT 7L AS id")
	}
	return targets
}

func testFailedWrites(t *testing.T, b *storeBundle) {
	for name, target := range faultTargets(t, b) {
		t.Run(name, func(t *testing.T) {
			fail := func(mode dataflow.SaveMode, text string) error {
				err := target.sink(mode).Write(t.Context(), b.spark, mustSQL(t, b.spark, text))
				require.Error(t, err)
				return err
			}
			causes := map[string]string{"query": failing}
			if name != "s3" {
				causes["disk"] = large
			}
			for cause, text := range causes {
				err := fail(dataflow.SaveModeAppend, text)
				require.NotErrorIs(t, err, dataflow.ErrTargetLost, cause)
				require.Equal(t, []string{"7"}, read(t, b.spark, target.source), "%s: an append that fails shows nothing", cause)
				err = fail(dataflow.SaveModeOverwrite, text)
				if target.keeps {
					require.NotErrorIs(t, err, dataflow.ErrTargetLost, cause)
					require.Equal(t, []string{"7"}, read(t, b.spark, target.source), cause)
					continue
				}
				require.ErrorIs(t, err, dataflow.ErrTargetLost, cause)
				require.ErrorContains(t, err, "nothing of the new is there")
				require.Empty(t, visible(t, b.spark, target.dir), "%s: as the error says", cause)
				write(t, b.spark, target.sink(dataflow.SaveModeOverwrite), "SELECT 7L AS id")
				require.Equal(t, []string{"7"}, read(t, b.spark, target.source), "%s: as the error says", cause)
			}
			if name == "s3" {
				return
			}
			unwritable(t, target.dir)
			for _, mode := range []dataflow.SaveMode{dataflow.SaveModeAppend, dataflow.SaveModeOverwrite} {
				require.NotErrorIs(t, fail(mode, "SELECT 8L AS id"), dataflow.ErrTargetLost)
				require.Equal(t, []string{"7"}, read(t, b.spark, target.source), "what may not be written stays")
			}
		})
	}
}

// unwritable takes the right to write from a folder and those in it.
func unwritable(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) }) // so that it can be removed
		return os.Chmod(path, 0o500)
	}))
}

// testKilledWrites kills the server in the middle of an append and of an overwrite
// of each target at once.
func testKilledWrites(t *testing.T, b *storeBundle) {
	type writing struct {
		name   string
		target faultTarget
		mode   dataflow.SaveMode
		failed chan error
	}
	var all []writing
	for _, mode := range []dataflow.SaveMode{dataflow.SaveModeAppend, dataflow.SaveModeOverwrite} {
		for name, target := range faultTargets(t, b) {
			w := writing{fmt.Sprintf("%s %s", name, mode), target, mode, make(chan error, 1)}
			df := mustSQL(t, b.spark, slow)
			go func() { w.failed <- target.sink(mode).Write(t.Context(), b.spark, df) }()
			all = append(all, w)
		}
	}
	for _, w := range all {
		await(t, w.name+" writes", func() bool { return busy(t, w.target.dir, w.mode == dataflow.SaveModeOverwrite && !w.target.keeps) })
	}
	require.NoError(t, syscall.Kill(b.server.PID(), syscall.SIGKILL))
	<-b.server.Done()
	reader := realSpark(t)
	for _, w := range all {
		err := <-w.failed
		require.True(t, errors.Is(err, dataflow.ErrOutcomeUnknown) || errors.Is(err, dataflow.ErrSessionLost), "%s: %v", w.name, err)
		require.NotErrorIs(t, err, dataflow.ErrTargetLost, w.name)
		require.Equal(t, w.mode == dataflow.SaveModeOverwrite && !w.target.keeps, strings.Contains(err.Error(), "the old files may be gone"), "%s: %v", w.name, err)
		switch {
		case strings.HasPrefix(w.name, "delta"):
			log, err := filepath.Glob(filepath.Join(w.target.dir, "_delta_log", "*.json"))
			require.NoError(t, err)
			require.Len(t, log, 1, "%s: no commit", w.name)
		case w.mode == dataflow.SaveModeAppend:
			require.Equal(t, []string{"7"}, visible(t, reader, w.target.dir), "%s: nothing half visible", w.name)
		default:
			require.Empty(t, visible(t, reader, w.target.dir), "%s: Spark removes first, and nothing half is visible", w.name)
		}
	}
}

// busy reports whether somebody writes into a folder: what was there is gone, or
// there is more than before.
func busy(t *testing.T, dir string, empties bool) bool {
	t.Helper()
	old, more := 0, 0
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it went away meanwhile
		}
		inside := strings.TrimPrefix(path, dir)
		switch {
		case strings.Contains(inside, "_temporary"), strings.Contains(inside, "__magic"):
			more++
		case strings.HasSuffix(inside, ".parquet") && !strings.Contains(filepath.Base(inside), "/."):
			old++
		}
		return nil
	})
	require.True(t, err == nil || errors.Is(err, os.ErrNotExist))
	if empties {
		return old == 0
	}
	return more > 0 || old > 1
}
