package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// shown is how many faults of a round are printed.
const shown = 40

// A tally is what a round has seen. Several may count at once.
type tally struct {
	mu       sync.Mutex
	requests int
	failed   int // answers of 500 and above that were not expected
	faults   []string
	peak     int64  // bytes a server has taken up
	skipped  string // why the round, or a part of it, could not be run
}

// fault notes what should not be; the same twice is noted once.
func (t *tally) fault(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text := fmt.Sprintf(format, args...); !slices.Contains(t.faults, text) {
		t.faults = append(t.faults, text)
	}
}

// wants notes a fault unless ok.
func (t *tally) wants(ok bool, format string, args ...any) {
	if !ok {
		t.fault(format, args...)
	}
}

// saw counts an answer. One of 500 and above is a fault, but for a 503 that the round is about.
func (t *tally) saw(what string, status int, expected ...int) {
	t.mu.Lock()
	t.requests++
	bad := status >= 500 && !slices.Contains(expected, status)
	if bad {
		t.failed++
	}
	t.mu.Unlock()
	t.wants(!bad, "%s: %d", what, status)
}

// print writes the round's line, and below it what was wrong. It answers how many faults there were.
func (t *tally) print(name string, took time.Duration) int {
	peak := "–"
	if t.peak > 0 {
		peak = fmt.Sprint(t.peak >> 20)
	}
	fmt.Printf("%-10s %9d %5d %7d %9s %8.1f", name, t.requests, t.failed, len(t.faults), peak, took.Seconds())
	if t.skipped != "" {
		fmt.Printf("  skipped: %s", t.skipped)
	}
	fmt.Println()
	for i, f := range t.faults {
		if i == shown {
			fmt.Printf("    and %d more\n", len(t.faults)-shown)
			break
		}
		fmt.Printf("    %.400s\n", f)
	}
	return len(t.faults)
}
