// Command attack turns what is known against this program on the real program: it builds it, starts it on loopback over the demo city, and
// goes at it in rounds: authority × routes, bombs, framing, keys, kill -9, a full disk. It prints one table and exits 1 on any fault.
// docs/threats.md says which guard holds each threat.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A plan is how much is tried.
type plan struct {
	seed   uint64
	most   int           // requests of authority × routes
	kills  int           // rounds of kill -9
	within time.Duration // of everything
	quick  bool
	memory int64 // bytes a server may take up
	dir    string
	binary string
	city   string // folder of the demo city that each round copies
}

// rounds in the order they are run.
var rounds = []struct {
	name string
	run  func(context.Context, plan, *tally) error
}{
	{"authority", authority}, {"bombs", bombs}, {"framing", framing}, {"keys", keys}, {"kill -9", kills}, {"full disk", fullDisk},
}

func main() {
	var p plan
	only := flag.String("only", "", "the rounds to run, with commas: authority, bombs, framing, keys, kill -9, full disk")
	flag.Uint64Var(&p.seed, "seed", 1, "what is drawn by lot is drawn from this")
	flag.IntVar(&p.most, "requests", 100_000, "requests of authority × routes, at most")
	flag.IntVar(&p.kills, "kills", 5, "rounds of kill -9")
	flag.DurationVar(&p.within, "within", 10*time.Minute, "time for everything; what is not done by then is a fault")
	flag.BoolVar(&p.quick, "quick", false, "a minute's worth: fewer requests, one kill")
	flag.StringVar(&p.binary, "binary", "", "the program, instead of building it")
	flag.Parse()
	p.memory = 512 << 20
	if p.quick {
		p.most, p.kills, p.within = min(p.most, 6_000), min(p.kills, 1), min(p.within, time.Minute)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	faults, err := p.run(ctx, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
	}
	if err != nil || faults > 0 {
		os.Exit(1)
	}
}

// run prepares, goes through the rounds, prints the table and answers how many faults there were.
func (p plan) run(ctx context.Context, only string) (faults int, err error) {
	if p.dir, err = os.MkdirTemp("", "xinyi-attack-*"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(p.dir)) }()
	if err := p.prepare(ctx); err != nil {
		return 0, err
	}
	fmt.Printf("seed %d, at most %d MiB a server, at most %v\n\n%-10s %9s %5s %7s %9s %8s\n", p.seed, p.memory>>20, p.within,
		"round", "requests", "5xx", "faults", "peak MiB", "seconds")
	for _, r := range rounds {
		if only == "" || slices.Contains(strings.Split(only, ","), r.name) {
			begun := time.Now()
			t := p.round(ctx, r.run)
			faults += t.print(r.name, time.Since(begun))
		}
	}
	return faults, ctx.Err()
}

// prepare builds the program, unless there is one, and makes the city once.
func (p *plan) prepare(ctx context.Context) error {
	if p.binary == "" {
		p.binary = filepath.Join(p.dir, "xinyi")
		build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", p.binary, "xinyi/server")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	p.city = filepath.Join(p.dir, "city")
	if code, out := p.command(ctx, p.city, "seed"); code != 0 {
		return fmt.Errorf("seed: %s", out)
	}
	return nil
}

// round runs one round, and looks what it has taken up.
func (p plan) round(ctx context.Context, run func(context.Context, plan, *tally) error) *tally {
	t := &tally{}
	if err := run(ctx, p, t); err != nil {
		t.fault("the round ended: %v", err)
	}
	t.wants(t.peak <= p.memory, "%d MiB were taken up", t.peak>>20)
	return t
}

// lot draws what a round draws: the same with the same seed.
func (p plan) lot() *rand.Rand { return rand.New(rand.NewPCG(p.seed, 0)) }
