package village

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// Bounds of a sheet.
const (
	maxWrites   = 500
	maxEvidence = 300
	maxNote     = 500
	maxValue    = 1_000_000
)

// AboutRoster is what the evidence of the roster is about.
const AboutRoster = "roster"

// Evidence is a file that shows something, with where and when it was taken.
type Evidence struct {
	ID    string        `bson:"id"` // of the blob
	About string        `bson:"about"`
	Type  string        `bson:"type"`
	Size  int           `bson:"size"`
	Hash  string        `bson:"sha256"`
	Place models.Region `bson:"place,omitempty"`
	Spot  *Spot         `bson:"spot,omitempty"`
	Taken time.Time     `bson:"taken"`
	By    string        `bson:"by"`
	At    time.Time     `bson:"at"`
}

// A Spot is a place on earth in millionths of a degree (WGS 84).
type Spot struct {
	Lat int64 `bson:"lat"`
	Lon int64 `bson:"lon"`
}

// Attach adds evidence. The same id twice is once. Errors: Forbidden "village.not_yours"; Invalid "village.evidence"; Limited
// "village.enough_evidence"; InvalidTransition once the township has looked.
func (e *Entry) Attach(x Evidence, s *Scheme, by models.Actor, now time.Time) error {
	_, known := s.Sources[x.About]
	switch {
	case slices.ContainsFunc(e.Evidence, func(o Evidence) bool { return o.ID == x.ID }):
		return nil
	case e.files(by) != nil && !e.scores(by):
		return models.E(models.Forbidden, "village.not_yours")
	case !e.filling():
		return models.Refused(e.Life, moves[e.State], "village.state")
	case x.About != AboutRoster && (!known || s.Sources[x.About].Kind != Manual):
		return models.Bad("#query/about", "village_indicator", "village.evidence")
	case x.Place != "" && !e.Village.Town().Contains(x.Place):
		return models.Bad("#query/place", "village_place", "village.evidence")
	case x.Spot != nil && (x.Spot.Lat < -90e6 || x.Spot.Lat > 90e6 || x.Spot.Lon < -180e6 || x.Spot.Lon > 180e6):
		return models.Bad("#query/lat", "range", "village.evidence")
	case x.Taken.After(now.Add(24 * time.Hour)):
		return models.Bad("#query/taken", "past", "village.evidence")
	case len(e.Evidence) >= maxEvidence:
		return models.E(models.Limited, "village.enough_evidence")
	}
	x.By, x.At, x.Taken = by.Principal(), now, *models.At(x.Taken)
	e.Evidence = append(e.Evidence, x)
	return nil
}

// proven says whether there is evidence about something.
func (e *Entry) proven(about string) bool {
	return slices.ContainsFunc(e.Evidence, func(x Evidence) bool { return x.About == about })
}

// A Write is what somebody wrote of one indicator, perhaps days ago and without a network. It is never changed.
type Write struct {
	Op        string     `bson:"op"` // the phone's own, once for each indicator
	Indicator string     `bson:"indicator"`
	Value     int64      `bson:"value"`
	Note      string     `bson:"note,omitempty"`
	Evidence  []string   `bson:"evidence,omitempty"`
	Wrote     time.Time  `bson:"wrote"`          // by the phone's clock
	Seen      *time.Time `bson:"seen,omitempty"` // the Wrote of what the phone showed; nil: nothing
	Settles   []string   `bson:"settles,omitempty"`
	By        string     `bson:"by"` // person
}

// A Sheet is what was written of the indicators that are looked at by hand. Which write stands and which conflict follow from the
// writes alone, in whatever order they came.
type Sheet struct {
	Writes []Write `bson:"writes,omitempty"`
}

// later orders writes: the one written last stands, of two of the same moment the one by the greater name.
func later(a, b Write) int {
	return cmp.Or(a.Wrote.Compare(b.Wrote), cmp.Compare(a.By, b.By), cmp.Compare(a.Op, b.Op))
}

// Stands is the write that stands, by indicator.
func (s *Sheet) Stands() map[string]Write {
	out := map[string]Write{}
	for _, w := range s.Writes {
		if o, there := out[w.Indicator]; !there || later(w, o) > 0 {
			out[w.Indicator] = w
		}
	}
	return out
}

