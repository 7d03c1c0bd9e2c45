// Package consent is consent to show one's credit information (信用信息授权): to whom, for what, which parts, for how long and
// how often. A partner asks or the person gives it unasked; every read names it, takes one of its reads and gets a receipt;
// withdrawal counts from the next read on. No refusal ever blocks a service, and nobody is asked why.
package consent

import (
	"slices"
	"time"

	"xinyi/models"
)

// A State is where a consent stands.
type State string

// The states of a consent.
const (
	Requested State = "REQUESTED"
	Given     State = "GIVEN"
	Denied    State = "DENIED"
	Lapsed    State = "LAPSED" // nobody answered in time
	Withdrawn State = "WITHDRAWN"
	Expired   State = "EXPIRED"
	Exhausted State = "EXHAUSTED" // every read it allowed was made
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Requested, Given, Denied, Lapsed, Withdrawn, Expired, Exhausted)
}

// States lists every state, for views and checks.
var States = []State{Requested, Given, Denied, Lapsed, Withdrawn, Expired, Exhausted}

// moves is the whole life of a consent.
var acts = models.Acts[State]{
	models.From(Requested).To(Given).By("Give", models.Resident),
	models.From(Requested).To(Denied).By("Deny", models.Resident),
	models.From(Requested).To(Lapsed).By("Leave", models.System),
	models.From(Requested).To(Lapsed).By("Wake", models.System),
	models.From(Given).To(Withdrawn).By("Leave", models.System),
	models.From(Given).To(Withdrawn).By("Withdraw", models.Resident),
	models.From(Given).To(Expired).By("Wake", models.System),
	models.From(Given).To(Exhausted).By("Take", models.Bank),
}

var moves = acts.Machine()

// A Mode says whether a consent is for one read or for several.
type Mode string

// The modes.
const (
	OneTime  Mode = "ONETIME"
	Periodic Mode = "PERIODIC"
)

// Enum are all of them.
func (Mode) Enum() []any { return models.Enum(OneTime, Periodic) }

// Terms are what a consent allows.
type Terms struct {
	Purpose   string      `bson:"purpose"`             // of Purposes
	Recipient string      `bson:"recipient,omitempty"` // organisation; "" is any of Class
	Class     models.Role `bson:"class,omitempty"`     // kind of recipients: bank, provider, department
	Scopes    []string    `bson:"scopes"`              // of Scopes, or "item." and a code of the catalogue
	Mode      Mode        `bson:"mode"`
	Days      int         `bson:"days"`  // from the day it is given on
	Reads     int         `bson:"reads"` // how often; 1 with ONETIME
}

// A Consent is one, asked for or given.
type Consent struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Subject models.Subject `bson:"subject"`
	Asker   models.Actor   `bson:"asker"`             // the partner who asked; zero when given unasked
	Asked   *Terms         `bson:"asked,omitempty"`   // what the partner asked for; nil when given unasked
	Name    string         `bson:"name"`              // of the recipient, as people know it; "" of a class
	Reply   *time.Time     `bson:"reply,omitempty"`   // until when an answer is awaited
	Slot    string         `bson:"slot,omitempty"`    // unique: one open request for each partner, subject and purpose
	Terms   Terms          `bson:"terms"`             // what was given; what was asked for until then
	Text    Signed         `bson:"text"`              // what was shown
	Notices []Signed       `bson:"notices,omitempty"` // that scopes need besides
	Giver   models.Actor   `bson:"giver"`             // the person, or the guardian or agent for that person; zero until given
	From    *time.Time     `bson:"from,omitempty"`    // nil until given
	Until   *time.Time     `bson:"until,omitempty"`   // ends here
	Left    int            `bson:"left"`              // reads
	Used    []Read         `bson:"used,omitempty"`    // at most Terms.Reads
}

// Signed is a text somebody agreed to: its version and the hash of what was shown.
type Signed struct {
	ID      string    `bson:"id"`
	Version string    `bson:"version"`
	Hash    string    `bson:"hash"` // SHA-256 of the text in both languages, in hex
	Lang    string    `bson:"lang"` // in which it was shown
	At      time.Time `bson:"at"`
}

// A Read is one query that was answered.
type Read struct {
	Receipt string    `bson:"receipt"`
	Nonce   string    `bson:"nonce"`
	At      time.Time `bson:"at"`
}

