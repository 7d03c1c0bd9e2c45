package main

import (
	"bytes"
	"strings"
	"testing"

	"xinyi/payments"
	"xinyi/seed"
)

// What the sandbox's channel has accepted it knows after a restart: a query finds it paid, not closed.
func TestChannelRemembersOrders(t *testing.T) {
	t.Parallel()
	cfg := settingsOf(t, cityDir(t))
	first, err := Open(t.Context(), cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	order := payments.Order{PayNo: "P1", Channel: "wechat", Attach: "bill", Amount: 1014}
	if _, err := first.channel.Collect(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	was, err := first.channel.Query(t.Context(), "P1")
	if err != nil || was.State != payments.Succeeded {
		t.Fatalf("before: %+v, %v", was, err)
	}
	first.channel.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Open(t.Context(), cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := second.channel.Collect(t.Context(), order); err != nil { // the same order again is the same payment
		t.Fatal(err)
	}
	if is, err := second.channel.Query(t.Context(), "P1"); err != nil || is != was {
		t.Errorf("after: %+v, %v, want %+v", is, err, was)
	}
	if none, err := second.channel.Query(t.Context(), "P2"); err != nil || none.State != payments.Closed {
		t.Errorf("one it never heard of: %+v, %v", none, err)
	}
}

// A store with an older demo city says so, and what to do; one of this edition says nothing.
func TestOlderDemoSaysSo(t *testing.T) {
	t.Parallel()
	a, err := Open(t.Context(), settingsOf(t, cityDir(t)), true)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, edition := range []string{seed.Edition, "1"} {
		_, err := a.repos.Marks.Update(t.Context(), "city", func(m *seed.Mark) error {
			m.Edition = edition
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := a.welcome(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(out.String(), "holds edition 1 of the demo city") && strings.Contains(out.String(), "empty folder"); told != (edition == "1") {
			t.Errorf("edition %s:\n%s", edition, out.String())
		}
	}
}
