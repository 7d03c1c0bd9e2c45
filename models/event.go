package models

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// An Event is something that happened to a document, published to whoever must react. It carries ids,
// amounts and days, never a name, a number of a person or a reason of illness.
type Event struct {
	ID      string            `bson:"id"`             // unique for ever: kind, subject, version and place in it
	Kind    string            `bson:"kind"`           // past tense: "medical.bill_issued"
	Subject string            `bson:"subject"`        // id of the document it happened to
	Person  string            `bson:"person"`         // whom it concerns; "" for nobody in particular
	At      time.Time         `bson:"at"`             // when it happened
	By      Actor             `bson:"by"`             // who did it; the zero Actor is the system
	Data    map[string]string `bson:"data,omitempty"` // as its kind declares it (Kind.Read), and as texts show it
	Done    []string          `bson:"done,omitempty"` // subscribers that have had it, while others still fail
	Tries   int               `bson:"tries,omitempty"`
	AgainAt *time.Time        `bson:"againAt,omitempty"` // when those that failed, or wait behind a failure, are next due; nil = not told yet
}

// A Kind is an event that documents publish with data of type D, a struct of texts, numbers, money and days
// (see codec): never a person's name or number. Declare it once, with the others of its capability.
type Kind[D any] struct{ *Declared }

// A Plain is an event that documents publish without data.
type Plain struct{ *Declared }

// Named is a kind of event, whatever its data.
type Named interface{ Name() string }

// A Happening is a kind of event with its data: what Kind.Of gives, or a Plain as it is.
type Happening interface {
	Name() string
	data() map[string]string
}

// Of is the event with its data.
func (k Kind[D]) Of(data D) Happening { return happening{k.Declared, k.codec.encode(data)} }

// Read is the data of an event of this kind. Errors: Internal for one of another kind, or whose data is not as declared.
func (k Kind[D]) Read(e Event) (D, error) {
	if !k.Is(e) {
		return *new(D), E(Internal, "internal", fmt.Errorf("%s is not %s", e.Kind, k.Name()))
	}
	return DataOf[D](e)
}

// Silent says that nobody is told of such an event, and why. Any other kind needs its texts.
func (k Kind[D]) Silent(why string) Kind[D] { k.silence = why; return k }

// Silent says that nobody is told of such an event, and why. Any other kind needs its texts.
func (p Plain) Silent(why string) Plain { p.silence = why; return p }

func (p Plain) data() map[string]string { return nil }

type happening struct {
	*Declared
	values map[string]string
}

func (h happening) data() map[string]string { return h.values }

// Declared is a kind of event as its capability declares it, whatever its data.
type Declared struct {
	name, silence string
	codec         *codec // nil: no data
}

// Name is the past tense that events of the kind carry: "medical.bill_issued".
func (d *Declared) Name() string { return d.name }

// Is says whether e is such an event.
func (d *Declared) Is(e Event) bool { return e.Kind == d.name }

// Silence is the reason why nobody is told of such an event; "" when it has texts.
func (d *Declared) Silence() string { return d.silence }

// Fields are those of its data, in order.
func (d *Declared) Fields() []EventField {
	if d.codec == nil {
		return nil
	}
	return slices.Clone(d.codec.fields)
}

// Events are the kinds that the documents of one capability publish. There is no other way to make a kind, so none is missing.
type Events struct{ all []*Declared }

// All are the kinds in the order of their declaration.
func (s *Events) All() []*Declared { return slices.Clone(s.all) }

// Plain declares a kind without data.
func (s *Events) Plain(name string) Plain { return Plain{s.declare(name, nil)} }

// Declare declares a kind whose data is a D. It panics at the start of the program when an event cannot carry a D.
func Declare[D any](s *Events, name string) Kind[D] {
	return Kind[D]{s.declare(name, codecFor[D]())}
}

// declared are those of all capabilities in the program.
var declared Events

// AllEvents are the kinds of the whole program, for the checks that none is forgotten.
func AllEvents() []*Declared { return declared.All() }

func (s *Events) declare(name string, c *codec) *Declared {
	d := &Declared{name: name, codec: c}
	s.all, declared.all = append(s.all, d), append(declared.all, d)
	return d
}

// Publish appends an event that the save of this document will carry. The id derives from the document's
// place in its own life, so a change that runs twice before it is saved publishes once.
func (m *Meta) Publish(what Happening, person string, by Actor, at time.Time) {
	n, kind := 0, what.Name()
	version := strconv.FormatInt(m.Version+1, 10)
	for _, e := range m.Outbox {
		if e.publishedBy(m.ID, version) {
			n++
		}
	}
	m.Outbox = append(m.Outbox, Event{
		ID: kind + "/" + m.ID + "/" + version + "." + strconv.Itoa(n), Kind: kind, Subject: m.ID,
		Person: person, At: at, By: by, Data: what.data(),
	})
}

// publishedBy says whether e was published by the given version of a document.
func (e Event) publishedBy(id, version string) bool {
	head := e.Kind + "/" + id + "/" + version + "."
	return len(e.ID) > len(head) && e.ID[:len(head)] == head
}

// Reached says whether subscriber has had e.
func (e Event) Reached(subscriber string) bool { return slices.Contains(e.Done, subscriber) }
