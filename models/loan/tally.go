package loan

import (
	"time"

	"xinyi/models"
)

// A Sum is what was paid out on a day in a county.
type Sum struct {
	Loans    int64      `bson:"loans"`
	Paid     models.Fen `bson:"paid"`
	First    int64      `bson:"first"` // of them, to borrowers who had none before
	Farmers  int64      `bson:"farmers"`
	WaitDays int64      `bson:"waitDays"` // from delivery to the money, all told
}

// A Tally is a day's, by county; it is counted anew from the loans themselves. Its id is the day.
type Tally struct {
	models.Meta `bson:",inline"`

	Day      models.Day     `bson:"day"`
	Counties map[string]Sum `bson:"counties"`
}

// NewTally starts a day, to be counted.
func NewTally(day models.Day, now time.Time) *Tally {
	t := &Tally{Meta: models.Meta{ID: string(day)}, Day: day, Counties: map[string]Sum{}}
	t.Publish(EventTallyDue, "", models.Clockwork, now)
	return t
}

// Due has a day counted again.
func (t *Tally) Due(now time.Time) { t.Publish(EventTallyDue, "", models.Clockwork, now) }

// Take keeps what was counted. It says whether anything changed.
func (t *Tally) Take(counties map[string]Sum) bool {
	same := len(counties) == len(t.Counties)
	for c, s := range counties {
		same = same && t.Counties[c] == s
	}
	t.Counties = counties
	return !same
}

// Add is both together.
func (s Sum) Add(o Sum) Sum {
	return Sum{s.Loans + o.Loans, s.Paid + o.Paid, s.First + o.First, s.Farmers + o.Farmers, s.WaitDays + o.WaitDays}
}
