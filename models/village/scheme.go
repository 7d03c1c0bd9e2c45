package village

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/notice"
	"xinyi/models/release"
	"xinyi/models/score"
)

// schemePath is the way of a scheme into force.
var schemePath = release.Path{release.Draft, release.InForce}

// A Kind says where an indicator's fact comes from.
type Kind string

// The kinds of sources.
const (
	Auto    Kind = "AUTO"   // counted from what is frozen
	Manual  Kind = "MANUAL" // looked at, with evidence in hand
	ByVoice Kind = "SURVEY" // what residents say
)

// A Source says where an indicator's fact comes from, by the indicator's code.
type Source struct {
	Kind     Kind   `bson:"kind" json:"kind"`
	Fact     string `bson:"fact" json:"fact,omitempty"` // of a manual one: what its value is called
	Evidence bool   `bson:"evidence,omitempty" json:"evidence,omitempty"`
}

// Terms are the numbers of a scheme; they are copied into each entry when it begins.
type Terms struct {
	SampleBP     int          `bson:"sampleBp" json:"sampleBp"`       // of a village's households, in ten thousandths
	SampleLeast  int          `bson:"sampleLeast" json:"sampleLeast"` // households at least
	WrongBP      int          `bson:"wrongBp" json:"wrongBp"`         // more of the sample wrong than this keeps the county from approving
	BlindBP      int          `bson:"blindBp" json:"blindBp"`         // of a round's entries scored a second time
	Tolerance    score.Points `bson:"tolerance" json:"tolerance"`     // two sheets that differ by no more agree
	LeastAnswers int          `bson:"leastAnswers" json:"leastAnswers"`
	Notice       notice.Terms `bson:"notice" json:"notice"`
	PlaqueMonths int          `bson:"plaqueMonths" json:"plaqueMonths"`
	AnnualDays   int          `bson:"annualDays" json:"annualDays"` // the yearly review begins so many days before the plaque's last
	GraceDays    int          `bson:"graceDays" json:"graceDays"`   // natural days to mend
}

// A Calendar is a round's days, "MM-DD". The first lies in the round's year, each other one is the first such day after the one before.
type Calendar struct {
	Households string `bson:"households" json:"households"` // by when households are decided; for whoever reads it
	Opens      string `bson:"opens" json:"opens"`
	CutOff     string `bson:"cutOff" json:"cutOff"`
	Ends       string `bson:"ends" json:"ends"`
}

// Days are the calendar's days in a year.
func (c Calendar) Days(year int) (opens, cutOff, ends models.Day) {
	next := func(y int, md, after string) models.Day {
		if md < after {
			y++
		}
		return models.Day(fmt.Sprintf("%04d-%s", y, md))
	}
	opens = next(year, c.Opens, "")
	y, _ := strconv.Atoi(string(opens[:4])) //nolint:errcheck // four digits
	cutOff = next(y, c.CutOff, c.Opens)
	y, _ = strconv.Atoi(string(cutOff[:4])) //nolint:errcheck // four digits
	return opens, cutOff, next(y, c.Ends, c.CutOff)
}

// A Plan is what a scheme says.
type Plan struct {
	Set      score.Set         `json:"set"`
	Sources  map[string]Source `json:"sources"`
	Calendar Calendar          `json:"calendar"`
	Terms    Terms             `json:"terms"`
	Flow     flow.Flow         `json:"flow"`
}

// A Scheme is one version of how villages, or towns, are evaluated. Its id is SchemeID; once published it never changes.
type Scheme struct {
	models.Meta     `bson:",inline"`
	release.Release `bson:",inline"`

	Level    Level             `bson:"level"`
	No       int               `bson:"no"`
	Set      []byte            `bson:"set"` // the indicators as JSON, byte for byte what the hash is of
	Sources  map[string]Source `bson:"sources"`
	Calendar Calendar          `bson:"calendar"`
	Terms    Terms             `bson:"terms"`
	Flow     flow.Flow         `bson:"flow"`
}

// Path is the way of a scheme into force.
func (s *Scheme) Path() release.Path { return schemePath }

// SchemeID names a version: "village@1".
func SchemeID(level Level, no int) string {
	return strings.ToLower(string(level)) + "@" + strconv.Itoa(no)
}

// ours says whether by is of the city's office: a scheme holds in the whole city. Errors: Forbidden.
func ours(by models.Actor) error {
	if by.Person == "" || !by.Is(models.CreditOffice) || by.Region.Level() > models.Prefecture {
		return models.E(models.Forbidden, "village.not_yours")
	}
	return nil
}

// Total is what every scheme is worth.
const Total score.Points = 10000

// NewScheme drafts the next version. Errors: Forbidden for a county's office; Invalid "village.scheme", a field for every fault.
func NewScheme(level Level, no int, p Plan, by models.Actor, now time.Time) (*Scheme, error) {
	if err := ours(by); err != nil {
		return nil, err
	}
	s := &Scheme{Level: level, No: no}
	s.ID = SchemeID(level, no)
	release.Start(s, by, now)
	return s, s.put(p)
}

func (s *Scheme) put(p Plan) error {
	p.Set.ID, p.Set.Version = strings.ToLower(string(s.Level)), s.No
	p.Flow.ID, p.Flow.No = "review-"+p.Set.ID, s.No
	if err := p.check(); err != nil {
		return err
	}
	raw, err := json.Marshal(p.Set)
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	s.Set, s.Hash, s.Sources, s.Calendar, s.Terms, s.Flow = raw, p.Set.Hash(), p.Sources, p.Calendar, p.Terms, p.Flow
	return nil
}

