package localspark

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// environ is an environment in the form of [os.Environ]. The last entry of a
// name counts, as for [os/exec.Cmd].
type environ []string

func (e environ) get(name string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(e[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// with returns a copy with the settings added and the names in drop left out.
func (e environ) with(drop []string, add ...string) []string {
	out := make([]string, 0, len(e)+len(add))
next:
	for _, entry := range e {
		for _, name := range drop {
			if strings.HasPrefix(entry, name+"=") {
				continue next
			}
		}
		out = append(out, entry)
	}
	return append(out, add...)
}

// lookPath finds a program in PATH of this environment. It returns "" when
// there is none.
func (e environ) lookPath(name string) string {
	for _, dir := range filepath.SplitList(e.get("PATH")) {
		if dir == "" || !filepath.IsAbs(dir) {
			continue // the working folder is no place to take programs from
		}
		file := filepath.Join(dir, name)
		if isExecutable(file) {
			return file
		}
	}
	return ""
}

func isExecutable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// userCacheDir is [os.UserCacheDir] for this environment.
func (e environ) userCacheDir() (string, error) {
	home := e.get("HOME")
	if runtime.GOOS == "darwin" {
		if home == "" {
			return "", errors.New("$HOME is not defined")
		}
		return filepath.Join(home, "Library", "Caches"), nil
	}
	if dir := e.get("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if home == "" {
		return "", errors.New("neither $XDG_CACHE_HOME nor $HOME is defined")
	}
	return filepath.Join(home, ".cache"), nil
}
