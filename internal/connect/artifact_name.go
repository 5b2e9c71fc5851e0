package connect

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
)

// Folders of artifacts. Spark stores an artifact in any other folder, or in
// none, and makes no use of it.
const (
	folderJars       = "jars"
	folderFiles      = "files"
	folderArchives   = "archives"
	folderPyFiles    = "pyfiles"
	folderClasses    = "classes"
	folderCache      = "cache"
	folderForwardFS  = "forward_to_fs"
	sha256HexLen     = 64
	maxArtifactName  = 4096
	artifactNameHelp = "jars/x.jar, files/x, archives/x.zip, pyfiles/x.py, classes/p/C.class, cache/<sha256>, forward_to_fs/<path>"
)

// artifactEndings are the file name endings that Spark makes use of by folder.
var artifactEndings = map[string][]string{
	folderJars:     {".jar"},
	folderArchives: {".zip", ".jar", ".tar.gz", ".tgz", ".tar"},
	folderPyFiles:  {".py", ".zip", ".egg", ".jar"},
	folderClasses:  {".class"},
}

// CheckArtifactName returns an error for a name that Spark would refuse, or
// accept and then ignore: it takes a name without a folder silently, for
// example.
func CheckArtifactName(name string) error {
	if err := checkArtifactName(name); err != nil {
		return fmt.Errorf("the artifact name %q: %w", name, err)
	}
	return nil
}

func checkArtifactName(name string) error {
	folder, rest, _ := strings.Cut(name, "/")
	switch {
	case len(name) > maxArtifactName:
		return fmt.Errorf("it is longer than %d bytes", maxArtifactName)
	case rest == "" || !slices.Contains([]string{
		folderJars, folderFiles, folderArchives, folderPyFiles, folderClasses, folderCache, folderForwardFS,
	}, folder):
		return errors.New("it must begin with a folder that says what the artifact is for: " + artifactNameHelp)
	case path.Clean(name) != name || strings.HasPrefix(path.Clean(rest), ".."):
		return errors.New(`it must be a clean path: no "..", no "." and no empty part`)
	case strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || r == unicode.ReplacementChar || unicode.IsControl(r) }):
		return errors.New("it holds a backslash or a character that cannot be printed")
	case folder == folderCache:
		return checkHash(rest)
	}
	return checkEnding(folder, rest)
}

func checkHash(text string) error {
	if len(text) != sha256HexLen || strings.Trim(text, "0123456789abcdef") != "" {
		return fmt.Errorf("after cache/ comes a SHA-256 in %d lower-case hexadecimal digits", sha256HexLen)
	}
	return nil
}

func checkEnding(folder, rest string) error {
	if folder == folderForwardFS {
		return nil
	}
	base, alias, hasAlias := strings.Cut(rest, "#")
	if hasAlias && (folder != folderArchives || alias == "" || strings.Contains(alias, "#")) {
		return errors.New(`only an archive takes "#", once and with the folder that it is unpacked to behind it`)
	}
	endings := artifactEndings[folder]
	if len(endings) > 0 && !slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(base, e) && base != e }) {
		return fmt.Errorf("in %s/ the name must end in %s", folder, strings.Join(endings, ", "))
	}
	return nil
}
