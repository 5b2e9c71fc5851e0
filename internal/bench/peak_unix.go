//go:build unix

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// peakMB is the peak resident memory of a process that has ended, 0 when
// unknown.
func peakMB(state *os.ProcessState) float64 {
	used, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(used.Maxrss) / (1 << 20) // bytes there, KiB elsewhere
	}
	return float64(used.Maxrss) / (1 << 10)
}

// ownPeakMB is the peak of this process, 0 when unknown. The process's own
// rusage would do on no Linux: it includes that of whoever started it.
func ownPeakMB() float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kib); n == 1 {
			return kib / (1 << 10)
		}
	}
	return 0
}
