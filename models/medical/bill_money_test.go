package medical

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
)

// billMachine drives one bill through anything that can happen to it, in any order.
type billMachine struct {
	b   *Bill
	now time.Time
	n   int   // makes keys
	seq int64 // of the visit
	old *Bill // before the last act
}

// try runs an act: an error must leave the bill as it was.
func (m *billMachine) try(t *rapid.T, do func() error) error {
	m.old = copied(t, m.b)
	err := do()
	if err != nil {
		if models.CodeOf(err) == models.Internal {
			t.Fatalf("internal: %v", err)
		}
		if diff := cmp.Diff(m.old, copied(t, m.b)); diff != "" {
			t.Fatalf("%v, and yet:\n%s", err, diff)
		}
	}
	return err
}

func (m *billMachine) key(t *rapid.T, prefix string) string {
	if m.n > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
		return prefix + strconv.Itoa(rapid.IntRange(1, m.n).Draw(t, "key"))
	}
	m.n++
	return prefix + strconv.Itoa(m.n)
}

func fen(t *rapid.T) models.Fen { return models.Fen(rapid.IntRange(0, 30).Draw(t, "fen") * 50) }

func (m *billMachine) acts() map[string]func(*rapid.T) {
	b := m.b
	say := func(t *rapid.T, do func() error) { _ = m.try(t, do) }
	one := func(t *rapid.T, n int) int { return rapid.IntRange(0, n-1).Draw(t, "which") }
	return map[string]func(*rapid.T){
		"carry": func(t *rapid.T) {
			m.seq++
			seq := m.seq - int64(rapid.IntRange(0, 1).Draw(t, "old news"))
			say(t, func() error { return b.Carry(fen(t), seq, m.now) })
		},
		"pay": func(t *rapid.T) {
			say(t, func() error { return b.Pay(m.key(t, "p"), "wechat", fen(t), mei, m.now) })
		},
		"pay the rest": func(t *rapid.T) {
			say(t, func() error { return b.Pay(m.key(t, "p"), "alipay", b.Outstanding(), mei, m.now) })
		},
		"confirm": func(t *rapid.T) {
			if len(b.Payments) > 0 {
				p := b.Payments[one(t, len(b.Payments))]
				for range rapid.IntRange(1, 2).Draw(t, "times") {
					say(t, func() error { return b.Confirm(p.PayNo, "t"+p.PayNo, p.Amount, m.now) })
				}
			}
		},
		"desk": func(t *rapid.T) { say(t, func() error { return b.PaidAtDesk(m.key(t, "r"), fen(t), his, m.now) }) },
		"fail": func(t *rapid.T) {
			if len(b.Payments) > 0 {
				p := b.Payments[one(t, len(b.Payments))]
				say(t, func() error {
					return b.Fail(p.PayNo, rapid.SampledFrom([]PaymentState{Failed, ClosedPay}).Draw(t, "to"), m.now)
				})
			}
		},
		"returned": func(t *rapid.T) {
			if len(b.Refunds) > 0 {
				r := b.Refunds[one(t, len(b.Refunds))]
				say(t, func() error { return b.Returned(r.RefundNo, "x", m.now) })
			}
		},
		"ask waiver": func(t *rapid.T) {
			reason := rapid.SampledFrom([]string{"HARDSHIP", "CHARITY", "DEATH", "UNCOLLECTABLE"}).Draw(t, "reason")
			say(t, func() error {
				return b.AskWaiver(Waiver{ID: m.key(t, "w"), Amount: fen(t), Reason: reason, Note: ""}, clerk, m.now)
			})
		},
		"decide waiver": func(t *rapid.T) {
			if len(b.Waivers) > 0 {
				w := b.Waivers[one(t, len(b.Waivers))]
				say(t, func() error { return b.DecideWaiver(w.ID, rapid.Bool().Draw(t, "approve"), boss, m.now) })
			}
		},
		"void": func(t *rapid.T) {
			if rapid.IntRange(0, 4).Draw(t, "rarely") == 0 {
				m.seq++
				say(t, func() error { return b.VoidBy(m.seq, m.now) })
			}
		},
		"wake": func(t *rapid.T) {
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "hours")) * time.Hour)
			if err := m.try(t, func() error { return b.Wake(m.now) }); err != nil {
				t.Fatal(err)
			}
			if b.WakeAt != nil && !b.WakeAt.After(m.now) {
				t.Fatalf("woken at %s, wakes again at %s", m.now, b.WakeAt)
			}
		},
		"object": func(t *rapid.T) { say(t, func() error { return b.Object(mei, "wrong", m.now) }) },
		"decide dispute": func(t *rapid.T) {
			say(t, func() error { return b.DecideDispute(clerk, rapid.Bool().Draw(t, "upheld"), m.now) })
		},
		"pause": func(t *rapid.T) {
			say(t, func() error { return b.PauseFor("INSURANCE", rapid.IntRange(0, 31).Draw(t, "days"), clerk, m.now) })
		},
		"resume": func(t *rapid.T) { say(t, func() error { return b.Resume(clerk, m.now) }) },
		"":       m.check,
	}
}