// A Draft is a consent as it is to be.
type Draft struct {
	ID      string
	Subject models.Subject
	Terms   Terms
	Name    string // what the recipient is called
}

// Ask starts a consent that a partner asks for. Its Text is set when it is given. Errors: Forbidden "consent.partner_unknown",
// "consent.purpose_not_allowed", "consent.scope_not_allowed"; Invalid with every fault.
func Ask(p *Partner, d Draft, pol Policy, by models.Actor, now time.Time) (*Consent, error) {
	if p == nil || !p.Knows(by) {
		return nil, models.E(models.Forbidden, "consent.partner_unknown")
	}
	t := d.Terms
	t.Recipient, t.Class = by.Org, ""
	switch {
	case !p.MayFor(t.Purpose):
		return nil, models.E(models.Forbidden, "consent.purpose_not_allowed")
	case !p.MaySee(t.Purpose, t.Scopes):
		return nil, models.E(models.Forbidden, "consent.scope_not_allowed")
	}
	t, err := t.checked(pol)
	if err != nil {
		return nil, err
	}
	c := &Consent{Subject: d.Subject, Asker: by, Asked: &t, Terms: t, Name: p.Name}
	c.ID, c.State, c.Moved = d.ID, Requested, models.Moved{By: by.Role, At: now}
	c.Reply = models.At(now.AddDate(0, 0, pol.ReplyDays))
	c.Slot = models.Derived(by.Org, d.Subject.Ref, t.Purpose)
	c.WakeAt = c.Reply
	c.publish(EventAsked, by, now)
	return c, nil
}

// Offer gives a consent nobody asked for. The recipient is an organisation or a class. Errors: as Give; Invalid with every fault.
func Offer(d Draft, s Signature, pol Policy, by models.Actor, now time.Time) (*Consent, error) {
	t, err := d.Terms.checked(pol)
	if err != nil {
		return nil, err
	}
	if (t.Recipient == "") == (t.Class == "") {
		return nil, models.Bad("/recipient", "required", "consent.recipient_needed")
	}
	c := &Consent{Subject: d.Subject, Terms: t, Name: d.Name}
	c.ID, c.State, c.Moved = d.ID, Requested, models.Moved{By: by.Role, At: now}
	return c, c.Give(by, s, Narrowing{}, pol, now)
}

// Narrowing is what somebody who is asked takes off. Zero values take nothing off.
type Narrowing struct {
	Scopes []string
	Days   int
	Reads  int
}

// A Signature is what somebody agreed to and whether they can.
type Signature struct {
	Text    Signed
	Notices []Signed
	Adult   bool // of full civil capacity, or an organisation
}

// Give gives what was asked for, or less; never more. Terms do not change afterwards.
//
// Errors: Forbidden "consent.minor", "consent.other_subject"; Conflict "consent.text_outdated" when another text was shown,
// "consent.notice_missing" when a scope needs one; Invalid "consent.widened"; InvalidTransition.
//
// Source: docs/sources.md#consent-terms, docs/sources.md#consent-restricted.
func (c *Consent) Give(by models.Actor, s Signature, less Narrowing, pol Policy, now time.Time) error {
	t, err := c.Terms.narrowed(less)
	if err == nil {
		err = c.may(by, s)
	}
	if err != nil {
		return err
	}
	if err := s.complete(t); err != nil {
		return err
	}
	if err := c.Move(moves, Given, by.At(now), "consent.not_requested"); err != nil {
		return err
	}
	c.Terms, c.Giver, c.Left, c.Slot = t, by, t.Reads, ""
	c.Text, c.Notices = s.Text, s.Notices
	c.Text.At = now
	for i := range c.Notices {
		c.Notices[i].At = now
	}
	c.From = models.At(now)
	c.Until = models.At(models.DayOf(now).Add(min(t.Days, pol.MaxDays)).End())
	c.WakeAt = c.Until
	c.publish(EventGiven, by, now)
	return nil
}

func (c *Consent) may(by models.Actor, s Signature) error {
	switch {
	case !c.about(by):
		return models.E(models.Forbidden, "consent.other_subject")
	case !s.Adult:
		return models.E(models.Forbidden, "consent.minor")
	}
	return nil
}

