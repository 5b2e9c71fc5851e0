package dataflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/parquet"
)

// errNoStaging is why there is no place for staged data where none was named.
var errNoStaging = errors.New("there is no folder that this program and Spark's executors share; name one in LocalDataOptions.StagingDir")

// cleanupTimeout bounds the removal of forwarded files.
const cleanupTimeout = 30 * time.Second

// staging are the places of a session for staged data, by the folder that was
// asked for.
type staging struct {
	mu     sync.Mutex
	places map[string]*stagingPlace
}

// stagingPlace is a folder of the session's own. One that was found unusable
// keeps the reason.
type stagingPlace struct {
	uri    string // as Spark reads it
	shared bool   // this program writes to it directly
	dir    string // the local path if shared, else the path to forward to
	err    error

	mu    sync.Mutex
	files int
}

// stagingPlace finds a place that Spark has been seen to read from. It asks Spark
// at the first call for a folder.
func (s *Session) stagingPlace(ctx context.Context, dir string) (*stagingPlace, error) {
	s.staging.mu.Lock()
	defer s.staging.mu.Unlock()
	if place := s.staging.places[dir]; place != nil {
		return place, place.err
	}
	place, err := s.findPlace(ctx, dir)
	if err != nil && ctx.Err() != nil {
		return nil, err // says nothing of the folder
	}
	if err != nil {
		place = &stagingPlace{err: err}
	}
	if s.staging.places == nil {
		s.staging.places = map[string]*stagingPlace{}
	}
	s.staging.places[dir] = place
	return place, err
}

func (s *Session) findPlace(ctx context.Context, dir string) (*stagingPlace, error) {
	if strings.ContainsAny(dir, "*?[]{}\\\x00") {
		return nil, fmt.Errorf("the staging folder %q holds a character that Spark takes for a pattern", dir)
	}
	local, err := s.sharedParent(ctx, dir)
	if err != nil {
		return nil, err
	}
	var place *stagingPlace
	if local != "" {
		if place, err = s.sharedPlace(ctx, local); err == nil || dir == "" || ctx.Err() != nil {
			return place, err
		}
	}
	return s.forwardPlace(ctx, dir)
}

// sharedParent gives the local folder that Spark may see too, or "" when there is
// none and data must be forwarded to dir.
func (s *Session) sharedParent(ctx context.Context, dir string) (string, error) {
	loopback := s.conn.Address().Loopback()
	if dir != "" {
		local := strings.TrimPrefix(dir, "file://")
		if !loopback || strings.Contains(local, ":/") {
			return "", nil
		}
		return filepath.Abs(filepath.FromSlash(local))
	}
	if !loopback {
		return "", errNoStaging
	}
	master, _, err := s.conn.Conf(ctx, "spark.master")
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(master, "local") || strings.HasPrefix(master, "local-cluster") {
		return "", errNoStaging // the executors are other processes, perhaps elsewhere
	}
	return os.TempDir(), nil
}

// sharedPlace makes a private folder on this machine and looks whether Spark
// reads from it.
func (s *Session) sharedPlace(ctx context.Context, parent string) (*stagingPlace, error) {
	dir, err := os.MkdirTemp(parent, "sparkpipe-*")
	if err != nil {
		return nil, err
	}
	place := &stagingPlace{shared: true, dir: dir, uri: fileURI(dir)}
	if err := s.probe(ctx, place); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.atClose(func(context.Context) error { return os.RemoveAll(dir) })
	return place, nil
}

// fileURI names a local path for Spark, whose default file system may be another
// one.
func fileURI(local string) string {
	slashed := filepath.ToSlash(local)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	return "file://" + slashed
}

// forwardPlace is a folder to which Spark copies what it is sent. Spark takes a
// path on its default file system and no URI; the probe shows whether dir is on
// that.
func (s *Session) forwardPlace(ctx context.Context, dir string) (*stagingPlace, error) {
	target := dir
	if strings.Contains(dir, ":/") {
		u, err := url.Parse(dir)
		if err != nil {
			return nil, fmt.Errorf("the staging folder %q is no URI", dir)
		}
		target = u.Path
	}
	if !path.IsAbs(target) {
		return nil, fmt.Errorf("the staging folder %q is not an absolute path or URI", dir)
	}
	own := "sparkpipe-" + s.ID()
	place := &stagingPlace{dir: path.Join(target, own), uri: strings.TrimSuffix(dir, "/") + "/" + own}
	// Where it cannot be set, it may be set already or not be needed: the probe tells.
	_ = s.conn.SetConf(ctx, map[string]string{ConfCopyToLocalFS: "true"})
	if err := s.probe(ctx, place); err != nil {
		return nil, err
	}
	s.atClose(func(ctx context.Context) error { return s.emptyFolder(ctx, place.uri) })
	return place, nil
}

// emptyFolder removes forwarded files. Spark Connect has no way to remove a file,
// but to overwrite a folder with nothing.
func (s *Session) emptyFolder(ctx context.Context, uri string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, cleanupTimeout, fmt.Errorf("no answer within %s", cleanupTimeout))
	defer cancel()
	nothing := &wire.Relation{RelType: &wire.Relation_LocalRelation{LocalRelation: &wire.LocalRelation{Schema: text("value STRING")}}}
	frame, err := s.relation(nothing)
	if err != nil {
		return err
	}
	write := Writer{Format: "text", Mode: SaveModeOverwrite, Options: map[string]string{"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}}
	if err := write.Save(ctx, s, frame, uri); err != nil {
		return fmt.Errorf("remove staged data from %s: %w", uri, err)
	}
	return nil
}

func text(s string) *string { return &s }

// probe sends a file without rows and asks Spark to look at it.
func (s *Session) probe(ctx context.Context, place *stagingPlace) error {
	probe := arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)
	var file bytes.Buffer
	w, err := parquet.NewWriter(&file, probe, nil)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return err
	}
	name := place.newFile()
	if place.shared {
		err = os.WriteFile(filepath.Join(place.dir, name), file.Bytes(), 0o600)
	} else {
		err = s.forward(ctx, path.Join(place.dir, name), &file, int64(file.Len()))
	}
	if err != nil {
		return err
	}
	frame, err := s.stagedFrame(place, name, "value BIGINT")
	if err == nil {
		_, err = SchemaOf(ctx, frame)
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s is not seen by Spark: %w", place.uri, err)
	if !place.shared { // the path of the URI may exist now on another file system
		err = errors.Join(err, s.emptyFolder(context.WithoutCancel(ctx), place.dir))
	}
	return err
}

// newFile gives a name that the place has not had.
func (p *stagingPlace) newFile() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files++
	return fmt.Sprintf("data-%05d.parquet", p.files)
}

// stagedFrame reads a staged file. Settings of the session that would change what
// is read are overridden.
func (s *Session) stagedFrame(place *stagingPlace, name, ddl string) (sql.DataFrame, error) {
	return s.relation(&wire.Relation{RelType: &wire.Relation_Read{Read: &wire.Read{
		ReadType: &wire.Read_DataSource_{DataSource: &wire.Read_DataSource{
			Format: text("parquet"), Schema: &ddl, Paths: []string{place.uri + "/" + name},
			Options: map[string]string{
				"ignoreCorruptFiles": "false", "ignoreMissingFiles": "false", "mergeSchema": "false",
				"datetimeRebaseMode": "CORRECTED",
			},
		}},
	}}})
}
