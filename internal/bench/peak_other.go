//go:build !unix

package main

import "os"

// peakMB is not known on this system.
func peakMB(*os.ProcessState) float64 { return 0 }

// ownPeakMB is not known on this system.
func ownPeakMB() float64 { return 0 }
