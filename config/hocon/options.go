package hocon

import "os"

// Options changes how documents are read. A nil *Options means the defaults.
type Options struct {
	// Warn is told what is legal and yet worth a look, such as an include of a
	// file that does not exist. Default nil: nobody is told. It is called while
	// parsing, on the same goroutine.
	Warn func(msg string)
	// Env looks up environment variables for substitutions. Default
	// [os.LookupEnv]. It is used by [Load] and [HOCON.Unmarshal] only.
	Env func(name string) (value string, ok bool)
	// Dir is the directory that the includes of a document without a file are
	// relative to. Default: the working directory. Included files are relative
	// to the file that includes them.
	Dir string

	_ struct{}
}

// withDefaults returns a copy with every field set.
func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Warn == nil {
		out.Warn = func(string) {}
	}
	if out.Env == nil {
		out.Env = os.LookupEnv
	}
	return out
}
