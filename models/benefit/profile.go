package benefit

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/rule"
)

// A Band is where somebody stands (信用分档). There is none below C, which is everybody's.
type Band int

// The bands, from everybody's to the best.
const (
	C Band = iota
	B
	A
	AA
)

// Bands names the bands.
var Bands = []string{"C", "B", "A", "AA"}

func (b Band) String() string {
	if b < C || b > AA {
		return Bands[C]
	}
	return Bands[b]
}

// BandOf reads a band's name.
func BandOf(name string) (Band, bool) {
	i := slices.Index(Bands, name)
	return Band(max(i, 0)), i >= 0
}

// A Profile is what offers may ask of a person or an organisation, put together from what others keep, and her choices. Its id
// is the person's account or the organisation's code. It is kept so that a change of rules can be tried on everybody.
type Profile struct {
	models.Meta `bson:",inline"`

	Kind     models.SubjectKind `bson:"kind"`
	Region   models.Region      `bson:"region"`          // "" unknown
	Birth    models.Day         `bson:"birth,omitempty"` // "" until the real name is bound, and of organisations
	Level    int                `bson:"level"`           // of sign-in: 2 with a real name
	Honours  []models.Honour    `bson:"honours,omitempty"`
	Standing models.Standing    `bson:"standing"` // in credit medical care

	Restricted string       `bson:"restricted,omitempty"` // the entry that withholds preferential policies, "<record>@<version>"
	Looked     []rule.Cited `bson:"looked,omitempty"`     // the records these facts come from

	OptedOut bool       `bson:"optedOut"` // she wants no band
	Band     Band       `bson:"band"`
	Saved    []string   `bson:"saved,omitempty"`   // offers
	LastUse  models.Day `bson:"lastUse,omitempty"` // of any offer
}

// MaxSaved bounds how many offers somebody saves.
const MaxSaved = 200

// Known is what others know about somebody.
type Known struct {
	Kind       models.SubjectKind
	Region     models.Region
	Birth      models.Day
	Level      int
	Honours    []models.Honour
	Standing   models.Standing
	Restricted string
	Looked     []rule.Cited
}

// NewProfile starts a profile. id is the account or the code.
func NewProfile(id string, k Known, pol Policy, now time.Time) *Profile {
	p := &Profile{Meta: models.Meta{ID: id}}
	p.take(k)
	p.Band, p.WakeAt = p.banded(pol, now)
	return p
}

// Learn takes what is known now. It says whether anything changed.
func (p *Profile) Learn(k Known, pol Policy, now time.Time) bool {
	before := *p
	p.take(k)
	p.reband(pol, now)
	return !before.same(p)
}

func (p *Profile) take(k Known) {
	p.Kind, p.Region, p.Birth, p.Level, p.Honours = k.Kind, k.Region, k.Birth, k.Level, k.Honours
	p.Standing, p.Restricted, p.Looked = k.Standing, k.Restricted, k.Looked
}

func (p *Profile) same(q *Profile) bool {
	wakes := func(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }
	return p.Kind == q.Kind && p.Region == q.Region && p.Birth == q.Birth && p.Level == q.Level && slices.Equal(p.Honours, q.Honours) &&
		p.Standing == q.Standing && p.Restricted == q.Restricted && slices.Equal(p.Looked, q.Looked) && p.Band == q.Band &&
		wakes(p.WakeAt, q.WakeAt)
}

func (p *Profile) reband(pol Policy, now time.Time) {
	was := p.Band
	if p.Band, p.WakeAt = p.banded(pol, now); p.Band != was {
		p.Publish(EventBand.Of(BandData{Band: p.Band.String()}), p.person(), models.Clockwork, now)
	}
}

// person is whose account it is, "" of an organisation's.
func (p *Profile) person() string {
	if p.Kind == models.Organisation {
		return ""
	}
	return p.ID
}

// banded is the band on a day, and when it may next change by itself. Only good things are counted; what is not known counts
// nothing, and nothing takes away but an entry of a list that itself withholds preferential policies, which leaves everybody's
// band. Whoever wants no band has everybody's.
//
// Source: docs/sources.md#benefit-band.
func (p *Profile) banded(pol Policy, now time.Time) (Band, *time.Time) {
	points, today := 0, models.DayOf(now)
	var next *time.Time
	for _, h := range p.Honours {
		if until := h.Ends(pol.HonourMonths); until >= today {
			points += pol.HonourPoints[min(max(h.Level, 1), len(pol.HonourPoints))-1]
			next = models.Earliest(next, models.At(until.Add(1).Start()))
		}
	}
	if pol.PunctualEach > 0 {
		points += min(p.Standing.OnTime/pol.PunctualEach, pol.PunctualMost)
	}
	if p.OptedOut || p.Restricted != "" || p.Kind == models.Organisation {
		return C, nil
	}
	band := C
	for i, least := range pol.BandPoints {
		if points >= least {
			band = Band(i + 1)
		}
	}
	return band, next
}

// Choose says whether she wants a band. It says whether anything changed.
func (p *Profile) Choose(out bool, pol Policy, now time.Time) bool {
	if p.OptedOut == out {
		return false
	}
	p.OptedOut = out
	p.reband(pol, now)
	return true
}

// Save keeps an offer in mind, or no more. It says whether anything changed. Errors: Conflict "benefit.saved_full".
func (p *Profile) Save(offer string, on bool) (bool, error) {
	i := slices.Index(p.Saved, offer)
	switch {
	case on == (i >= 0):
		return false, nil
	case !on:
		p.Saved = slices.Delete(p.Saved, i, i+1)
	case len(p.Saved) >= MaxSaved:
		return false, models.E(models.Conflict, "benefit.saved_full")
	default:
		p.Saved = append(p.Saved, offer)
	}
	return true, nil
}

// Use notes the day of a use. It says whether anything changed.
func (p *Profile) Use(on models.Day) bool {
	if on <= p.LastUse {
		return false
	}
	p.LastUse = on
	return true
}

// Wake has the profile put together again: something it counted has come to its end.
func (p *Profile) Wake(now time.Time) error {
	if p.WakeAt == nil || p.WakeAt.After(now) {
		return nil
	}
	p.WakeAt = nil
	p.Publish(EventProfileDue, "", models.Clockwork, now)
	return nil
}

// honours is the highest level of the honours in force on a day, and how many there are.
func (p *Profile) honours(on models.Day, months int) (level, count int) {
	for _, h := range p.Honours {
		if h.Ends(months) >= on {
			level, count = max(level, h.Level), count+1
		}
	}
	return level, count
}