func (m *billMachine) check(t *rapid.T) {
	b := m.b
	if err := b.Audit(); err != nil {
		t.Fatal(err)
	}
	out := b.Outstanding()
	switch {
	case b.Refunded < 0 || b.Refunded > b.Paid, b.Waived < 0 || b.Waived > b.Principal:
		t.Fatalf("principal %d waived %d paid %d refunded %d", b.Principal, b.Waived, b.Paid, b.Refunded)
	case (out < 0) != (b.State == RefundDue):
		t.Fatalf("outstanding is %d in %s", out, b.State)
	case b.Owes() != (out > 0):
		t.Fatalf("%s, outstanding %d", b.State, out)
	case b.Drawn() < 0 || b.Owes() && b.Drawn() != out:
		t.Fatalf("drawn %d of %d", b.Drawn(), out)
	case m.old != nil && slices.Contains(billMoves[b.State], m.old.State) == false && !reachable(m.old.State, b.State):
		t.Fatalf("from %s to %s", m.old.State, b.State)
	}
	for _, p := range b.Payments {
		if b.left(p) < 0 {
			t.Fatalf("of payment %s more went back than came: %d", p.PayNo, b.left(p))
		}
	}
	if !b.Owes() || b.WakeAt != nil {
		return
	}
	if _, stopped := b.Stopped(); !stopped && len(b.Done) < 12 {
		t.Fatalf("money is owed, the plan is at %v, and nothing wakes it", b.Done)
	}
}

// reachable says whether a state follows from another by any number of moves: a waking may make several.
func reachable(from, to BillState) bool {
	seen := []BillState{from}
	for i := 0; i < len(seen); i++ {
		for _, s := range billMoves[seen[i]] {
			if !slices.Contains(seen, s) {
				seen = append(seen, s)
			}
		}
	}
	return slices.Contains(seen, to)
}

func TestBillMoney(t *testing.T) {
	agreement, scheme := signed(t, 100000), newScheme()
	rapid.Check(t, func(t *rapid.T) {
		m := &billMachine{now: noon, seq: 1, b: NewBill(BillHead{ID: "b1", No: "1001", Seq: 1, Hospital: clinic.Name, Funding: scheme.Funding}, visit(Outpatient), agreement, noon)}
		if rapid.IntRange(0, 9).Draw(t, "draft") > 0 {
			if err := m.b.Carry(models.Fen(rapid.IntRange(1, 30).Draw(t, "principal")*50), 1, noon); err != nil {
				t.Fatal(err)
			}
		}
		t.Repeat(m.acts())
		for _, r := range m.b.RefundsWaiting() {
			if err := m.b.Returned(r.RefundNo, "x", m.now); err != nil {
				t.Fatal(err)
			}
		}
		if m.b.Outstanding() < 0 || m.b.State == RefundDue {
			t.Fatalf("all refunds are back and %d is still owed in %s", -m.b.Outstanding(), m.b.State)
		}
		m.check(t)
	})
}
