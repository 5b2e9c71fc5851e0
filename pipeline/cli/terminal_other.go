//go:build !unix

package cli

import "os"

// resumptions tells nothing: processes are not stopped here.
func resumptions() (<-chan os.Signal, func()) { return nil, func() {} }
