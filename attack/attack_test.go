package main

import (
	"testing"
	"time"
)

// The quick half of every round, against the real program.
func TestQuickHalf(t *testing.T) {
	p := plan{seed: 1, most: 2_000, kills: 1, within: 2 * time.Minute, quick: true, memory: 512 << 20, dir: t.TempDir()}
	if err := p.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range rounds {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			seen := p.round(t.Context(), r.run)
			for _, f := range seen.faults {
				t.Error(f)
			}
			t.Logf("%d requests, %d MiB, %v", seen.requests, seen.peak>>20, time.Since(begun).Round(100*time.Millisecond))
			if seen.skipped != "" {
				t.Skip(seen.skipped)
			}
		})
	}
}
