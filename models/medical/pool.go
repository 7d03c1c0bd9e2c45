package medical

import (
	"math"
	"slices"
	"time"

	"xinyi/models"
)

// A Pool is one limit of an agreement and everything that uses it: available = limit − Σ holds − Σ drawn ≥ 0, always.
// Outpatient visits share one pool, inpatient stays another.
type Pool struct {
	Limit models.Fen `bson:"limit"`
	Holds []Hold     `bson:"holds,omitempty"`
	Drawn []Draw     `bson:"drawn,omitempty"`
}

// A Hold keeps room for a visit until its bill is issued. It ends by itself.
type Hold struct {
	Visit   string     `bson:"visit"` // encounter id
	Amount  models.Fen `bson:"amount"`
	Seq     int64      `bson:"seq"` // the version of the encounter this amount belongs to; older news is ignored
	Expires time.Time  `bson:"expires"`
}

// A Draw is what a bill still uses of the limit. One that is paid stays at zero for a while, so that late news of an
// older version is known as such.
type Draw struct {
	Bill   string     `bson:"bill"`
	Amount models.Fen `bson:"amount"`
	Seq    int64      `bson:"seq"` // the version of the bill
	At     time.Time  `bson:"at"`
}

// drawMemory is how long a paid draw is remembered; news of a bill is at most days late.
const drawMemory = 40 * 24 * time.Hour

// Held is the sum of the holds.
func (p *Pool) Held() models.Fen {
	var sum models.Fen
	for _, h := range p.Holds {
		sum += h.Amount
	}
	return sum
}

// Owed is the sum of what bills draw.
func (p *Pool) Owed() models.Fen {
	var sum models.Fen
	for _, d := range p.Drawn {
		sum += d.Amount
	}
	return sum
}

// Available is what may still be held.
func (p *Pool) Available() models.Fen { return p.Limit - p.Held() - p.Owed() }

// Room is what a visit may hold in all: its own hold and what is available.
func (p *Pool) Room(visit string) models.Fen { return p.hold(visit).Amount + p.Available() }

func (p *Pool) hold(visit string) Hold {
	if i := p.holdAt(visit); i >= 0 {
		return p.Holds[i]
	}
	return Hold{Visit: visit}
}

func (p *Pool) holdAt(visit string) int {
	return slices.IndexFunc(p.Holds, func(h Hold) bool { return h.Visit == visit })
}

// reserve raises a visit's hold to amount; it never lowers one. Errors: Denied "medical.limit" beyond Room.
func (p *Pool) reserve(visit string, amount models.Fen, seq int64, expires time.Time) error {
	if amount > p.Room(visit) {
		return models.E(models.Denied, "medical.limit")
	}
	h := p.hold(visit)
	h.Amount, h.Seq, h.Expires = max(h.Amount, amount), max(h.Seq, seq), expires
	if i := p.holdAt(visit); i >= 0 {
		p.Holds[i] = h
	} else if h.Amount > 0 {
		p.Holds = append(p.Holds, h)
	}
	return nil
}

// lower brings a visit's hold down to amount, unless a newer version of the visit has reserved since. It says whether it did.
func (p *Pool) lower(visit string, amount models.Fen, seq int64) bool {
	i := p.holdAt(visit)
	if i < 0 || p.Holds[i].Seq > seq || p.Holds[i].Amount <= amount {
		return false
	}
	if amount <= 0 {
		p.Holds = slices.Delete(p.Holds, i, i+1)
		return true
	}
	p.Holds[i].Amount = amount
	if seq != math.MaxInt64 {
		p.Holds[i].Seq = seq
	}
	return true
}

// draw sets what a bill uses. The first draw of a bill takes the place of its visit's hold, a rise eats as much of it.
// It says whether anything changed.
func (p *Pool) draw(bill, visit string, amount models.Fen, seq int64, now time.Time) bool {
	i := slices.IndexFunc(p.Drawn, func(d Draw) bool { return d.Bill == bill })
	switch {
	case i < 0:
		if j := p.holdAt(visit); j >= 0 {
			p.Holds = slices.Delete(p.Holds, j, j+1)
		}
		p.Drawn = append(p.Drawn, Draw{Bill: bill, Amount: amount, Seq: seq, At: now})
	case p.Drawn[i].Seq >= seq:
		return false
	default:
		if rise := amount - p.Drawn[i].Amount; rise > 0 {
			p.lower(visit, p.hold(visit).Amount-rise, math.MaxInt64)
		}
		p.Drawn[i].Amount, p.Drawn[i].Seq, p.Drawn[i].At = amount, seq, now
	}
	p.Drawn = slices.DeleteFunc(p.Drawn, func(d Draw) bool { return d.Amount == 0 && now.Sub(d.At) > drawMemory })
	return true
}

// lapse ends the holds whose time is over and answers their visits.
func (p *Pool) lapse(now time.Time) []string {
	var visits []string
	p.Holds = slices.DeleteFunc(p.Holds, func(h Hold) bool {
		over := !h.Expires.After(now)
		if over {
			visits = append(visits, h.Visit)
		}
		return over
	})
	return visits
}

// next is when the first hold lapses, nil for none.
func (p *Pool) next() *time.Time {
	var first *time.Time
	for _, h := range p.Holds {
		first = models.Earliest(first, models.At(h.Expires))
	}
	return first
}
