package flows

import (
	"context"
	"sync"
)

// Beat is the nth beat of Run, and waits for what it began.
func (s *Sweep) Beat(ctx context.Context, n int) {
	var group sync.WaitGroup
	defer group.Wait()
	s.beat(ctx, n, &group)
}

// Rereading is how many beats pass until the next collection is read anew.
const Rereading = rereading
