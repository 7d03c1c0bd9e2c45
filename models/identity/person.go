package identity

import (
	"strings"
	"time"

	"xinyi/models"
)

// A PersonState is how well a person is known.
type PersonState string

// The standings.
const (
	Known PersonState = "KNOWN" // by a phone alone
	Bound PersonState = "BOUND" // by real name and ID number
	Left  PersonState = "LEFT"  // closed the account; nothing but the id is kept
)

// personMoves is the whole life of a person's identity: bound once, left once, both for good.
var personActs = models.Acts[PersonState]{
	models.From(Known).To(Bound).By("Bind", models.Resident),
	models.From(Known, Bound).To(Left).By("Leave", models.Resident),
}

var personMoves = personActs.Machine()

// A Person is somebody who signs in, or for whom somebody else acts. A person without a phone is only acted for.
type Person struct {
	models.Meta              `bson:",inline"`
	models.Life[PersonState] `bson:",inline"`

	Phone    models.Secret `bson:"phone"`    // unique; empty: none
	Name     models.Secret `bson:"name"`     // empty until bound
	IDNumber models.Secret `bson:"idNumber"` // unique; empty until bound
	Birth    models.Day    `bson:"birth"`    // "" until bound
	Region   models.Region `bson:"region"`   // where she lives; the county of the ID number until known better; "" unknown
	Locale   string        `bson:"locale"`   // zh or en: what messages are written in
	Verified Evidence      `bson:"verified"`
	Tried    Tries         `bson:"tried"`

	Memberships []Membership `bson:"memberships,omitempty"`
}

// Evidence is what a verifier of real names answered.
type Evidence struct {
	Method string    `bson:"method"`        // which verifier: "sandbox", "http"
	Ref    string    `bson:"ref,omitempty"` // the verifier's own serial number
	At     time.Time `bson:"at"`
}

// Tries counts the real-name attempts of a day.
type Tries struct {
	On    models.Day `bson:"on"`
	Count int        `bson:"count"`
}

// NewPerson starts a person with a checked phone. locale is zh or en.
func NewPerson(id string, phone models.Secret, locale string, now time.Time) *Person {
	p := &Person{Phone: phone, Locale: locale}
	p.ID, p.State = id, Known
	p.Moved = models.Moved{By: models.Resident, At: now}
	return p
}

// A RealName is a name with its number, and what shows that they belong together.
type RealName struct {
	Name     string
	Number   models.IDNumber
	Evidence Evidence
}

// NewWard starts a person without a phone, known by a verified real name alone; only an agent or guardian acts for them.
// Errors: as Bind.
func NewWard(id string, r RealName, by models.Actor, now time.Time) (*Person, error) {
	p := NewPerson(id, models.Secret{}, "zh", now)
	return p, p.bind(by, r.Name, r.Number, r.Evidence, now)
}

// TryBinding counts an attempt before a verifier is asked, at most max a day. Errors: Limited with the time to the next
// day, InvalidTransition for a bound person.
func (p *Person) TryBinding(max int, now time.Time) error {
	if err := personMoves.Check(p.Life, Bound, "identity.already_bound"); err != nil {
		return err
	}
	return p.Try(max, now)
}

// Try counts a question to a verifier of real names, whoever it is about, at most max a day. Errors: Limited.
func (p *Person) Try(max int, now time.Time) error {
	today := models.DayOf(now)
	if p.Tried.On != today {
		p.Tried = Tries{On: today}
	}
	if p.Tried.Count >= max {
		e := models.E(models.Limited, "identity.bind_too_often")
		e.RetryAfter = today.Add(1).Start().Sub(now)
		return e
	}
	p.Tried.Count++
	return nil
}

// Bind ties the person to a verified real name, once. The same name and number again change nothing.
//
// Errors: Invalid for a missing name or a birthday to come, InvalidTransition when bound to another name or number.
// That nobody else has the number is for the store's unique index.
func (p *Person) Bind(name string, n models.IDNumber, ev Evidence, now time.Time) error {
	return p.bind(p.Self(), name, n, ev, now)
}

func (p *Person) bind(by models.Actor, name string, n models.IDNumber, ev Evidence, now time.Time) error {
	name = strings.TrimSpace(name)
	switch {
	case p.State == Bound && p.Name.Reveal() == name && p.IDNumber == n.Secret:
		return nil
	case name == "" || len([]rune(name)) > 50:
		return models.Bad("/name", "name", "identity.name_invalid")
	case n.Empty() || n.Birth() > models.DayOf(now):
		return models.Bad("/idNumber", "cnid", "identity.number_invalid")
	case ev.Method == "":
		return models.E(models.Invalid, "identity.not_verified")
	}
	if err := p.Move(personMoves, Bound, by.At(now).Because(ev.Method), "identity.already_bound"); err != nil {
		return err
	}
	p.Name, p.IDNumber, p.Birth, p.Verified = models.NewSecret(name), n.Secret, n.Birth(), ev
	if p.Region == "" {
		p.Region = n.Region()
	}
	p.Publish(EventBound, p.ID, by, now)
	return nil
}

// Minor says whether the person is known to be under age on a day. Nobody without a birthday is known to be.
func (p *Person) Minor(on models.Day) bool { return p.Birth != "" && !models.Adult(p.Birth, on) }

// Adult says whether the person is bound and of age on a day.
func (p *Person) Adult(on models.Day) bool { return p.State == Bound && models.Adult(p.Birth, on) }

// Self is the person acting as nobody but themselves.
func (p *Person) Self() models.Actor {
	return models.Actor{Person: p.ID, Role: models.Resident, Region: p.Region}
}
