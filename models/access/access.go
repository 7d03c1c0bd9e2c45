// Package access is the log of accesses (查询记录): whenever somebody sees a person's data who is not that person, an entry says
// who, in which office, when, which fields, for what purpose, on what ground and for which case. It is written before the
// answer is given, the person reads it, and can challenge it.
package access

import (
	"slices"
	"time"

	"xinyi/models"
)

// A Access is what somebody is about to see.
type Access struct {
	Subject models.Subject
	Fields  []string // names of what is shown: "name", "bills", "records.penalty"
	About   string   // the document that is shown, "" for several
	Purpose string   // a row of Purposes
	Case    string   // the case or document that is worked on
	Basis   string   // the legal basis, for an access that rests on a law; "" is that of the purpose
	Receipt string   // the receipt, for an access that rests on consent
	Refused string   // why nothing was shown after all; "" for an access that was
}

// An Entry is one access, for good.
type Entry struct {
	models.Meta `bson:",inline"`

	Subject   models.Subject `bson:"subject"`
	At        time.Time      `bson:"at"`
	By        models.Actor   `bson:"by"`
	Office    string         `bson:"office"` // the organisation, as people know it
	Fields    []string       `bson:"fields"`
	About     string         `bson:"about,omitempty"`
	Purpose   string         `bson:"purpose"`
	Case      string         `bson:"case,omitempty"`
	Basis     string         `bson:"basis,omitempty"`
	Receipt   string         `bson:"receipt,omitempty"`
	Refused   string         `bson:"refused,omitempty"`
	Request   string         `bson:"request"`             // X-Request-Id
	Anomalies []Anomaly      `bson:"odd,omitempty"`       // what is unusual about it
	Watch     string         `bson:"watch,omitempty"`     // Watched while Odd says something: the auditors' queue
	Contest   string         `bson:"challenge,omitempty"` // the case that asks whether it was right
}

// Watched marks an entry that auditors look through.
const Watched = "ODD"

// New is the entry of a look by somebody. Errors: Invalid "access.no_purpose", "access.unknown_purpose", "access.no_case" for an
// office's access without one.
func New(id string, l Access, by models.Actor, request string, now time.Time) (*Entry, error) {
	p, known := Purposes[l.Purpose]
	switch {
	case l.Purpose == "":
		return nil, models.Bad("#header/X-Purpose", "required", "access.no_purpose")
	case !known:
		return nil, models.Bad("#header/X-Purpose", "purpose", "access.unknown_purpose")
	case p.Cases && l.Case == "" && l.Receipt == "" && l.Refused == "":
		return nil, models.Bad("#header/X-Case", "required", "access.no_case")
	}
	if l.Basis == "" {
		l.Basis = p.Basis.ZH
	}
	e := &Entry{
		Subject: l.Subject, At: now, By: by, Office: by.Org, Fields: l.Fields, About: l.About, Purpose: l.Purpose, Case: l.Case,
		Basis: l.Basis, Receipt: l.Receipt, Refused: l.Refused, Request: request,
	}
	if e.Subject.Ref == "" {
		e.Subject.Ref = Account(l.Subject.Person)
	}
	e.ID, e.GoneAt = id, models.At(models.DayOf(now).AddMonths(Standard.KeepMonths).End())
	return e, nil
}

// Account stands for the ref of a subject that is known by the account alone.
func Account(person string) string { return "person/" + person }

// Find notes what is unusual about the access, before anybody is told.
func (e *Entry) Find(odd ...Anomaly) {
	for _, o := range odd {
		if o != "" && !slices.Contains(e.Anomalies, o) {
			e.Anomalies, e.Watch = append(e.Anomalies, o), Watched
		}
	}
}

// Announce tells whom the data is about: always of an unusual access and of a refused one, of any other when its purpose says so.
// Who looks at their own tells nobody.
func (e *Entry) Announce() {
	whom := e.Subject.Addressee()
	if whom == "" || e.By.Person != "" && e.By.Person == e.Subject.Person {
		return
	}
	p := Purposes[e.Purpose]
	switch {
	case len(e.Anomalies) > 0:
		e.Publish(EventOdd.Of(LookData{Office: e.Office, Purpose: p.Words.ZH, PurposeEn: p.Words.EN}), whom, e.By, e.At)
	case e.Refused != "":
		e.Publish(EventRefused.Of(OfficeData{Office: e.Office}), whom, e.By, e.At)
	case p.Told:
		e.Publish(EventSeen.Of(LookData{Office: e.Office, Purpose: p.Words.ZH, PurposeEn: p.Words.EN}), whom, e.By, e.At)
	}
}

// Challenge ties the entry to the case that asks whether the look was right. Errors: Conflict "access.challenged_already".
func (e *Entry) Challenge(id string) error {
	if e.Contest != "" && e.Contest != id {
		return models.E(models.Conflict, "access.challenged_already")
	}
	e.Contest = id
	return nil
}
