//go:build unix

package main

import "golang.org/x/sys/unix"

// fileLimit are how many files the process may have open, and how many it could be allowed. The Go runtime has raised the first
// to the second when the program began.
func fileLimit() (soft, hard uint64, known bool) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, 0, false
	}
	return uint64(l.Cur), uint64(l.Max), true //nolint:unconvert // signed on some systems
}
