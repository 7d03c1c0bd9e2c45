// Package record keeps the credit file (信用档案): what a source unit lawfully decided or found about a subject, in the form
// its catalogue item had then, with every version of it, and with the day on which it stops being shown and the day on which
// it is deleted.
//
// A record about a natural person is never public, and a negative one is not provided to anybody before its person was told.
package record

import (
	"maps"
	"time"

	"xinyi/models"
)

// Changes are the events after which whoever used a record must hear of it.
var Changes = []models.Named{EventCorrected, EventRepaired, EventRestored, EventEnded, EventWithdrawn}

// A State is where a record stands.
type State string

// The states of a record.
const (
	Active    State = "ACTIVE"
	Objected  State = "OBJECTED"  // under objection: shown with the mark
	Corrected State = "CORRECTED" // was wrong, is right now
	Repaired  State = "REPAIRED"  // no longer shown or used
	Ended     State = "ENDED"     // its time of publication is over: no longer shown or used
	Withdrawn State = "WITHDRAWN" // should never have been there
)

// States lists every state, for views and checks.
var States = []State{Active, Objected, Corrected, Repaired, Ended, Withdrawn}

// moves is the whole life of a record.
var acts = models.Acts[State]{
	models.From(Active, Corrected).To(Objected).By("Object", models.System, models.Resident, models.Business, models.CreditOffice),
	models.From(Active, Objected, Corrected, Repaired).To(Corrected).By("Correct", models.System, models.DataOfficer),
	models.From(Active, Corrected).To(Repaired).By("Repair", models.System),
	models.From(Active).To(Ended).By("Reschedule", models.System),
	models.From(Active).To(Ended).By("Restore", models.System),
	models.From(Active, Objected, Corrected).To(Ended).By("Wake", models.System),
	models.From(Active, Objected, Corrected, Repaired, Ended).To(Withdrawn).By("Withdraw", models.System, models.Department,
		models.DataOfficer),
	models.From(Objected).To(Active, Corrected).By("Uphold", models.System),
	models.From(Repaired).To(Active).By("Restore", models.System),
}

var moves = acts.Machine()

// A Record is one entry of a subject's file.
type Record struct {
	models.Meta        `bson:",inline"` // the id is ID(unit, item, key)
	models.Life[State] `bson:",inline"`

	Item        string          `bson:"item"` // code of the catalogue item
	ItemVersion int             `bson:"itemVersion"`
	Nature      models.Nature   `bson:"nature"`
	Openness    models.Openness `bson:"openness"`

	Subject  models.Subject `bson:"subject"`
	Name     models.Secret  `bson:"name"`
	IDNumber models.Secret  `bson:"idNumber"` // of a person
	Region   models.Region  `bson:"region"`   // of the source unit

	Unit  string `bson:"unit"`  // code of the source unit
	Key   string `bson:"key"`   // the source's own key: the number of the document
	Batch string `bson:"batch"` // that brought the version now in force; "" for one made by hand
	Row   int    `bson:"row"`   // in it, from 1

	DecidedOn   models.Day  `bson:"decidedOn"`
	Publication Publication `bson:"publication"`
	KeptUntil   models.Day  `bson:"keptUntil,omitempty"` // last day it is kept at all; "" no end
	Told        *Told       `bson:"told,omitempty"`      // how its person heard of it
	Case        string      `bson:"case,omitempty"`      // of the objection or the repair that acted last
	Before      State       `bson:"before,omitempty"`    // the state an objection found, while OBJECTED

	Current Version   `bson:"current"`
	Earlier []Version `bson:"earlier,omitempty"` // the oldest first
}

// A Version is what a record said from a moment on.
type Version struct {
	No         int                      `bson:"no"`    // from 1
	Known      time.Time                `bson:"known"` // since when we know it
	Valid      models.Day               `bson:"valid"` // since when it holds
	Attributes map[string]any           `bson:"attributes"`
	Private    map[string]models.Secret `bson:"private,omitempty"` // attributes about persons
	Why        string                   `bson:"why,omitempty"`     // of the change
	By         models.Role              `bson:"by"`
}

// Told is how the person of a record heard of it.
type Told struct {
	At  time.Time `bson:"at"`
	How string    `bson:"how"` // SERVED with the decision (两书同达), or by MESSAGE
}

// The ways to be told.
const (
	Served    = "SERVED"
	ByMessage = "MESSAGE"
)

// A Draft is everything that makes a record. The catalogue has checked it.
type Draft struct {
	Item        string
	ItemVersion int
	Nature      models.Nature
	Openness    models.Openness
	Subject     models.Subject
	Name        models.Secret
	IDNumber    models.Secret
	Region      models.Region
	Unit        string
	Key         string
	Batch       string
	Row         int
	DecidedOn   models.Day
	Valid       models.Day // "" is DecidedOn
	Severity    models.Severity
	Ended       models.Day // of the conduct, when the unit reports it; "" unknown
	KeepMonths  int        // of the item, counted from Ended, or from DecidedOn when that is unknown; 0 no end
	Served      bool       // the notice was served together with the decision
	Attributes  map[string]any
	Private     map[string]models.Secret
}

