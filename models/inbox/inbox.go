// Package inbox holds what a person is told: one message per event, text and person. The inbox is the truth; what is
// pushed to phones only points here. A message keeps the values of its text, and is put into words when it is read.
package inbox

import (
	"time"

	"xinyi/models"
)

// State is where a message stands.
type State string

// The states of a message.
const (
	Unread   State = "UNREAD"
	Read     State = "READ"
	Snoozed  State = "SNOOZED" // out of sight until Until, then unread again
	Archived State = "ARCHIVED"
)

// States lists every state, for views and checks.
var States = []State{Unread, Read, Snoozed, Archived}

var acts = models.Acts[State]{
	models.From(Unread, Snoozed).To(Read).By("MarkRead", models.Resident),
	models.From(Unread, Read, Snoozed).To(Snoozed).By("Snooze", models.Resident),
	models.From(Unread, Read, Snoozed).To(Archived).By("Archive", models.Resident),
	models.From(Snoozed).To(Unread).By("Wake", models.System),
}

var moves = acts.Machine()

// Severity is how much a message asks of its reader.
type Severity string

// The severities.
const (
	Info   Severity = "info"   // good to know
	Action Severity = "action" // something is to be done
	Legal  Severity = "legal"  // it has legal effect; no opt-out
)

// Severities lists every severity, for checks.
var Severities = []Severity{Info, Action, Legal}

// A Route is what the app opens: a kind of document and its id.
type Route struct {
	Type string `bson:"type"` // "medical.bill"
	ID   string `bson:"id"`
}

// A Message tells one person of one event.
type Message struct {
	models.Meta        `bson:",inline"` // the id derives from event, text, person and channel
	models.Life[State] `bson:",inline"`

	Person   string            `bson:"person"`
	Kind     string            `bson:"kind"` // of the event; also names the text
	Event    string            `bson:"event"`
	Severity Severity          `bson:"severity"`
	Route    Route             `bson:"route"`
	Params   map[string]string `bson:"params,omitempty"`
	At       time.Time         `bson:"at"` // when it happened
	Topic    string            `bson:"topic"`
	Class    string            `bson:"class"`           // service or marketing
	Until    *time.Time        `bson:"until,omitempty"` // SNOOZED until then
}

// longestSnooze bounds how long a message can be put off.
const longestSnooze = 30 * 24 * time.Hour

// Channel of the inbox in a message's id; deliveries have others.
const Channel = "inbox"

// New is the message an event makes for its person. topic and class are its text's.
func New(e models.Event, severity Severity, routeType, topic, class string) *Message {
	m := &Message{
		Meta:   models.Meta{ID: models.Derived(e.ID, e.Kind, e.Person, Channel)},
		Person: e.Person, Kind: e.Kind, Event: e.ID, Severity: severity,
		Route: Route{Type: routeType, ID: e.Subject}, Params: e.Data, At: e.At,
		Topic: topic, Class: class,
	}
	m.State, m.Moved = Unread, models.Moved{By: models.System, At: e.At}
	return m
}

// MarkRead marks the message read; one that is read or archived already stays as it is.
// Errors: NotFound for somebody else's.
func (m *Message) MarkRead(by models.Actor, now time.Time) error {
	if err := m.of(by); err != nil || m.State != Unread && m.State != Snoozed {
		return err
	}
	return m.move(Read, by, nil, now)
}

// Snooze puts the message out of sight until a later time, at most 30 days away. Errors: NotFound for somebody else's,
// Invalid for a time that is past or too far, InvalidTransition when archived.
func (m *Message) Snooze(by models.Actor, until, now time.Time) error {
	if err := m.of(by); err != nil {
		return err
	}
	if !until.After(now) || until.After(now.Add(longestSnooze)) {
		return models.Bad("/until", "snooze", "inbox.snooze_invalid")
	}
	return m.move(Snoozed, by, models.At(until), now)
}

// Wake brings a snoozed message back, once: nothing for one that is not due, or is never to come back.
func (m *Message) Wake(now time.Time) error {
	if m.State != Snoozed || m.Until == nil || m.WakeAt == nil || m.WakeAt.After(now) {
		return nil
	}
	at := *m.Until
	if err := m.move(Unread, models.Clockwork, nil, at); err != nil {
		return err
	}
	m.Publish(EventReturned, m.Person, models.Clockwork, at)
	return nil
}

func (m *Message) move(to State, by models.Actor, until *time.Time, now time.Time) error {
	if err := m.Move(moves, to, by.At(now), "inbox.archived"); err != nil {
		return err
	}
	m.Until, m.WakeAt = until, until
	return nil
}

// Archive puts the message away for good; an archived one stays as it is. Errors: NotFound for somebody else's.
func (m *Message) Archive(by models.Actor, now time.Time) error {
	if err := m.of(by); err != nil || m.State == Archived {
		return err
	}
	return m.move(Archived, by, nil, now)
}

func (m *Message) of(by models.Actor) error {
	if by.Person == "" || m.Person != by.Person {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

// Words are a message in one language.
type Words struct {
	Title, Body string
	Why         string // why the reader got it
}
