// Command bench measures the real program on this machine: the server as a child process with SQLite, the load from here over
// the loopback, and the bare engine in the same run, so that what the API costs over the engine is visible. It ends by itself
// within half an hour. docs/perf.md says what the numbers mean.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

// A plan is how much is measured.
type plan struct {
	small, large int           // documents
	each         time.Duration // of one measurement
}

func main() {
	only := flag.String("only", "",
		"notify: messages and pushes alone; ingest: a file of records alone; benefits: offers, claims and simulations alone; farms: a million households alone; villages: 717 villages closed alone")
	short := flag.Bool("short", false, "a quick look: fewer documents, a second each")
	flag.Parse()
	p := plan{small: 10_000, large: 100_000, each: 8 * time.Second}
	if *short {
		p = plan{small: 2_000, large: 10_000, each: time.Second}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	run := p.run
	switch *only {
	case "notify":
		run = func(ctx context.Context) error { return p.alone(ctx, p.notify) }
	case "benefits":
		run = func(ctx context.Context) error { return p.alone(ctx, p.benefits) }
	case "farms":
		run = func(ctx context.Context) error { return p.alone(ctx, p.farms) }
	case "villages":
		run = func(ctx context.Context) error { return p.alone(ctx, p.villages) }
	case "ingest":
		run = func(ctx context.Context) error { return p.alone(ctx, p.ingest) }
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// alone measures one thing.
func (p plan) alone(ctx context.Context, measure func(ctx context.Context, dir string) error) (err error) {
	dir, err := os.MkdirTemp("", "xinyi-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return measure(ctx, dir)
}

func (p plan) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "xinyi-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, "xinyi")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./server").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	engine, err := p.bare(ctx, filepath.Join(dir, "bare"))
	if err != nil {
		return fmt.Errorf("the bare engine: %w", err)
	}
	small, err := p.size(ctx, binary, filepath.Join(dir, "small"), p.small, true)
	if err != nil {
		return fmt.Errorf("%d bills: %w", p.small, err)
	}
	large, err := p.size(ctx, binary, filepath.Join(dir, "large"), p.large, false)
	if err != nil {
		return fmt.Errorf("%d bills: %w", p.large, err)
	}
	fmt.Printf("\nover the engine: GET bill %.2f of its reads, payment %.2f of its updates\n",
		small["GET bill, 64"].rate/engine["reads"], small["POST payment, 64"].rate/engine["updates"])
	for _, name := range []string{"GET bill, 64", "list of 20, 64", "POST payment, 64"} {
		fmt.Printf("processor per request at %d over %d documents: %-17s %.2f\n", p.large, p.small, name, large[name].cpu/small[name].cpu)
	}
	if err := p.notify(ctx, dir); err != nil {
		return err
	}
	if err := p.benefits(ctx, dir); err != nil {
		return err
	}
	if err := p.farms(ctx, dir); err != nil {
		return err
	}
	return p.villages(ctx, dir)
}

// size measures the server over a store of n bills. open adds the open model.
func (p plan) size(ctx context.Context, binary, dir string, n int, open bool) (results map[string]result, err error) {
	if err := fill(ctx, dir, n); err != nil {
		return nil, err
	}
	c, err := start(ctx, binary, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	fmt.Printf("\n%d bills; ready %d ms after its start, %d MiB at rest\n", n, c.ready.Milliseconds(), c.memory()>>20)
	fmt.Printf("%-24s %10s %9s %9s %9s\n", "", "per second", "p50 ms", "p99 ms", "CPU µs")
	l := &load{child: c, bills: n}
	if err := l.signIn(); err != nil {
		return nil, err
	}
	results = map[string]result{}
	both := func(name string, next func(int) request) error {
		for _, workers := range []int{1, 64} {
			if results[fmt.Sprintf("%s, %d", name, workers)], err = l.closed(ctx, fmt.Sprintf("%s, %d", name, workers), workers, p.each,
				next); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
	if err := both("GET bill", l.bill); err != nil {
		return nil, err
	}
	if err := both("list of 20", l.list); err != nil {
		return nil, err
	}
	if open {
		if _, err := l.open(ctx, "GET bill, open at 300/s", 300, p.each, l.bill); err != nil {
			return nil, err
		}
	}
	return results, both("POST payment", l.payment) // last: its confirmations come in while it runs and after
}
