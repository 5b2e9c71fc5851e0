package dataflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// ErrArtifactExists is returned for an artifact whose name the session has
// already, with another content. The same content again is no error.
var ErrArtifactExists = connect.ErrArtifactExists

// AddJar gives a jar of this machine to the session, so that its SQL and its
// executors find the classes. It stays until the session ends: LIST JARS names
// it. It blocks until the server has it and has confirmed its checksum; the file
// is streamed.
func (s *Session) AddJar(ctx context.Context, path string) error {
	return s.addFile(ctx, "jars/"+filepath.Base(path), path)
}

// AddFile gives a file of this machine to the session, whose executors find it
// under its name without folders. It stays until the session ends: LIST FILES
// names it. It blocks as [Session.AddJar] does.
func (s *Session) AddFile(ctx context.Context, path string) error {
	return s.addFile(ctx, "files/"+filepath.Base(path), path)
}

// AddArchive gives a zip, jar or tar file of this machine to the session, whose
// executors find it unpacked in a folder; empty is the name of the file. It
// blocks as [Session.AddJar] does.
func (s *Session) AddArchive(ctx context.Context, path, folder string) error {
	name := "archives/" + filepath.Base(path)
	if folder != "" {
		name += "#" + folder
	}
	return s.addFile(ctx, name, path)
}

// AddArtifact gives size bytes of data to the session under a name whose folder
// says what they are for: jars/x.jar, files/x, archives/x.zip, pyfiles/x.py or
// classes/p/C.class. Other names are an error: Spark takes them and does nothing
// with them. It blocks as [Session.AddJar] does.
func (s *Session) AddArtifact(ctx context.Context, name string, data io.Reader, size int64) error {
	if strings.HasPrefix(name, "cache/") || strings.HasPrefix(name, "forward_to_fs/") {
		return fmt.Errorf("the artifact name %q: use CreateDataFrame or CopyToFS for that", name)
	}
	return s.conn.AddArtifacts(ctx, connect.Artifacts(connect.Artifact{Name: name, Data: data, Size: size}))
}

func (s *Session) addFile(ctx context.Context, name, local string) error {
	if err := connect.CheckArtifactName(name); err != nil {
		return err
	}
	file, size, err := openFile(local)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	return s.conn.AddArtifacts(ctx, connect.Artifacts(connect.Artifact{Name: name, Data: file, Size: size}))
}

func openFile(local string) (*os.File, int64, error) {
	file, err := os.Open(local)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", local)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// ConfCopyToLocalFS is the Spark property that lets [Session.CopyToFS] write to
// the local file system of the server. It can be set on a running session.
const ConfCopyToLocalFS = "spark.sql.artifact.copyFromLocalToFs.allowDestLocal"

// CopyToFS copies a file of this machine to a file that the server writes, as
// copyFromLocalToFs does in Python; a file that is there is replaced. dest is an
// absolute path on the server's default file system (fs.defaultFS). It is no
// URI: Spark copies to no other file system, and would take the path of a URI
// alone. It blocks until the file is there and streams it.
//
// Where the default file system is the local one of the server, Spark wants to
// be allowed to: set [ConfCopyToLocalFS] to true.
func (s *Session) CopyToFS(ctx context.Context, localPath, dest string) error {
	file, size, err := openFile(localPath)
	if err != nil {
		return fmt.Errorf("copy to %s: %w", dest, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	return s.CopyDataToFS(ctx, file, size, dest)
}

// CopyDataToFS is [Session.CopyToFS] for size bytes of data.
func (s *Session) CopyDataToFS(ctx context.Context, data io.Reader, size int64, dest string) error {
	err := checkForward(dest)
	if err == nil {
		err = s.forward(ctx, dest, data, size)
	}
	if err != nil {
		return fmt.Errorf("copy to %s: %w", dest, err)
	}
	return nil
}

// forward lets Spark copy data to a path on its default file system.
func (s *Session) forward(ctx context.Context, target string, data io.Reader, size int64) error {
	artifact := connect.Artifact{Name: "forward_to_fs" + target, Data: data, Size: size}
	err := s.conn.AddArtifacts(ctx, connect.Artifacts(artifact))
	var spark *component.SparkError
	if errors.As(err, &spark) && strings.HasSuffix(spark.JavaClass, "UnsupportedOperationException") {
		return fmt.Errorf("%w; where that is allowed, set %s to true", err, ConfCopyToLocalFS)
	}
	return err
}

func checkForward(dest string) error {
	switch {
	case strings.Contains(dest, ":/"):
		return errors.New("it is a URI and must be a path on the default file system of the server")
	case !path.IsAbs(dest) || path.Clean(dest) != dest || dest == "/":
		return errors.New("it is not a clean absolute path")
	}
	return nil
}
