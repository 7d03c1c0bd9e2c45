package village

import (
	"maps"
	"time"

	"xinyi/models"
)

// ArrearsFrom is the answer to "how late were its loans" (farmer.FactLoans) from which a borrower is not clean: later than 30 days, or
// more than three times late, within 24 months.
//
// Source: docs/sources.md#village-rows.
const ArrearsFrom = 3

// A tally counts rows.
type tally struct{ filed, credit, borrowers, clean int64 }

func (t *tally) add(r Row) {
	for _, x := range []struct {
		yes bool
		n   *int64
	}{{r.Filed, &t.filed}, {r.Credit, &t.credit}, {r.Borrower, &t.borrowers}, {r.Clean, &t.clean}} {
		if x.yes {
			*x.n++
		}
	}
}

// facts are what is counted. Without a borrower nothing is known of borrowers.
func (t *tally) facts() map[string]int64 {
	facts := map[string]int64{FactFiled: t.filed, FactCredit: t.credit}
	if t.borrowers > 0 {
		facts[FactBorrowers], facts[FactClean] = t.borrowers, t.clean
	}
	return facts
}

// Freeze is what an entry's village comes to: its households' rows, in whatever order they came, the roster it declared, and what
// banks told. The same rows give the same. Errors: Internal for a row that cannot be kept, or of two that are one household's.
func Freeze(e *Entry, rows []Row, l Loans, now time.Time) (*Snapshot, error) {
	order(rows)
	var t tally
	for i, r := range rows {
		if i > 0 && r.Household == rows[i-1].Household {
			return nil, models.E(models.Internal, "internal", errTwice)
		}
		t.add(r)
	}
	raw, err := pack(rows)
	if err != nil {
		return nil, err
	}
	facts := t.facts()
	if facts[FactHouseholds] = e.Roster; e.Roster < t.filed { // filed since it applied: whoever is on file lives there
		facts[FactHouseholds] = t.filed
	}
	l.Into(facts)
	f := newSnapshot(e, facts, now)
	f.Size, f.Rows, f.Root = int64(len(rows)), raw, rootOf(leaves(rows, e.Round, e.Village)).String()
	return f, nil
}

// FreezeTown is what an entry's town comes to: sums over its villages, and what may be told of them. There are no rows: those of its
// villages stand behind it.
func FreezeTown(e *Entry, facts map[string]int64, told Published, now time.Time) *Snapshot {
	f := newSnapshot(e, maps.Clone(facts), now)
	f.Published = told
	return f
}

func newSnapshot(e *Entry, facts map[string]int64, now time.Time) *Snapshot {
	f := &Snapshot{Round: e.Round, Village: e.Village, CutOff: e.CutOff, Facts: facts}
	f.ID = SnapshotID(e.Round, e.Village)
	f.Publish(EventFrozen.Of(FrozenData{Round: e.Round, Village: e.Village}), "", models.Clockwork, now)
	return f
}

// Salt keeps the secret of a round's rows. It says whether anything changed: a round that has one keeps it. secret is random.
func (r *Round) Salt(secret string) bool {
	if !r.Salts.Empty() || secret == "" {
		return false
	}
	r.Salts = models.NewSecret(secret)
	return true
}