// Clashes are the writes that do not stand, that say something else, and that nobody who wrote later had seen or has settled.
func (s *Sheet) Clashes() []Write {
	stands := s.Stands()
	var lost []Write
	for _, w := range s.Writes {
		top := stands[w.Indicator]
		if top.Op == w.Op || top.By == w.By || top.says(w) {
			continue
		}
		seen := slices.ContainsFunc(s.Writes, func(o Write) bool {
			return o.Indicator == w.Indicator && later(o, w) > 0 &&
				(o.By == w.By || o.Seen != nil && o.Seen.Equal(w.Wrote) || slices.Contains(o.Settles, w.Op))
		})
		if !seen {
			lost = append(lost, w)
		}
	}
	slices.SortFunc(lost, func(a, b Write) int { return cmp.Or(cmp.Compare(a.Indicator, b.Indicator), later(a, b)) })
	return lost
}

// says says whether two writes say the same.
func (w Write) says(o Write) bool {
	return w.Value == o.Value && w.Note == o.Note && slices.Equal(w.Evidence, o.Evidence)
}

// Scorers are the people who wrote in it.
func (s *Sheet) Scorers() []string {
	by := map[string]bool{}
	for _, w := range s.Writes {
		by[w.By] = true
	}
	return slices.Sorted(maps.Keys(by))
}

