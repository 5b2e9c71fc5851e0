package connect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func artifact(name string, data []byte) connect.Artifact {
	return connect.Artifact{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}
}

func TestAddArtifacts(t *testing.T) {
	t.Parallel()
	const small, large = 32 << 10, 32<<10 + 1
	for _, sizes := range [][]int{
		{}, {0}, {1}, {small}, {large}, {1 << 20}, {1<<20 + 1}, {3, 4, 5}, {small, 1, small}, {1, large, 1}, {large, large},
	} {
		t.Run(fmt.Sprint(sizes), func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			conn := open(t, server, nil)
			want := map[string][]byte{}
			var all []connect.Artifact
			for i, size := range sizes {
				name := fmt.Sprintf("files/%d", i)
				want[name] = bytes.Repeat([]byte{byte(i), 7, 9}, size/3+1)[:size]
				all = append(all, artifact(name, want[name]))
			}
			require.NoError(t, conn.AddArtifacts(t.Context(), connect.Artifacts(all...)))
			got := server.Artifacts()
			require.Len(t, got, len(want))
			for name := range want {
				require.True(t, bytes.Equal(want[name], got[name]), name)
			}
		})
	}
}

func TestAddArtifactsSendsSmallOnesTogetherAndLargeOnesInChunks(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	require.NoError(t, conn.AddArtifacts(t.Context(), connect.Artifacts(
		artifact("files/a", []byte("a")), artifact("files/b", nil), artifact("jars/c.jar", make([]byte, 600<<10)))))
	requests := server.Requests("AddArtifacts")
	batch := requests[0].Message.(*wire.AddArtifactsRequest).GetBatch()
	require.Len(t, batch.GetArtifacts(), 2)
	begin := requests[1].Message.(*wire.AddArtifactsRequest).GetBeginChunk()
	require.EqualValues(t, 600<<10, begin.GetTotalBytes())
	require.EqualValues(t, len(requests)-1, begin.GetNumChunks())
	for _, r := range requests[2:] {
		chunk := r.Message.(*wire.AddArtifactsRequest).GetChunk()
		require.Equal(t, int64(crc32.ChecksumIEEE(chunk.GetData())), chunk.GetCrc())
		require.NotEmpty(t, r.Message.(*wire.AddArtifactsRequest).GetSessionId())
	}
}

func TestArtifactsThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	exists := fakeconnect.Failure{Class: "ARTIFACT_ALREADY_EXISTS", State: "42713", Message: "It is there."}.Error()
	for name, test := range map[string]struct {
		artifacts []connect.Artifact
		answer    error
		want      string
		is        error
	}{
		"bare name":        {artifacts: []connect.Artifact{artifact("x.jar", nil)}, want: `the artifact name "x.jar": it must begin with a folder`},
		"twice":            {artifacts: []connect.Artifact{artifact("files/x", nil), artifact("files/x", nil)}, want: `the artifact "files/x" is there twice`},
		"no data":          {artifacts: []connect.Artifact{{Name: "files/x"}}, want: "has no data"},
		"negative size":    {artifacts: []connect.Artifact{{Name: "files/x", Data: strings.NewReader(""), Size: -1}}, want: "has no data"},
		"short":            {artifacts: []connect.Artifact{{Name: "files/x", Data: strings.NewReader("ab"), Size: 5}}, want: `upload the artifact "files/x": the data ends 3 bytes before`},
		"long":             {artifacts: []connect.Artifact{{Name: "files/x", Data: strings.NewReader("abc"), Size: 2}}, want: "goes on after the size"},
		"short and large":  {artifacts: []connect.Artifact{{Name: "files/x", Data: strings.NewReader(strings.Repeat("x", 500_000)), Size: 600_000}}, want: "before the size that was given"},
		"long and large":   {artifacts: []connect.Artifact{{Name: "files/x", Data: strings.NewReader(strings.Repeat("x", 600_001)), Size: 600_000}}, want: "goes on after the size"},
		"reader fails":     {artifacts: []connect.Artifact{{Name: "files/x", Data: io.MultiReader(strings.NewReader("a"), failing{broken}), Size: 5}}, want: "read the data: the disk is gone", is: broken},
		"damaged":          {artifacts: []connect.Artifact{artifact("files/x", nil)}, answer: fakeconnect.ErrDamaged, want: "its checksum is wrong"},
		"not confirmed":    {artifacts: []connect.Artifact{artifact("files/x", nil)}, answer: fakeconnect.ErrForgotten, want: "the server did not confirm it"},
		"has another":      {artifacts: []connect.Artifact{artifact("files/x", nil)}, answer: exists, want: "give the new one another name", is: connect.ErrArtifactExists},
		"has another, big": {artifacts: []connect.Artifact{artifact("files/x", make([]byte, 100_000))}, answer: exists, want: "another name", is: connect.ErrArtifactExists},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			conn := open(t, server, nil)
			server.OnArtifact(func(string, []byte) error { return test.answer })
			err := conn.AddArtifacts(t.Context(), connect.Artifacts(test.artifacts...))
			require.ErrorContains(t, err, test.want)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			if test.is == connect.ErrArtifactExists { //nolint:errorlint // the table's own value
				var spark *component.SparkError
				require.ErrorAs(t, err, &spark)
			}
			require.Empty(t, server.Artifacts())
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAddArtifactsGivesUpWhenItsSourceFails(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	broken := errors.New("no more")
	err := conn.AddArtifacts(t.Context(), func(yield func(connect.Artifact, error) bool) {
		if yield(artifact("files/a", make([]byte, 100_000)), nil) {
			yield(connect.Artifact{}, broken)
		}
	})
	require.ErrorIs(t, err, broken)
	require.Empty(t, server.Artifacts())
}

func TestAddArtifactsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := conn.AddArtifacts(ctx, func(yield func(connect.Artifact, error) bool) {
		if yield(artifact("files/a", make([]byte, 100_000)), nil) {
			cancel(why)
			yield(artifact("files/b", make([]byte, 100_000)), nil)
		}
	})
	require.ErrorIs(t, err, why)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, server.Artifacts())
}