// about says whether by acts for the subject.
func (c *Consent) about(by models.Actor) bool {
	if c.Subject.Kind == models.Organisation {
		return by.Is(models.Business) && by.Org == c.Subject.Ref
	}
	return by.Is(models.Resident) && by.Person != "" && by.Person == c.Subject.Person
}

// Deny refuses a request. The partner does not learn that it was. Errors: Forbidden, InvalidTransition.
func (c *Consent) Deny(by models.Actor, now time.Time) error {
	if !c.about(by) {
		return models.E(models.Forbidden, "consent.other_subject")
	}
	if err := c.Move(moves, Denied, by.At(now), "consent.not_requested"); err != nil {
		return err
	}
	c.publish(EventDenied, by, now)
	return nil
}

// Withdraw ends a consent; no read after it is answered. Errors: Forbidden, InvalidTransition.
func (c *Consent) Withdraw(by models.Actor, now time.Time) error {
	if !c.about(by) {
		return models.E(models.Forbidden, "consent.other_subject")
	}
	if err := c.Move(moves, Withdrawn, by.At(now), "consent.not_given"); err != nil {
		return err
	}
	c.WakeAt = nil
	c.publish(EventWithdrawn, by, now)
	return nil
}

// Leave ends whatever is open because the account is closed. It says whether anything changed.
func (c *Consent) Leave(now time.Time) (bool, error) {
	var err error
	switch c.State {
	case Requested:
		err = c.Move(moves, Lapsed, models.Clockwork.At(now).Because("left"), "consent.not_requested")
		c.Slot = ""
	case Given:
		if err = c.Move(moves, Withdrawn, models.Clockwork.At(now).Because("left"), "consent.not_given"); err == nil {
			c.publish(EventWithdrawn, models.Clockwork, now)
		}
	case Denied, Lapsed, Withdrawn, Expired, Exhausted:
		return false, nil
	}
	c.WakeAt = nil
	return err == nil, err
}

// Meet ties a request that was made before its subject had an account to that account. It says whether anything changed.
func (c *Consent) Meet(s models.Subject, now time.Time) bool {
	if c.State != Requested || c.Subject.Person != "" || !c.Subject.Is(s) || s.Person == "" {
		return false
	}
	c.Subject.Person = s.Person
	c.publish(EventAsked, c.Asker, now)
	return true
}

// Wake does what time brings: a request lapses, a consent ends, a denied request gives its place free.
func (c *Consent) Wake(now time.Time) error {
	if c.WakeAt == nil || c.WakeAt.After(now) {
		return nil
	}
	c.WakeAt = nil
	switch c.State {
	case Requested:
		if err := c.Move(moves, Lapsed, models.Clockwork.At(now), "consent.not_requested"); err != nil {
			return err
		}
		c.Slot = ""
		c.publish(EventLapsed, models.Clockwork, now)
	case Given:
		if err := c.Move(moves, Expired, models.Clockwork.At(now), "consent.not_given"); err != nil {
			return err
		}
		c.publish(EventExpired, models.Clockwork, now)
	case Denied:
		c.Slot = ""
	case Lapsed, Withdrawn, Expired, Exhausted:
	}
	return nil
}

// Seen is the state as the partner who asked sees it: a denial looks like no answer, for as long as one is awaited, and then
// like a request that lapsed.
func (c *Consent) Seen(now time.Time) State {
	if c.State != Denied {
		return c.State
	}
	if c.Reply != nil && now.Before(*c.Reply) {
		return Requested
	}
	return Lapsed
}

// Receives says whether an organisation of a kind is meant.
func (c *Consent) Receives(by models.Actor) bool {
	if c.Terms.Recipient != "" {
		return c.Terms.Recipient == by.Org
	}
	return c.Terms.Class != "" && c.Terms.Class == by.Role
}

func (c *Consent) publish(kind models.Kind[Data], by models.Actor, now time.Time) {
	whom := c.Subject.Addressee()
	if whom == "" {
		return
	}
	p := Purposes[c.Terms.Purpose]
	c.Publish(kind.Of(Data{Purpose: p.ZH, PurposeEn: p.EN, Recipient: c.Name}), whom, by, now)
}

// has says whether every one of some is among all.
func has(all, some []string) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}
