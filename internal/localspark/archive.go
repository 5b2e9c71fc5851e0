package localspark

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	trainingTimeout = 4 * time.Minute
	archiveGrace    = 90 * time.Second // Java writes the archive while it ends
)

// trainingQueries load the classes that most jobs need.
func trainingQueries(dir string) []string {
	return []string{
		"SELECT k, count(*) AS n, sum(v) AS s FROM (SELECT id % 7 AS k, CAST(id AS DECIMAL(12, 2)) AS v FROM range(1000)) GROUP BY k ORDER BY k",
		"SELECT a.id, upper(b.name) FROM range(10) a JOIN (VALUES (1L, 'x'), (2L, 'y')) b (id, name) ON a.id = b.id",
		fmt.Sprintf("INSERT OVERWRITE DIRECTORY '%s/parquet' USING parquet SELECT id, CAST(id AS STRING) AS s FROM range(10)", dir),
		fmt.Sprintf("SELECT count(*) FROM parquet.`%s/parquet`", dir),
		fmt.Sprintf("INSERT OVERWRITE DIRECTORY '%s/csv' USING csv OPTIONS (header 'true') SELECT id, CAST(id AS STRING) AS s FROM range(10)", dir),
		fmt.Sprintf("SELECT count(*) FROM csv.`%s/csv`", dir),
	}
}

// archiveFlags returns the options with which Java reads Spark's classes from
// an archive instead of the jars. That makes a start about twice as fast. The
// archive is made at the first use of fetched jars, for each build of Java. It
// is only an aid: Java checks that it fits and does without it otherwise, and
// every failure to make it leaves the start as it was.
func (s *settings) archiveFlags(ctx context.Context, spec *launchSpec) []string {
	if spec.from.origin != OriginMaven || s.env.get("SPARKPIPE_CLASS_ARCHIVE") == "off" {
		return nil
	}
	file := filepath.Join(spec.from.home, "classes-"+spec.java.build+".jsa")
	if !exists(file) {
		if err := s.makeArchive(ctx, spec, file); err != nil {
			return nil
		}
	}
	return []string{"-XX:SharedArchiveFile=" + file}
}

var errNoArchive = errors.New("this Java makes no archive")

// makeArchive lets a server run for a moment and Java write what it loaded.
func (s *settings) makeArchive(ctx context.Context, spec *launchSpec, file string) error {
	failed := file + ".failed"
	unlock, err := lock(ctx, spec.from.home+".lock", func() {
		s.say("waiting for another process that is preparing Spark " + spec.from.version)
	})
	if err != nil {
		return err
	}
	defer unlock()
	if exists(failed) {
		return errNoArchive
	}
	if exists(file) {
		return nil
	}
	s.say("preparing Spark " + spec.from.version + " for fast starts (about 15 s, once)…")
	temp := file + ".tmp"
	_ = os.Remove(temp)
	training := *spec
	training.master, training.conf = "local[2]", nil
	// Only the classes are kept, so good machine code is not worth its time.
	training.archive = []string{"-XX:ArchiveClassesAtExit=" + temp, "-XX:TieredStopAtLevel=1"}
	err = training.train(ctx)
	if err == nil {
		err = os.Rename(temp, file)
	}
	if err != nil && ctx.Err() == nil {
		_ = os.WriteFile(failed, []byte(err.Error()+"\n"), 0o644)
	}
	return err
}

// train runs the queries on a server of its own and ends it in order.
func (l *launchSpec) train(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, trainingTimeout)
	defer cancel()
	proc, err := l.spawn(archiveGrace)
	if err != nil {
		return err
	}
	address, _, err := l.firstAnswer(ctx, proc)
	if err == nil {
		err = runQueries(ctx, address, trainingQueries(dataDir(proc.dir)))
	}
	return errors.Join(err, proc.stop(ctx))
}

func runQueries(ctx context.Context, address string, queries []string) error {
	client, err := dialProbe(address)
	if err != nil {
		return err
	}
	defer client.close(ctx)
	for _, query := range queries {
		if err := client.run(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