// Edit changes a draft. Errors: as NewScheme; InvalidTransition once published.
func (s *Scheme) Edit(p Plan, by models.Actor) error {
	if err := ours(by); err != nil {
		return err
	}
	next := *s
	if err := release.Edit(&next, by); err != nil {
		return err
	}
	if err := next.put(p); err != nil {
		return err
	}
	*s = next
	return nil
}

// facts are those a scheme may look at besides its own manual ones.
var facts = []string{
	FactHouseholds, FactFiled, FactCredit, FactBorrowers, FactClean, FactBalance, FactBad, FactNewBad, FactAnswers, FactSatisfied,
	FactVillages, FactCreditVillages,
}

var (
	monthDay   = regexp.MustCompile(`^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$|^(0[13-9]|1[0-2])-(29|30)$|^(0[13578]|1[02])-31$`)
	manualFact = regexp.MustCompile(`^sheet/[a-zA-Z0-9]{1,30}$`)
)

// check looks whether a plan is whole.
func (p Plan) check() error {
	known := slices.Clone(facts)
	for _, src := range p.Sources {
		if src.Kind == Manual {
			known = append(known, src.Fact)
		}
	}
	if err := p.Set.Check(Total, func(f string) bool { return slices.Contains(known, f) }); err != nil {
		return err
	}
	if err := p.Flow.Check("/flow"); err != nil {
		return err
	}
	var faults []models.Field
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	p.sources(fault)
	for at, md := range map[string]string{"households": p.Calendar.Households, "opens": p.Calendar.Opens, "cutOff": p.Calendar.CutOff,
		"ends": p.Calendar.Ends} {
		fault(!monthDay.MatchString(md), "/calendar/"+at, "village_month_day")
	}
	t := p.Terms
	fault(t.SampleBP < 500 || t.SampleBP > 10000, "/terms/sampleBp", "range")
	fault(t.SampleLeast < 20 || t.SampleLeast > 1000, "/terms/sampleLeast", "range")
	fault(t.WrongBP < 0 || t.WrongBP > 2000, "/terms/wrongBp", "range")
	fault(t.BlindBP < 500 || t.BlindBP > 1000, "/terms/blindBp", "range")
	fault(t.Tolerance < 0 || t.Tolerance > 1000, "/terms/tolerance", "range")
	fault(t.LeastAnswers < 1 || t.LeastAnswers > 1000, "/terms/leastAnswers", "range")
	fault(t.Notice.Days < 5 || t.Notice.Days > 60 || !t.Notice.Working || t.Notice.Answer < 1 || t.Notice.Answer > 30, "/terms/notice",
		"range")
	fault(t.PlaqueMonths < 1 || t.PlaqueMonths > 60, "/terms/plaqueMonths", "range")
	fault(t.AnnualDays < 1 || t.AnnualDays > 180 || t.AnnualDays >= t.PlaqueMonths*28, "/terms/annualDays", "range")
	fault(t.GraceDays < 30 || t.GraceDays > 365, "/terms/graceDays", "range")
	fault(len(p.Flow.Steps) < 2, "/flow/steps", "village_steps")
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b models.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
		return &models.Error{Code: models.Invalid, Reason: "village.scheme", Fields: faults}
	}
	return nil
}

// sources looks whether every indicator has its source, and no other has one.
func (p Plan) sources(fault func(bool, string, string)) {
	codes := map[string]bool{}
	p.Set.Indicators(func(x *score.Indicator) {
		codes[x.Code] = true
		src, there := p.Sources[x.Code]
		at := "/sources/" + x.Code
		fault(!there, at, "required")
		fault(there && src.Kind != Auto && src.Kind != Manual && src.Kind != ByVoice, at+"/kind", "oneof")
		fault(src.Kind == Manual && (src.Fact != x.Of || x.Over != "" || !manualFact.MatchString(src.Fact)), at+"/fact", "village_fact")
		fault(src.Kind != Manual && (src.Fact != "" || src.Evidence), at, "village_fact")
	})
	for code := range p.Sources {
		fault(!codes[code], "/sources/"+code, "village_indicator")
	}
}

// Publish puts the scheme in force, by a second person of the city's office. Errors: as release.Approve; Forbidden.
func (s *Scheme) Publish(by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	if err := release.Approve(s, 0, by, now); err != nil {
		return err
	}
	s.Meta.Publish(EventPublished.Of(SchemeData{Level: s.Level, No: s.No}), "", by, now)
	return nil
}

// Drop gives a draft up. Errors: Forbidden; InvalidTransition once published.
func (s *Scheme) Drop(by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	return release.Drop(s, by, now)
}

// Read is the scheme's set.
func (s *Scheme) Read() (*score.Set, error) {
	var set score.Set
	if err := json.Unmarshal(s.Set, &set); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	return &set, nil
}

// scorers are made once for each hash.
var scorers sync.Map

// Scorer is the set made ready.
func (s *Scheme) Scorer() (*score.Scorer, error) {
	if made, ok := scorers.Load(s.Hash); ok {
		return made.(*score.Scorer), nil //nolint:errcheck,forcetypeassert // nothing else is kept there
	}
	set, err := s.Read()
	if err != nil {
		return nil, err
	}
	made := set.Scorer()
	scorers.Store(s.Hash, made)
	return made, nil
}
