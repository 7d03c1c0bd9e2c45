package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// left are operations that would end who asks, or move the time for everybody.
var left = []string{"DELETE /v1/me", "DELETE /v1/me/sessions", "DELETE /v1/me/sessions/{id}", "POST /v1/sandbox/clock"}

// A matrix is everybody × every operation of a server.
type matrix struct {
	*program
	document
	t    *tally
	ids  pool
	lot  *rand.Rand
	most int
}

// authority asks every operation as everybody: who lacks the role, has no token or a forged one gets nothing; what is other people's is as
// what does not exist; nothing breaks.
func authority(ctx context.Context, p plan, t *tally) error {
	s, err := p.copyServed(ctx, "authority", 0)
	if err != nil {
		return err
	}
	defer s.done(t)
	x := matrix{program: s, t: t, ids: pool{}, lot: p.lot(), most: p.most}
	if x.document, err = s.read(ctx); err != nil {
		return err
	}
	all, err := s.personas(ctx)
	if err != nil {
		return err
	}
	fakes, err := s.forged(ctx, all[0].token)
	if err != nil {
		return err
	}
	x.look(ctx, all)
	x.refuses(ctx, all, fakes)
	x.apart(ctx, all)
	x.works(ctx, all)
	return nil
}

// drawn are pairs of an operation and a persona, in an order drawn by lot, so many at most.
func (x *matrix) drawn(people []persona, most int, fit func(operation, persona) bool) []pair {
	var pairs []pair
	for _, o := range x.operations {
		for _, p := range people {
			if fit(o, p) && !slices.Contains(left, o.String()) {
				pairs = append(pairs, pair{o, p, x.lot.Uint64()})
			}
		}
	}
	x.lot.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return pairs[:min(len(pairs), most)]
}

type pair struct {
	operation
	persona
	seed uint64
}

// asks makes a call at the listener that has the operation, and counts it.
func (x *matrix) asks(ctx context.Context, a pair, path string, body any, header ...string) reply {
	base := x.url
	if a.inside {
		base = x.operators
	}
	got, err := call{base: base, token: a.token, method: a.method, path: path, body: body, header: header}.say(ctx)
	if err != nil {
		if ctx.Err() == nil {
			x.t.fault("%s as %s: %v", a.operation, a.name, err)
		}
		return reply{}
	}
	x.t.saw(a.String()+" as "+a.name, got.status)
	return got
}

// look reads every list as everybody who may, and keeps the ids that are shown.
func (x *matrix) look(ctx context.Context, all []persona) {
	pairs := x.drawn(all, x.most/6, func(o operation, p persona) bool {
		return o.method == http.MethodGet && !strings.Contains(o.path, "{") && (o.roles == nil && p.name == all[0].name || p.holds(o.roles))
	})
	everywhere(ctx, len(pairs), 8, func(i int) {
		path := pairs[i].path
		if pairs[i].limited {
			path += "?limit=100"
		}
		got := x.asks(ctx, pairs[i], path, nil)
		if got.status == http.StatusOK {
			x.t.mu.Lock()
			x.ids.add(pairs[i].path, pairs[i].name, got.body)
			x.t.mu.Unlock()
		}
	})
}

// an is an id for an operation, of those that fit, "x" when there is none.
func (x *matrix) an(o operation, lot *rand.Rand, fit func(shownTo map[string]bool) bool) string {
	var fitting []string
	for id, to := range x.ids.near(o.path) {
		if fit(to) {
			fitting = append(fitting, id)
		}
	}
	if len(fitting) == 0 {
		return "x"
	}
	slices.Sort(fitting)
	return fitting[lot.IntN(len(fitting))]
}

func anybodys(map[string]bool) bool { return true }

