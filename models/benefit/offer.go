package benefit

import (
	"slices"
	"time"

	"xinyi/models"
)

// A State is where an offer stands.
type State string

// The states of an offer.
const (
	Preparing State = "PREPARING" // no version of it is in force yet
	Online    State = "ONLINE"
	Paused    State = "PAUSED" // nobody may claim; what was claimed may be used
	Offline   State = "OFFLINE"
)

// Enum are all of them.
func (State) Enum() []any { return models.Enum(Preparing, Online, Paused, Offline) }

// States lists them.
var States = []State{Preparing, Online, Paused, Offline}

var offerActs = models.Acts[State]{
	models.From(Preparing).To(Online).By("Start", models.System),
	models.From(Preparing, Online, Paused).To(Offline).By("Wake", models.System),
	models.From(Online).To(Paused).By("Pause", models.Provider),
	models.From(Paused).To(Online).By("Resume", models.Provider),
}

var offerMoves = offerActs.Machine()

// A Period is the span in which each person's places are counted anew.
type Period string

// The periods.
const (
	Once  Period = "ONCE"
	Day   Period = "DAY"
	Month Period = "MONTH"
	Year  Period = "YEAR"
)

// Enum are all of them.
func (Period) Enum() []any { return models.Enum(Once, Day, Month, Year) }

// Key names the period a day lies in.
func (p Period) Key(on models.Day) string {
	switch p {
	case Day:
		return string(on)
	case Month:
		return string(on)[:7]
	case Year:
		return string(on)[:4]
	case Once:
	}
	return "once"
}

// A Quota says how often an offer may be claimed. 0 is no bound, but each person has at least one place a period.
type Quota struct {
	Total     int    `bson:"total"`
	Daily     int    `bson:"daily"`
	PerPerson int    `bson:"perPerson"`
	Period    Period `bson:"period"` // of PerPerson
}

// The bounds of a quota, which bound how many shares it is split into.
const (
	MaxPlaces    = 100_000
	maxPerPerson = 100
)

// Terms are what a version of an offer says: who gets what, how often, where and how long.
type Terms struct {
	Name      models.Words    `bson:"name"`
	Details   models.Words    `bson:"details"`
	Otherwise models.Words    `bson:"otherwise,omitempty"` // of a public service: how everybody gets it without the offer
	Form      Form            `bson:"form"`
	Needs     []Need          `bson:"needs,omitempty"`
	Quota     Quota           `bson:"quota"`
	Cap       models.Fen      `bson:"cap"` // the most one use saves, 0 none
	Regions   []models.Region `bson:"regions"`
	From      models.Day      `bson:"from"`
	Until     models.Day      `bson:"until"`   // the last day on which it may be claimed
	Good      int             `bson:"good"`    // days a claim is good, the day of claiming not counted
	Bring     int             `bson:"bring"`   // days until a thing has to be brought back, 0: nothing has
	Consent   models.Words    `bson:"consent"` // what the person agrees to when she claims
}

const (
	maxGood  = 366
	maxSpan  = 5 * 366
	maxName  = 40
	maxWords = 1000
)

// check looks at terms for a scene. Errors: Invalid "benefit.terms_invalid", a field for every fault.
func (t Terms) check(s *Scene) error {
	var faults []models.Field
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	q := t.Quota
	faults = slices.Concat(faults, t.Name.Check("/name", maxName), t.Details.Check("/details", maxWords),
		t.Consent.Check("/consent", maxWords))
	if t.Otherwise != (models.Words{}) {
		faults = append(faults, t.Otherwise.Check("/otherwise", maxWords)...)
	}
	fault(s.Public && t.Otherwise == (models.Words{}), "/otherwise", "benefit_otherwise")
	fault(!slices.Contains(s.Forms, t.Form), "/form", "benefit_form")
	fault(q.Total < 0 || q.Total > MaxPlaces, "/quota/total", "benefit_count")
	fault(q.Daily < 0 || q.Daily > MaxPlaces, "/quota/daily", "benefit_count")
	fault(q.PerPerson < 1 || q.PerPerson > maxPerPerson, "/quota/perPerson", "benefit_count")
	fault(!slices.Contains([]Period{Once, Day, Month, Year}, q.Period), "/quota/period", "oneof")
	fault(t.Cap < 0, "/cap", "fen")
	fault(len(t.Regions) == 0 || len(t.Regions) > maxRegions, "/regions", "benefit_regions")
	fault(t.From == "" || t.Until < t.From || t.Until.Since(t.From) > maxSpan, "/until", "benefit_span")
	fault(t.Good < 0 || t.Good > maxGood, "/good", "benefit_days")
	fault(t.Bring < 0 || t.Bring > maxGood || t.Bring > 0 && t.Form != DepositFree, "/bring", "benefit_bring")
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "benefit.terms_invalid", Fields: faults}
	}
	return nil
}

