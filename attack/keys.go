package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// openers are the commands that open a store; when there is little time, those that would write first.
func (p plan) openers() []string {
	all := []string{"serve", "keys create", "keys reencrypt", "demo", "seed", "migrate", "doctor",
		"operator 19900000001", "audit verify", "keys retire", "check"}
	if p.quick {
		return all[:3]
	}
	return all
}

// keys takes the key files away, puts others in their place, and retires them too early.
func keys(ctx context.Context, p plan, t *tally) error {
	for _, try := range []func(context.Context, plan, *tally) error{gone, foreign, tooEarly, emptyFolder} {
		if err := try(ctx, p, t); err != nil {
			return err
		}
	}
	return nil
}

// tries runs a command, counts it, and says whether it was refused.
func (p plan) tries(ctx context.Context, t *tally, dir, line string) (refused bool, out string) {
	code, out := p.command(ctx, dir, strings.Fields(line)...)
	t.saw(line, 200)
	return code != 0, out
}

// gone: without its keys nothing opens a store that holds something, and nothing makes new ones.
func gone(ctx context.Context, p plan, t *tally) error {
	dir, err := p.copied("gone")
	if err == nil {
		err = os.Remove(filepath.Join(dir, "keys.json"))
	}
	if err != nil {
		return err
	}
	for _, line := range p.openers() {
		refused, out := p.tries(ctx, t, dir, line)
		t.wants(refused, "without its keys: %s went on: %.200s", line, out)
		if _, err := os.Stat(filepath.Join(dir, "keys.json")); err == nil {
			t.fault("%s made new keys over a full store", line)
			return nil
		}
	}
	return nil
}

// foreign: another store's keys open nothing.
func foreign(ctx context.Context, p plan, t *tally) error {
	dir, err := p.copied("foreign")
	if err != nil {
		return err
	}
	other := filepath.Join(p.dir, "other")
	if code, out := p.command(ctx, other, "keys", "create"); code != 0 {
		t.fault("keys of another store: %s", out)
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(other, "keys.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "keys.json"), raw, 0o600)
	}
	if err != nil {
		return err
	}
	for _, line := range p.openers() {
		refused, out := p.tries(ctx, t, dir, line)
		t.wants(refused, "with another store's keys: %s went on: %.200s", line, out)
	}
	return nil
}

// tooEarly: right after a rotation the older keys cannot be retired; after re-encrypting they can, and everybody is still known.
func tooEarly(ctx context.Context, p plan, t *tally) error {
	dir, err := p.copied("early")
	if err != nil {
		return err
	}
	for _, step := range []struct {
		line    string
		refused bool
	}{
		{"keys prepare", false}, {"keys rotate", false}, {"keys retire", true}, {"doctor", false},
		{"keys reencrypt", false}, {"keys retire", false}, {"doctor", false},
	} {
		refused, out := p.tries(ctx, t, dir, step.line)
		t.wants(refused == step.refused, "%s: refused %v: %.300s", step.line, refused, out)
	}
	s, err := p.serve(ctx, dir, 0)
	if err != nil {
		return err
	}
	defer s.done(t)
	token, err := s.signIn(ctx, "19900000001")
	if err != nil {
		return err
	}
	me, err := call{base: s.url, token: token, method: "GET", path: "/v1/me"}.must(ctx)
	t.wants(err != nil || me["name"] == "周晓兰", "after a rotation the first resident is %v", me["name"])
	return err
}

// emptyFolder: a checker makes nothing.
func emptyFolder(ctx context.Context, p plan, t *tally) error {
	dir := filepath.Join(p.dir, "empty")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	paper := filepath.Join(p.dir, "paper.pdf")
	if err := os.WriteFile(paper, []byte("%PDF-1.7\n"), 0o600); err != nil {
		return err
	}
	for _, line := range []string{"verify " + paper, "audit verify", "audit check " + paper, "doctor", "check", "recompute " + paper} {
		_, out := p.tries(ctx, t, dir, line)
		left, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		t.wants(len(left) == 0, "%s made %v: %.200s", line, left, out)
	}
	return nil
}
