package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Spark   string `json:"spark"`
}

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of the Spark it starts by default",
		Args:  wantArgs(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			v := a.version()
			if a.json {
				return a.printJSON(v)
			}
			commit := ""
			if v.Commit != "" {
				commit = " (" + v.Commit + ")"
			}
			_, err := fmt.Fprintf(a.stdout, "%s %s%s, %s %s/%s, starts Spark %s\n", a.opts.Name, v.Version, commit, v.Go, v.OS, v.Arch, v.Spark)
			return err
		},
	}
	a.jsonFlag(cmd, "print one JSON object")
	return cmd
}

func (a *app) version() versionInfo {
	v := versionInfo{Version: a.opts.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Spark: localspark.DefaultVersion}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if v.Version == "" {
		v.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			v.Commit = setting.Value
		}
	}
	return v
}
