package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// fullDisk fills the disk under a running server: it says so, refuses what would write, goes on reading, and is well again by itself when
// there is room. The disk is a small one in memory; where none can be mounted the round is skipped.
func fullDisk(ctx context.Context, p plan, t *tally) error {
	disk := filepath.Join(p.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	if err := mount(disk, 192<<20); err != nil {
		t.skipped = fmt.Sprint("no small disk can be mounted: ", err)
		return nil
	}
	defer func() {
		if err := unmount(disk); err != nil {
			t.fault("unmount: %v", err)
		}
	}()
	dir := filepath.Join(disk, "city")
	if err := copyInto(dir, p.city); err != nil {
		return err
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
	for range 2 {
		if err := s.fills(ctx, t, disk, token); err != nil {
			return err
		}
	}
	return nil
}

// fills fills the disk once and makes room again.
func (s *program) fills(ctx context.Context, t *tally, disk, token string) error {
	filler := filepath.Join(disk, "filler")
	writes := call{base: s.url, token: token, method: "POST", path: "/v1/me/medical/code"}
	reads := call{base: s.url, token: token, method: "GET", path: "/v1/me/inbox"}
	var last reply
	full := until(ctx, patience, func() bool {
		if err := cram(filler); err != nil {
			return false
		}
		var err error
		last, err = writes.say(ctx)
		if err != nil {
			return false
		}
		t.saw("a write on a full disk", last.status, http.StatusServiceUnavailable)
		return last.status == http.StatusServiceUnavailable && s.ready(ctx) == http.StatusServiceUnavailable
	})
	t.wants(full, "a full disk: the last write was %s, readiness is %d", last.refusal(), s.ready(ctx))
	t.wants(last.body["reason"] == "store.full" || last.body["reason"] == "store.io", "a full disk is called %v", last.body["reason"])
	for range 50 {
		got, err := reads.say(ctx)
		if err != nil {
			return err
		}
		t.saw("a read on a full disk", got.status)
		t.wants(got.status == http.StatusOK, "a read on a full disk: %s", got.refusal())
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	t.wants(until(ctx, patience, func() bool {
		got, err := writes.say(ctx)
		if err == nil {
			t.saw("a write after a full disk", got.status, http.StatusServiceUnavailable)
		}
		return err == nil && got.status == http.StatusCreated && s.ready(ctx) == http.StatusOK
	}), "it is not well again though there is room")
	return nil
}

// cram writes to a file until nothing more fits.
func cram(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for size := 1 << 20; size > 0; size /= 4 {
		block := make([]byte, size)
		for {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
	time.Sleep(10 * time.Millisecond)
	return f.Close()
}
