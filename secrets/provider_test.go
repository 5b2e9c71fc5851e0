package secrets_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

var names atomic.Int64

// unique returns a name that no other test has.
func unique() string { return fmt.Sprintf("SPARKPIPE_TEST_%d", names.Add(1)) }

func TestEnv_conforms(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, func(*testing.T) secretstest.Fixture {
		return secretstest.Fixture{
			Provider: secrets.Env{},
			Put: func(t *testing.T, value string) secrets.Ref {
				name := unique()
				// Not t.Setenv, which is not for parallel tests: nobody else has the name.
				require.NoError(t, os.Setenv(name, value))
				t.Cleanup(func() { require.NoError(t, os.Unsetenv(name)) })
				return secrets.Ref{Provider: "env", Path: name}
			},
			Missing:     secrets.Ref{Provider: "env", Path: unique()},
			NoZeroBytes: true,
		}
	})
}

func TestEnv_refusesWhatIsNoName(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "A=B", "A\x00"} {
		_, err := secrets.Env{}.Fetch(t.Context(), secrets.Ref{Provider: "env", Path: path})
		require.ErrorIs(t, err, secrets.ErrInvalid)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	require.NoError(t, os.Chmod(path, mode)) // whatever the umask is
}

func TestFile_conforms(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, func(t *testing.T) secretstest.Fixture {
		dir := t.TempDir()
		ref := func(name string) secrets.Ref { return secrets.Ref{Provider: "file", Path: name} }
		return secretstest.Fixture{
			Provider: secrets.File{Root: dir},
			Put: func(t *testing.T, value string) secrets.Ref {
				name := "below/" + unique()
				write(t, filepath.Join(dir, name), value+"\n", 0o600)
				return ref(name)
			},
			Missing: ref("not/there"),
			Denied: func(t *testing.T) (secrets.Provider, secrets.Ref) {
				write(t, filepath.Join(dir, "open"), "canary", 0o640)
				return secrets.File{Root: dir}, ref("open")
			},
		}
	})
}

func TestFile_staysInItsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "outside"), "canary", 0o600)
	root := filepath.Join(dir, "root")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "folder"), 0o700))
	require.NoError(t, os.Symlink(filepath.Join(dir, "outside"), filepath.Join(root, "absolute")))
	require.NoError(t, os.Symlink("../outside", filepath.Join(root, "relative")))
	require.NoError(t, os.Symlink("..", filepath.Join(root, "up")))
	require.NoError(t, os.Symlink("loop", filepath.Join(root, "loop")))
	file := secrets.File{Root: root}
	for _, path := range []string{"../outside", "folder/../../outside", "absolute", "relative", "up/outside", "/etc/hostname", "loop", "folder", ".", ""} {
		secret, err := file.Fetch(t.Context(), secrets.Ref{Provider: "file", Path: path})
		require.Error(t, err, path)
		require.NotErrorIs(t, err, secrets.ErrNotFound, path)
		require.Zero(t, secret)
	}
	_, err := secrets.File{Root: filepath.Join(dir, "none")}.Fetch(t.Context(), secrets.Ref{Path: "x"})
	require.ErrorIs(t, err, secrets.ErrNotFound)
	require.ErrorContains(t, err, "open the folder of secrets")
}

func TestFile_rights(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // has no such rights
	}
	dir := t.TempDir()
	for mode, fits := range map[os.FileMode]bool{0o400: true, 0o600: true, 0o700: true, 0o440: false, 0o604: false, 0o620: false, 0o644: false} {
		name := fmt.Sprintf("%o", mode)
		write(t, filepath.Join(dir, name), "x", mode)
		_, err := secrets.File{Root: dir}.Fetch(t.Context(), secrets.Ref{Provider: "file", Path: name})
		if fits {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, secrets.ErrDenied)
			require.ErrorContains(t, err, "others than the owner may use the file (mode 0"+name+"); make it 0600, or set allow_readable")
		}
		secret, err := secrets.File{Root: dir, AllowReadable: true}.Fetch(t.Context(), secrets.Ref{Provider: "file", Path: name})
		require.NoError(t, err, name)
		require.Equal(t, "x", secret.Value.Reveal())
	}
}