// Near says whether the offer is for where somebody lives. Who lives nowhere known sees the whole city's.
func (t Terms) Near(home models.Region) bool {
	return slices.ContainsFunc(t.Regions, func(r models.Region) bool { return r.Contains(home) || home != "" && home.Contains(r) })
}

// An Offer is one provider's advantage in one scene. What it says stands in its versions; the one in force is copied here.
type Offer struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Scene    string             `bson:"scene"`
	Field    string             `bson:"field"` // the scene's
	Provider string             `bson:"provider"`
	By       string             `bson:"by"`     // the provider's name
	Region   models.Region      `bson:"region"` // whose credit office answers for it
	Subject  models.SubjectKind `bson:"subject"`

	Versions int    `bson:"versions"` // how many there are
	Active   int    `bson:"active"`   // the one in force, 0 none
	Hash     string `bson:"hash,omitempty"`
	Terms    Terms  `bson:"terms"`
	Why      string `bson:"why,omitempty"` // of a pause or an end
}

// A Provider is whose offer it is.
type Provider struct {
	Org, Name string
	Region    models.Region
}

// NewOffer starts an offer without a version.
func (s *Scene) NewOffer(id string, p Provider, kind models.SubjectKind, by models.Actor, now time.Time) (*Offer, error) {
	if !slices.Contains(s.Subjects, kind) {
		return nil, models.Bad("/subject", "oneof", "benefit.terms_invalid")
	}
	o := &Offer{Scene: s.ID, Field: s.Field, Provider: p.Org, By: p.Name, Region: p.Region, Subject: kind}
	o.ID, o.State, o.Moved = id, Preparing, models.Moved{By: by.Role, At: now}
	return o, nil
}

// InForce is the id of the version in force, "" none.
func (o *Offer) InForce() string {
	if o.Active == 0 {
		return ""
	}
	return VersionID(o.ID, o.Active)
}

// Draft numbers the next version. Errors: Conflict "benefit.offer_over".
func (o *Offer) Draft() (int, error) {
	if o.State == Offline {
		return 0, models.E(models.Conflict, "benefit.offer_over")
	}
	o.Versions++
	return o.Versions, nil
}

// Start puts a version in force. It says whether anything changed: an older one never takes the place of a newer.
func (o *Offer) Start(v *Version, now time.Time) bool {
	if v.No <= o.Active || o.State == Offline {
		return false
	}
	o.Active, o.Hash, o.Terms = v.No, v.Hash, v.Terms
	if o.State == Preparing && o.Move(offerMoves, Online, models.Clockwork.At(now), "benefit.offer_state") == nil {
		o.Publish(EventOffered.Of(SceneData{Scene: o.Scene}), "", models.Clockwork, now)
	}
	o.WakeAt = models.At(o.Terms.Until.Add(1).Start())
	return true
}

// Pause stops claims for now. Errors: InvalidTransition unless online.
func (o *Offer) Pause(why string, by models.Actor, now time.Time) error {
	return o.act(Paused, EventPaused, why, by, now)
}

// Resume lets people claim again. Errors: InvalidTransition unless paused.
func (o *Offer) Resume(by models.Actor, now time.Time) error {
	if o.State != Paused {
		return models.Refused(o.Life, nil, "benefit.offer_state")
	}
	return o.act(Online, EventResumed, "", by, now)
}

// Close ends the offer for good. Errors: InvalidTransition once closed.
func (o *Offer) Close(why string, by models.Actor, now time.Time) error {
	if err := o.act(Offline, EventClosed, why, by, now); err != nil {
		return err
	}
	o.WakeAt = nil
	return nil
}

func (o *Offer) act(to State, kind models.Kind[OfferData], why string, by models.Actor, now time.Time) error {
	if err := o.Move(offerMoves, to, by.At(now).Because(why), "benefit.offer_state"); err != nil {
		return err
	}
	o.Why = why
	o.Publish(kind.Of(OfferData{Scene: o.Scene, Reason: why}), "", by, now)
	return nil
}

// Wake ends an offer whose last day is over.
func (o *Offer) Wake(now time.Time) error {
	if o.WakeAt == nil || o.WakeAt.After(now) {
		return nil
	}
	o.WakeAt = nil
	if o.State == Online || o.State == Paused {
		return o.Close("", models.Clockwork, now)
	}
	return nil
}

// Open says whether it may be claimed on a day. Errors: Conflict "benefit.offer_closed", "benefit.offer_paused", "benefit.offer_early".
func (o *Offer) Open(today models.Day) error {
	switch {
	case o.State == Paused:
		return models.E(models.Conflict, "benefit.offer_paused")
	case o.State != Online || today > o.Terms.Until:
		return models.E(models.Conflict, "benefit.offer_closed")
	case today < o.Terms.From:
		return models.E(models.Conflict, "benefit.offer_early")
	}
	return nil
}