// refuses asks as those who may not.
func (x *matrix) refuses(ctx context.Context, all, fakes []persona) {
	pairs := x.drawn(append(slices.Clone(all), fakes...), x.most/2, func(o operation, p persona) bool {
		return o.roles != nil && !p.holds(o.roles)
	})
	everywhere(ctx, len(pairs), 8, func(i int) {
		o, p, lot := pairs[i].operation, pairs[i].persona, rand.New(rand.NewPCG(pairs[i].seed, 1))
		var header []string
		if lot.IntN(2) == 0 { // saying that one has the role gives nothing
			header = []string{"X-Acting-As", o.roles[lot.IntN(len(o.roles))]}
		}
		got := x.asks(ctx, pairs[i], filled(o.path, x.an(o, lot, anybodys), lot), x.plausible(o), header...)
		want := http.StatusForbidden
		if p.roles == nil {
			want = http.StatusUnauthorized
		}
		x.t.wants(got.status == want || got.status == 0 && ctx.Err() != nil, "%s as %s %v: %d, want %d", o, p.name, p.roles, got.status, want)
		if i%16 == 0 && o.inside {
			public := call{base: x.url, token: p.token, method: o.method, path: filled(o.path, "x", lot)}
			if got, err := public.say(ctx); err == nil {
				x.t.wants(got.status == http.StatusNotFound, "%s on the public listener: %d", o, got.status)
			}
		}
	})
}

// plausible is a body for an operation.
func (x *matrix) plausible(o operation) any {
	if o.schema == nil {
		return nil
	}
	return x.body(o.schema, "", 0, func(_ string, _ m, v any) any { return v })
}

// apart asks for what was shown to others alone: as for what does not exist, unless the asker's office reaches it.
func (x *matrix) apart(ctx context.Context, all []persona) {
	pairs := x.drawn(all, x.most/12, func(o operation, p persona) bool { return p.holds(o.roles) && strings.Contains(o.path, "{") })
	everywhere(ctx, len(pairs), 8, func(i int) {
		o, p, lot := pairs[i].operation, pairs[i].persona, rand.New(rand.NewPCG(pairs[i].seed, 2))
		id := x.an(o, lot, func(to map[string]bool) bool { return !to[p.name] })
		if id == "x" || x.ids.knows(p.name, o.path, id) {
			return
		}
		body := x.plausible(o)
		theirs := x.asks(ctx, pairs[i], filled(o.path, id, rand.New(rand.NewPCG(pairs[i].seed, 3))), body)
		none := x.asks(ctx, pairs[i], filled(o.path, missing(id), rand.New(rand.NewPCG(pairs[i].seed, 3))), body)
		switch {
		case ctx.Err() != nil || theirs.refusal() == none.refusal():
		case owned(o.path) && o.method == http.MethodGet && theirs.status/100 == 2,
			theirs.status == http.StatusForbidden && !x.reads(ctx, o, p, id):
			x.t.fault("%s as %s %v: %s of another is %s, one that is not there %s", o, p.name, p.roles, id, theirs.refusal(), none.refusal())
		}
	})
}

// owned says whether a path is of what belongs to the one who asks alone, a person or a partner's system.
func owned(path string) bool {
	return slices.ContainsFunc([]string{"/v1/me/", "/v1/his/", "/v1/bank/", "/v1/provider/"}, func(p string) bool {
		return strings.HasPrefix(path, p)
	})
}

// reads says whether a persona may read what an operation is about, wherever it is shown: then a refusal to act on it tells nothing new.
func (x *matrix) reads(ctx context.Context, o operation, p persona, id string) bool {
	item := o.path[:strings.IndexByte(o.path, '}')+1]
	return slices.ContainsFunc(x.operations, func(shows operation) bool {
		if shows.method != http.MethodGet || !strings.HasPrefix(shows.path, item) || strings.Count(shows.path, "{") > 1 {
			return false
		}
		got, err := call{base: x.url, token: p.token, method: http.MethodGet, path: filled(shows.path, id, nil)}.say(ctx)
		return err == nil && got.status/100 == 2
	})
}

// works lets everybody do what they may, with bodies that are only plausible: some of it is refused, none of it breaks anything.
func (x *matrix) works(ctx context.Context, all []persona) {
	pairs := x.drawn(all, x.most/6, func(o operation, p persona) bool { return o.roles == nil || p.holds(o.roles) })
	everywhere(ctx, len(pairs), 8, func(i int) {
		o, p, lot := pairs[i].operation, pairs[i].persona, rand.New(rand.NewPCG(pairs[i].seed, 4))
		id := x.an(o, lot, func(to map[string]bool) bool { return to[p.name] || lot.IntN(2) == 0 })
		x.asks(ctx, pairs[i], filled(o.path, id, lot), x.plausible(o))
	})
}
