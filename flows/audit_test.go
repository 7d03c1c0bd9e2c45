package flows_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/tlog"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
	"xinyi/usecase"
)

// archive is a replica with an audit log.
type archive struct {
	*testing.T
	usecase.Audit
	engine store.Engine
	store  *store.Store
	clock  *hands
	seal   flows.Seal
	sweep  *flows.Sweep
	n      int
}

func archives(t *testing.T) *archive {
	t.Helper()
	engine := sqlitetest.Open(t)
	a := &archive{T: t, engine: engine, clock: &hands{t: noon}}
	a.store = store.New(engine, a.clock.now, store.TestKeys())
	a.Audit = usecase.OpenAudit(a.store, store.NewRepo[journal.Entry](a.store, store.Events))
	quiet, m := slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry())
	relay := newRelay(a.store, store.NewRepo[journal.Lost](a.store, store.Dead), quiet, m)
	a.sweep = flows.NewSweep(a.store, quiet, m)
	a.seal = flows.Seal{Audit: a.Audit, Seals: sealed(t, 7), Log: quiet, Now: a.clock.now}
	must(t, relay.Subscribe(a.seal.Subscribers()...))
	must(t, a.store.Ensure(t.Context()))
	must(t, a.seal.Ready(t.Context()))
	return a
}

func sealed(t *testing.T, first byte) models.Seals {
	t.Helper()
	seed := make([]byte, 32)
	seed[0] = first
	s, err := models.NewSeal(seed, noon)
	must(t, err)
	return models.Seals{s}
}

// happen keeps n entries, a second apart.
func (a *archive) happen(n int) {
	a.Helper()
	for range n {
		a.n++
		e := models.Event{ID: fmt.Sprintf("x.y/s/%d.0", a.n), Kind: "x.y", Subject: "s", Person: "p1", At: a.clock.now(), Data: map[string]string{"n": fmt.Sprint(a.n), "a": "\n"}}
		must(a.T, a.Entries.Insert(a.Context(), journal.EntryOf(e)))
		a.clock.move(time.Second)
	}
}

// close moves past the settling time and seals.
func (a *archive) close() *journal.Head {
	a.Helper()
	a.clock.move(time.Minute)
	h, err := a.seal.Close(a.Context())
	must(a.T, err)
	return h
}

func (a *archive) verify(known string) flows.Verdict {
	a.Helper()
	v, err := flows.Verify(a.Context(), a.Audit, a.seal.Seals, known, a.clock.now(), nil)
	must(a.T, err)
	return v
}

func TestSealedHourly(t *testing.T) {
	t.Parallel()
	a := archives(t)
	a.happen(3)
	a.clock.move(30 * time.Second)
	a.happen(1)
	a.clock.move(time.Hour)
	_, err := a.sweep.Round(t.Context(), a.clock.now())
	must(t, err)
	h, err := a.Heads.First(t.Context(), store.LastHeads())
	must(t, err)
	if h.Size != 4 {
		t.Fatalf("sealed %d rows", h.Size)
	}
	s, err := a.Sealers.Get(t.Context(), journal.SealerID)
	must(t, err)
	if s.Size != 4 || s.Done != 1 || !s.WakeAt.Equal(a.clock.now().Add(time.Hour)) {
		t.Errorf("%+v", s)
	}
	if h := a.close(); h != nil && h.Size != 5 { // the entry of the sealing itself has no relay to the log here
		t.Errorf("%+v", h)
	}
}

// TestSealOverBorders seals 1 to 600 rows in uneven steps and proves each of them under the head that covers it.
func TestSealOverBorders(t *testing.T) {
	t.Parallel()
	a := archives(t)
	var heads []*journal.Head
	for _, n := range []int{1, 1, 2, 5, 199, 200, 201} {
		a.happen(n)
		heads = append(heads, a.close())
	}
	for _, n := range []int{1, 2, 3, 4, 9, 10, 208, 209, 408, 409, 609} {
		e, err := a.Entries.Get(t.Context(), fmt.Sprintf("x.y/s/%d.0", n))
		must(t, err)
		p, err := a.Prove(t.Context(), e)
		must(t, err)
		again, err := journal.ReadProof(p.Text())
		must(t, err)
		if err := again.Check(a.seal.Seals); err != nil || again.Index != int64(n-1) {
			t.Errorf("row %d: %v", n, err)
		}
		if err := again.Check(sealed(t, 8)); err == nil {
			t.Error("another seal opens it")
		}
		again.Row = []byte(strings.Replace(string(again.Row), "p1", "p2", 1))
		if err := again.Check(a.seal.Seals); err == nil {
			t.Errorf("an altered row %d passes", n)
		}
	}
	if v := a.verify(heads[3].Note); v.Count != 0 || v.Rows != 609 || v.Heads != len(heads) || v.Loose != 0 {
		t.Errorf("%+v", v)
	}
}

func TestLateEntriesGetTheirPlace(t *testing.T) {
	t.Parallel()
	a := archives(t)
	a.happen(10)
	a.close()
	// A replica whose clock is behind keeps an entry with an older stamp.
	a.clock.move(-2 * time.Minute)
	a.happen(1)
	a.clock.move(2 * time.Minute)
	if h := a.close(); h == nil || h.Size != 11 {
		t.Fatalf("%+v", h)
	}
	if v := a.verify(""); v.Count != 0 {
		t.Errorf("%+v", v)
	}
}