// Missing lists the indicators of a scheme that nothing was written of.
func (s *Sheet) Missing(of *Scheme) []string {
	stands := s.Stands()
	var out []string
	for code, src := range of.Sources {
		if _, there := stands[code]; !there && src.Kind == Manual {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

// An Outcome is how a write came out.
type Outcome string

// The outcomes.
const (
	Stands    Outcome = "APPLIED"
	Same      Outcome = "UNCHANGED" // taken before, or it says what stands
	Overwrote Outcome = "OVERWROTE" // it stands; what somebody else wrote unseen is kept as a conflict
	Kept      Outcome = "KEPT"      // what somebody else wrote later stands
	Refused   Outcome = "REFUSED"
)

// Enum are all of them.
func (Outcome) Enum() []any { return models.Enum(Stands, Same, Overwrote, Kept, Refused) }

// A Verdict is what became of a write.
type Verdict struct {
	Op, Indicator string
	Outcome       Outcome
	Code          string // why it was refused
	Other         *Write // what stands, or what was overwritten
}

// scores says whether by may score the place: its township, or the county's office.
func (e *Entry) scores(by models.Actor) bool {
	return by.Person != "" && by.Is(models.TownStaff, models.CreditOffice) && by.Region.Contains(e.Village) &&
		by.Region.Level() >= models.County &&
		(e.Level == OfVillages || by.Role == models.CreditOffice)
}

// A Sync is what a phone wrote into a sheet at one go.
type Sync struct {
	Second bool // into the second sheet
	Writes []Write
	Skew   time.Duration // by how much the phone's clock may run ahead
}

// Write takes what a phone wrote into the first sheet, or into the second of an entry that was drawn. What is wrong with a write is its
// own verdict. Errors: Forbidden "village.not_yours", "village.other_sheet" for whoever wrote in the other sheet; Conflict
// "village.not_drawn"; Limited "village.sheet_full"; InvalidTransition.
func (e *Entry) Write(in Sync, s *Scheme, by models.Actor, now time.Time) ([]Verdict, error) {
	mine, other := &e.First, &e.Second
	if in.Second {
		mine, other = other, mine
	}
	switch {
	case s.ID != e.Scheme:
		return nil, models.E(models.Conflict, "village.other_scheme")
	case !e.scores(by):
		return nil, models.E(models.Forbidden, "village.not_yours")
	case slices.Contains(other.Scorers(), by.Person):
		return nil, models.E(models.Forbidden, "village.other_sheet")
	case in.Second && !e.Blind:
		return nil, models.E(models.Conflict, "village.not_drawn")
	case in.Second && e.State != InReview, !in.Second && !e.filling():
		return nil, models.Refused(e.Life, moves[e.State], "village.state")
	case len(mine.Writes)+len(in.Writes) > maxWrites:
		return nil, models.E(models.Limited, "village.sheet_full")
	}
	verdicts := make([]Verdict, len(in.Writes))
	for i, w := range in.Writes {
		w.By, w.Wrote = by.Person, *models.At(w.Wrote)
		if w.Wrote.After(now.Add(in.Skew)) { // a phone whose clock runs ahead wins nothing by it
			w.Wrote = *models.At(now)
		}
		if w.Seen != nil {
			w.Seen = models.At(*w.Seen)
		}
		verdicts[i] = Verdict{Op: w.Op, Indicator: w.Indicator}
		if code := e.wrong(w, s); code != "" {
			verdicts[i].Outcome, verdicts[i].Code = Refused, code
			continue
		}
		verdicts[i].Outcome, verdicts[i].Other = mine.take(w)
	}
	return verdicts, nil
}

// wrong says what is wrong with a write, "" nothing.
func (e *Entry) wrong(w Write, s *Scheme) string {
	src, known := s.Sources[w.Indicator]
	switch {
	case !known || src.Kind != Manual:
		return "village_indicator"
	case w.Op == "" || len(w.Op) > 64 || w.Wrote.IsZero() || len([]rune(w.Note)) > maxNote:
		return "village_write"
	case w.Value < 0 || w.Value > maxValue:
		return "range"
	case src.Evidence && w.Value > 0 && len(w.Evidence) == 0:
		return "village_evidence"
	}
	for _, id := range w.Evidence {
		if !slices.ContainsFunc(e.Evidence, func(x Evidence) bool { return x.ID == id && x.About == w.Indicator }) {
			return "village_evidence"
		}
	}
	return ""
}

// take adds a write and says how it came out.
func (s *Sheet) take(w Write) (Outcome, *Write) {
	if slices.ContainsFunc(s.Writes, func(o Write) bool { return o.Op == w.Op && o.Indicator == w.Indicator && o.By == w.By }) {
		return Same, nil
	}
	was, there := s.Stands()[w.Indicator]
	before := len(s.Clashes())
	s.Writes = append(s.Writes, w)
	clashed := len(s.Clashes()) > before
	switch {
	case !there:
		return Stands, nil
	case was.says(w):
		return Same, nil
	case later(was, w) > 0:
		return Kept, &was
	case clashed:
		return Overwrote, &was
	}
	return Stands, nil
}

// Points are what a sheet's indicators come to by themselves.
func (s *Sheet) Points(of *Scheme) (map[string]score.Points, error) {
	sc, err := of.Scorer()
	if err != nil {
		return nil, err
	}
	facts := map[string]int64{}
	for code, w := range s.Stands() {
		facts[of.Sources[code].Fact] = w.Value
	}
	r, err := sc.Score(score.Input{Facts: facts})
	if err != nil {
		return nil, err
	}
	out := map[string]score.Points{}
	stands := s.Stands()
	for _, it := range r.Items {
		if _, there := stands[it.Code]; there {
			out[it.Code] = it.Points
		}
	}
	return out, nil
}

// Sealed says that a second sheet is to be written still: neither says anything of the other until it is whole.
func (e *Entry) Sealed(s *Scheme) bool {
	return e.Blind && e.State == InReview && len(e.Second.Missing(s)) > 0
}

// Differ lists the indicators on which two sheets differ by more than the scheme takes for the same, none while they are sealed.
func (e *Entry) Differ(s *Scheme) []string {
	if e.Sealed(s) {
		return nil
	}
	a, err := e.First.Points(s)
	if err != nil {
		return nil
	}
	b, err := e.Second.Points(s)
	if err != nil {
		return nil
	}
	var out []string
	for code, p := range a {
		if q, there := b[code]; there && max(p-q, q-p) > e.Terms.Tolerance {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

// Hidden says whether the first sheet, and what it scores, is kept from somebody: while a second one is to be written, from everybody
// who did not write the first.
func (e *Entry) Hidden(s *Scheme, by models.Actor) bool {
	return e.Sealed(s) && !slices.Contains(e.First.Scorers(), by.Person)
}

// Draw takes that the entry is to be scored a second time. It says whether anything changed.
func (e *Entry) Draw() bool {
	if e.Blind || e.State != InReview && e.State != Applied {
		return false
	}
	e.Blind = true
	return true
}