func TestArtifactsOnAClosedConnection(t *testing.T) {
	t.Parallel()
	conn := open(t, fakeconnect.Start(t), nil)
	require.NoError(t, conn.Close(t.Context()))
	require.ErrorIs(t, conn.AddArtifacts(t.Context(), connect.Artifacts(artifact("files/a", nil))), connect.ErrClosed)
	_, err := conn.ArtifactsExist(t.Context(), "cache/x")
	require.ErrorIs(t, err, connect.ErrClosed)
}

func TestArtifactsExist(t *testing.T) {
	t.Parallel()
	conn := open(t, fakeconnect.Start(t), nil)
	cached := "cache/" + strings.Repeat("0a", 32)
	require.NoError(t, conn.AddArtifacts(t.Context(), connect.Artifacts(artifact(cached, nil), artifact("files/x", nil))))
	got, err := conn.ArtifactsExist(t.Context(), "cache/none", cached, "files/x")
	require.NoError(t, err)
	require.Equal(t, []bool{false, true, false}, got)
}

func TestCheckArtifactName(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0123456789abcdef", 4)
	for _, good := range []string{
		"jars/x.jar", "files/x", "files/a/b.txt", "files/ü ö", "archives/x.zip", "archives/x.tar.gz#dir", "archives/x.tgz", "pyfiles/x.py", "pyfiles/x.egg",
		"classes/p/C.class", "cache/" + hash, "forward_to_fs/a", "forward_to_fs/a/b.parquet",
	} {
		require.NoError(t, connect.CheckArtifactName(good))
	}
	for name, want := range map[string]string{
		"": "must begin with a folder", "x": "must begin with a folder", "x.jar": "must begin with a folder", "/jars/x.jar": "must begin with a folder",
		"jars/": "must begin with a folder", "jars": "must begin with a folder", "JARS/x.jar": "must begin with a folder", "other/x": "must begin with a folder",
		"jars/../x.jar": "clean path", "files/./x": "clean path", "files//x": "clean path", "files/x/": "clean path", "files/..": "clean path",
		"jars/x.zip": "must end in .jar", "jars/.jar": "must end in .jar", "pyfiles/x.sh": "must end in", "archives/x": "must end in", "classes/C.java": "must end in",
		"files/x#y": "only an archive", "jars/x.jar#y": "only an archive", "archives/x.zip#": "only an archive", "archives/x.zip#a#b": "only an archive",
		`files\x`: "must begin with a folder", `files/a\b`: "backslash", "files/a\x00": "cannot be printed", "files/a\n": "cannot be printed", "files/\xff": "cannot be printed",
		"cache/x": "SHA-256", "cache/" + strings.ToUpper(hash): "SHA-256", "cache/" + hash + "0": "SHA-256", "files/" + strings.Repeat("x", 5000): "longer than",
	} {
		require.ErrorContains(t, connect.CheckArtifactName(name), want, name)
	}
}

func FuzzCheckArtifactName(f *testing.F) {
	for _, seed := range []string{"jars/x.jar", "files/../x", "archives/x.zip#y", "cache/0", "forward_to_fs/tmp/x", "x", "a\x00/b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if connect.CheckArtifactName(name) != nil {
			return
		}
		folder, rest, ok := strings.Cut(name, "/")
		require.True(t, ok)
		require.NotEmpty(t, folder)
		require.NotEmpty(t, rest)
		require.NotContains(t, "/"+name+"/", "/../")
		require.NotContains(t, "/"+name+"/", "//")
		require.False(t, strings.ContainsAny(name, "\\\x00\n"))
	})
}