// TestTamper changes what is stored behind the program's back; the verifier names each.
func TestTamper(t *testing.T) {
	t.Parallel()
	swap := func(a *archive, x, y int64) {
		for _, pair := range [][2]int64{{x, y}} {
			l, err := a.Leaves.Get(a.Context(), journal.LeafID(pair[0]))
			must(a.T, err)
			r, err := a.Leaves.Get(a.Context(), journal.LeafID(pair[1]))
			must(a.T, err)
			must(a.T, a.Leaves.Delete(a.Context(), l.ID, r.ID))
			l.Entry, r.Entry = r.Entry, l.Entry
			l.Hashes[0], r.Hashes[0] = r.Hashes[0], l.Hashes[0]
			must(a.T, a.Leaves.InsertMany(a.Context(), []*journal.Leaf{l, r}))
		}
	}
	alter := func(a *archive, id string, change func(*journal.Entry)) {
		_, err := a.Entries.Update(a.Context(), id, func(e *journal.Entry) error { change(e); return nil })
		must(a.T, err)
	}
	tests := map[string]struct {
		do   func(a *archive, kept string)
		says string
	}{
		"deleted row":    {func(a *archive, _ string) { must(a.T, a.Entries.Delete(a.Context(), "x.y/s/3.0")) }, "row 2 is gone"},
		"altered value":  {func(a *archive, _ string) { alter(a, "x.y/s/4.0", func(e *journal.Entry) { e.Data["n"] = "5" }) }, "row 3 was altered"},
		"altered person": {func(a *archive, _ string) { alter(a, "x.y/s/4.0", func(e *journal.Entry) { e.Person = "p2" }) }, "row 3 was altered"},
		"altered time": {func(a *archive, _ string) {
			alter(a, "x.y/s/9.0", func(e *journal.Entry) { e.At = e.At.Add(time.Millisecond) })
		}, "row 8 was altered"},
		"exchanged rows":   {func(a *archive, _ string) { swap(a, 2, 5) }, "not those that were signed"},
		"row and its leaf": {func(a *archive, _ string) { must(a.T, a.Leaves.Delete(a.Context(), journal.LeafID(9))) }, "rows at the end are gone"},
		"leaf in between":  {func(a *archive, _ string) { must(a.T, a.Leaves.Delete(a.Context(), journal.LeafID(4))) }, "place 4 is missing"},
		"row and its own hash": {func(a *archive, _ string) {
			alter(a, "x.y/s/4.0", func(e *journal.Entry) { e.Data["n"] = "5" })
			e, err := a.Entries.Get(a.Context(), "x.y/s/4.0")
			must(a.T, err)
			_, err = a.Leaves.Update(a.Context(), journal.LeafID(3), func(l *journal.Leaf) error {
				h := tlog.RecordHash(e.Row())
				l.Hashes[0] = h[:]
				return nil
			})
			must(a.T, err)
		}, "not those that were signed"},
		"head taken out": {func(a *archive, _ string) { must(a.T, a.Heads.Delete(a.Context(), journal.LeafID(6))) }, "a head before head"},
		"head rewritten": {func(a *archive, _ string) {
			_, err := a.Heads.Update(a.Context(), journal.LeafID(6), func(h *journal.Head) error {
				h.Note = strings.Replace(h.Note, "\n6\n", "\n5\n", 1)
				return nil
			})
			must(a.T, err)
		}, "not signed by a seal of ours"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := archives(t)
			a.happen(6)
			kept := a.close().Note
			a.happen(4)
			a.close()
			if v := a.verify(kept); v.Count != 0 {
				t.Fatalf("before: %+v", v)
			}
			tc.do(a, kept)
			if v := a.verify(""); v.Count == 0 || !strings.Contains(strings.Join(v.Faults, "\n"), tc.says) {
				t.Errorf("%+v, want %q", v, tc.says)
			}
		})
	}
}

// TestWholeLogReplaced builds another log in the place of the first and signs it anew with the same seal; a head kept
// elsewhere gives it away.
func TestWholeLogReplaced(t *testing.T) {
	t.Parallel()
	a := archives(t)
	a.happen(6)
	kept := a.close().Note
	for n := range int64(6) {
		must(t, a.Leaves.Delete(t.Context(), journal.LeafID(n)))
	}
	must(t, a.Heads.Delete(t.Context(), journal.LeafID(6)))
	_, err := a.Entries.Update(t.Context(), "x.y/s/2.0", func(e *journal.Entry) error { e.Person = "p2"; return nil })
	must(t, err)
	a.close()
	if v := a.verify(""); v.Count != 0 {
		t.Fatalf("a log built anew is sound in itself: %+v", v)
	}
	if v := a.verify(kept); v.Count != 1 || !strings.Contains(v.Faults[0], "not those that were signed") {
		t.Errorf("%+v", v)
	}
}

// TestFold compares the verifier's own root with the library's.
func TestFold(t *testing.T) {
	t.Parallel()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			out[i] = stored[n]
		}
		return out, nil
	})
	fold := journal.Fold{}
	for n := range int64(300) {
		row := fmt.Appendf(nil, "row %d", n)
		hashes, err := tlog.StoredHashes(n, row, reader)
		must(t, err)
		stored = append(stored, hashes...)
		fold.Add(tlog.RecordHash(row))
		want, err := tlog.TreeHash(n+1, reader)
		must(t, err)
		if fold.Root() != want || fold.Size != n+1 {
			t.Fatalf("root of %d rows: %v, want %v", n+1, fold.Root(), want)
		}
	}
}
