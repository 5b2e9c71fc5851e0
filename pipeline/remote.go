package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// RemoteOptions are [Pipeline.SessionOptions] with TLS and the token, for the
// server of spark.remote and no other. A relative file is looked for in the
// working directory, then beside the pipeline's file; so is a program that is
// given as a path.
func (p *Pipeline) RemoteOptions() *dataflow.ConnectOptions {
	opts := p.SessionOptions()
	secure(opts, p.Spark)
	if tls := opts.TLS; tls != nil {
		tls.CAFile, tls.CertFile, tls.KeyFile = p.beside(tls.CAFile), p.beside(tls.CertFile), p.beside(tls.KeyFile)
	}
	opts.Token.File = p.beside(opts.Token.File)
	if command := opts.Token.Command; len(command) > 0 && strings.ContainsRune(command[0], filepath.Separator) {
		opts.Token.Command = slices.Clone(command)
		opts.Token.Command[0] = p.program(command[0])
	}
	return opts
}

// secure sets TLS and the token as they are written.
func secure(opts *dataflow.ConnectOptions, spark config.Spark) {
	if tls := spark.TLS; tls != nil {
		opts.TLS = &dataflow.TLSOptions{CAFile: tls.CAFile, CertFile: tls.CertFile, KeyFile: tls.KeyFile, ServerName: tls.ServerName}
	}
	opts.Token = dataflow.TokenOptions{
		Value: spark.Token, File: spark.TokenFile, Command: spark.TokenCommand, AllowPlaintext: spark.AllowPlaintextToken,
	}
}

// beside finds a file of this machine as [dataflow.Session] finds inputs: the
// first folder that has it wins.
func (p *Pipeline) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	for _, dir := range inputDirs(p.File) {
		if found := filepath.Join(dir, path); exists(found) {
			return found
		}
	}
	return path
}

// program is beside for a program. In the working directory it keeps the "./"
// without which it would be looked for in PATH.
func (p *Pipeline) program(path string) string {
	if exists(path) {
		return path
	}
	found := p.beside(path)
	if abs, err := filepath.Abs(found); err == nil {
		return abs
	}
	return found
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// remoteFaults are the faults of the connection string, TLS and the token that
// no server is needed to find.
func remoteFaults(spark config.Spark) []error {
	var opts dataflow.ConnectOptions
	secure(&opts, spark)
	var faults []error
	for _, fault := range split(opts.Validate(spark.Remote.Reveal())) {
		faults = append(faults, fmt.Errorf("spark.remote: %w", fault))
	}
	return faults
}

// strayFaults refuse TLS and a token without the server that they are for: a
// token must not go to whichever server the environment names.
func strayFaults(spark config.Spark) []error {
	var faults []error
	for _, key := range []struct {
		name  string
		given bool
	}{
		{"tls", spark.TLS != nil},
		{"token", !spark.Token.IsZero()},
		{"token_file", spark.TokenFile != ""},
		{"token_command", spark.TokenCommand != nil},
		{"allow_plaintext_token", spark.AllowPlaintextToken},
	} {
		if key.given {
			faults = append(faults, fmt.Errorf("spark.%s: only for a server that is named by spark.remote", key.name))
		}
	}
	return faults
}
