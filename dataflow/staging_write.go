package dataflow

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/parquet"
)

// rowGroupBytes is how much of a staged file is in memory at a time. Row groups
// of this size also let Spark read a file with several tasks.
const rowGroupBytes = 8 << 20

// place gives a place for the data, or the reason why there is none.
func (l *loader) place(ctx context.Context) (*stagingPlace, error) {
	for _, f := range l.schema.Fields() {
		if !parquet.Supports(f.Type) {
			return nil, fmt.Errorf("column %q: a file cannot carry the type %s", f.Name, f.Type)
		}
		if twice := sameNames(f.Type); twice != "" {
			return nil, fmt.Errorf("column %q: a file cannot carry a struct with two fields %q", f.Name, twice)
		}
	}
	return l.session.stagingPlace(ctx, l.opts.StagingDir)
}

// staged writes the data as a file. It holds a row group in memory at a time.
func (l *loader) staged(ctx context.Context, place *stagingPlace) (sql.DataFrame, error) {
	name := place.newFile()
	err := l.stage(ctx, place, name)
	if err != nil {
		return nil, fmt.Errorf("stage the data: %w", err)
	}
	return l.session.stagedFrame(place, name, l.ddl)
}

// stage writes the file where Spark reads it, or to a temporary one that is
// forwarded: Spark wants to know the size of a file before it gets the first
// byte.
func (l *loader) stage(ctx context.Context, place *stagingPlace, name string) (err error) {
	var file *os.File
	if place.shared {
		file, err = os.OpenFile(filepath.Join(place.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	} else {
		file, err = os.CreateTemp("", "sparkpipe-*.parquet")
	}
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, file.Close())
		if err != nil || !place.shared {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := l.writeFile(ctx, file, !place.shared); err != nil || place.shared {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, 0); err != nil {
		return err
	}
	return l.session.forward(ctx, path.Join(place.dir, name), file, info.Size())
}

// writeFile writes all batches, the head first.
func (l *loader) writeFile(ctx context.Context, file *os.File, compress bool) error {
	out := bufio.NewWriterSize(file, 1<<20)
	w, err := parquet.NewWriter(out, l.fileSchema(), &parquet.Options{Zstd: compress})
	if err != nil {
		return err
	}
	for {
		for _, batch := range l.head {
			err := w.Write(batch)
			if err == nil && w.Held() >= rowGroupBytes {
				err = w.Flush()
			}
			if err != nil {
				return err
			}
		}
		l.drop()
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := l.fill(0); err != nil {
			return err
		}
		if len(l.head) == 0 {
			break
		}
	}
	return errors.Join(w.Close(), out.Flush())
}