// ID is the id of the record of a source's key.
func ID(unit, item, key string) string { return models.Derived("record", unit, item, key) }

// New makes a record as of now. Errors: Invalid "record.incomplete", "record.decided_later"; Forbidden "record.person_public"
// for a public record about a natural person.
//
// Source: docs/sources.md#record-publication, docs/sources.md#record-retention.
func New(d Draft, p Policy, by models.Actor, now time.Time) (*Record, error) {
	switch {
	case d.Item == "" || d.ItemVersion <= 0 || d.Unit == "" || d.Key == "" || d.Subject.Kind == "" || d.Subject.Ref == "" || d.DecidedOn == "":
		return nil, models.E(models.Invalid, "record.incomplete")
	case d.DecidedOn > models.DayOf(now):
		return nil, models.E(models.Invalid, "record.decided_later")
	case d.Subject.Kind != models.Organisation && d.Openness == models.Public:
		return nil, models.E(models.Forbidden, "record.person_public")
	}
	r := &Record{
		Meta: models.Meta{ID: ID(d.Unit, d.Item, d.Key)},
		Life: models.Life[State]{State: Active, Moved: models.Moved{By: by.Role, At: now}},
		Item: d.Item, ItemVersion: d.ItemVersion, Nature: d.Nature, Openness: d.Openness, Subject: d.Subject, Name: d.Name,
		IDNumber: d.IDNumber, Region: d.Region, Unit: d.Unit, Key: d.Key, Batch: d.Batch, Row: d.Row, DecidedOn: d.DecidedOn,
		Current: Version{No: 1, Known: now, Valid: d.Valid, Attributes: d.Attributes, Private: d.Private, By: by.Role},
	}
	if r.Current.Valid == "" {
		r.Current.Valid = d.DecidedOn
	}
	if d.Served {
		r.Told = &Told{At: now, How: Served}
	}
	r.KeptUntil = p.keptUntil(d)
	if r.Publication = p.Publish(d.Nature, d.Severity, d.DecidedOn); r.over(now) {
		r.State = Ended
	}
	if r.Nature == models.Negative && r.State != Ended && r.Subject.Addressee() != "" {
		r.publish(EventKept, by, now, "")
	}
	if r.Nature == models.Positive && r.State != Ended {
		r.publish(EventHonoured, by, now, "")
	}
	r.plan()
	return r, nil
}

// Mark is what must be shown with a record wherever it travels: "OBJECTED", "CORRECTED", "REPAIRED", or "".
func (r *Record) Mark() string {
	switch r.State {
	case Objected, Corrected, Repaired:
		return string(r.State)
	case Active, Ended, Withdrawn:
	}
	return ""
}

// Used says whether the record counts: it may be shown to others, shared and decided upon.
func (r *Record) Used() bool { return r.State == Active || r.State == Objected || r.State == Corrected }

// Providable says whether somebody else may be given the record: it counts, and a negative one about a person was told to
// that person first.
//
// Source: docs/sources.md#record-told.
func (r *Record) Providable() bool {
	return r.Used() && (r.Nature != models.Negative || r.Subject.Kind == models.Organisation || r.Told != nil)
}

// Published says whether anybody may see the record: it is an organisation's, open, counts, and is within its time.
//
// Source: docs/sources.md#record-publication.
func (r *Record) Published() bool {
	return r.Used() && r.Subject.Kind == models.Organisation && r.Openness == models.Public && r.Publication.Shown
}

// Versioned names the version in force, "<id>@<no>".
func (r *Record) Versioned() string { return At(r.ID, r.Current.No) }

// Same says whether a draft says what the record says already.
func (r *Record) Same(d Draft) bool {
	return r.ItemVersion == d.ItemVersion && r.DecidedOn == d.DecidedOn && r.Subject.Is(d.Subject) && r.Name == d.Name &&
		maps.Equal(r.Current.Attributes, d.Attributes) && maps.Equal(r.Current.Private, d.Private)
}

// AsKnown is the version we knew at a moment; false when there was none.
func (r *Record) AsKnown(at time.Time) (Version, bool) {
	return r.newest(func(v Version) bool { return !v.Known.After(at) })
}

// AsValid is the version that, by what we know today, held on a day; false when there was none.
func (r *Record) AsValid(on models.Day) (Version, bool) {
	return r.newest(func(v Version) bool { return v.Valid <= on })
}

func (r *Record) newest(fits func(Version) bool) (Version, bool) {
	if fits(r.Current) {
		return r.Current, true
	}
	for i := len(r.Earlier) - 1; i >= 0; i-- {
		if fits(r.Earlier[i]) {
			return r.Earlier[i], true
		}
	}
	return Version{}, false
}
