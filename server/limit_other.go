//go:build !unix

package main

// fileLimit are not bounded by the process here.
func fileLimit() (soft, hard uint64, known bool) { return 0, 0, false }