// TestFile_projectedVolume has the links that Kubernetes makes, which it turns to
// another folder when a secret changes.
func TestFile_projectedVolume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "..2026_01", "password"), "one", 0o400)
	write(t, filepath.Join(dir, "..2026_02", "password"), "two", 0o400)
	require.NoError(t, os.Symlink("..2026_01", filepath.Join(dir, "..data")))
	require.NoError(t, os.Symlink("..data/password", filepath.Join(dir, "password")))
	read := func() string {
		secret, err := secrets.File{Root: dir}.Fetch(t.Context(), secrets.Ref{Provider: "file", Path: "password"})
		require.NoError(t, err)
		return secret.Value.Reveal()
	}
	require.Equal(t, "one", read())
	require.NoError(t, os.Symlink("..2026_02", filepath.Join(dir, "..tmp")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
	require.Equal(t, "two", read())
}

func TestFile_text(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for text, want := range map[string]string{"x": "x", "x\n": "x", "x\r\n": "x", "x\n\n": "x\n", "\n": "", "": "", "\tx": "\tx"} {
		write(t, filepath.Join(dir, "f"), text, 0o600)
		secret, err := secrets.File{Root: dir}.Fetch(t.Context(), secrets.Ref{Provider: "file", Path: "f"})
		require.NoError(t, err)
		require.Equal(t, want, secret.Value.Reveal(), "%q", text)
	}
	write(t, filepath.Join(dir, "f"), string(make([]byte, 1<<20+1)), 0o600)
	_, err := secrets.File{Root: dir}.Fetch(t.Context(), secrets.Ref{Provider: "file", Path: "f"})
	require.ErrorContains(t, err, "more than 1048576 bytes")
}

// shell is a program of a few lines.
func shell(script string, args ...string) secrets.Exec {
	return secrets.Exec{Command: "sh", Args: append([]string{"-c", script, "sh"}, args...)}
}

func TestExec_conforms(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, func(t *testing.T) secretstest.Fixture {
		dir := t.TempDir()
		provider := shell(`[ -z "$SPARKPIPE_SECRET_VERSION" ] || exit 66; [ -e "$0/$1" ] || exit 66; cat "$0/$1"; echo; echo canary >&2`)
		provider.Args = []string{"-c", provider.Args[1], dir, "{path}"}
		ref := func(name string) secrets.Ref { return secrets.Ref{Provider: "exec", Path: name} }
		ends := func(status int) func(*testing.T) (secrets.Provider, secrets.Ref) {
			return func(*testing.T) (secrets.Provider, secrets.Ref) {
				return shell(fmt.Sprintf("echo canary; exit %d", status)), ref("x")
			}
		}
		return secretstest.Fixture{
			Provider: provider,
			Put: func(t *testing.T, value string) secrets.Ref {
				name := unique()
				write(t, filepath.Join(dir, name), value, 0o600)
				return ref(name)
			},
			Missing: ref("none"), Denied: ends(secrets.ExitDenied), Unavailable: ends(secrets.ExitTemporary),
		}
	})
}

func TestExec_whatTheProgramGets(t *testing.T) {
	t.Parallel()
	ref := secrets.Ref{Provider: "mine", Path: "a b/$(c)", Key: `k"`, Version: "3"}
	for script, want := range map[string]string{
		`echo "$1|$2|$3|$4"`: `a b/$(c)|--key=k"|3|secret://mine/a%20b/$(c)?version=3#k"`,
		`echo "$SPARKPIPE_SECRET_PATH|$SPARKPIPE_SECRET_KEY|$SPARKPIPE_SECRET_VERSION"`: `a b/$(c)|k"|3`,
		`cat`: `{"provider":"mine","path":"a b/$(c)","key":"k\"","version":"3"}`,
	} {
		secret, err := shell(script, "{path}", "--key={key}", "{version}", "{ref}").Fetch(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, want, secret.Value.Reveal(), script)
	}
}

func TestExec_faults(t *testing.T) {
	t.Parallel()
	ref := secrets.Ref{Provider: "exec", Path: "x"}
	slow := shell("echo canary; sleep 60")
	slow.Timeout = 50 * time.Millisecond
	for name, c := range map[string]struct {
		exec secrets.Exec
		want error
		text string
	}{
		"fails":       {shell("echo canary; echo canary >&2; exit 3"), nil, "the program ended with exit status 3; what it prints is not shown"},
		"denied":      {shell("exit 77"), secrets.ErrDenied, "exit status 77"},
		"unavailable": {shell("exit 69"), secrets.ErrUnavailable, "exit status 69"},
		"slow":        {slow, secrets.ErrUnavailable, "did not end within 50ms"},
		"too much":    {shell("echo canary; head -c 2000000 /dev/zero"), secrets.ErrInvalid, "more than 1048576 bytes"},
		"not there":   {secrets.Exec{Command: "no-such-program-here"}, nil, "no-such-program-here"},
		"a signal":    {shell("kill -9 $$"), nil, "signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, err := c.exec.Fetch(t.Context(), ref)
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.ErrorContains(t, err, c.text)
			require.Zero(t, secret)
			secretstest.RequireHidden(t, "canary", err)
		})
	}
	_, err := shell("echo x", "{path}").Fetch(t.Context(), secrets.Ref{Provider: "exec", Path: "--all"})
	require.ErrorIs(t, err, secrets.ErrInvalid, "a path is no option")
}
