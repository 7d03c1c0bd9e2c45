// Package notifications tells people: it turns saved events into messages, puts them into words, and plans how they reach
// phones, browsers and partners' systems. What is sent when is decided by models/delivery; channels only carry.
//
// The words of an event kind stand in text/<kind>.zh.tmpl and text/<kind>.en.tmpl. Each defines
//
//	title, body           needed
//	why                   why the reader got it; a general sentence otherwise
//	severity              info (when it is not there), action or legal; the same in both languages
//	route                 what the app opens; "medical.bill" for "medical.bill_issued" when it is not there
//	push                  what a locked screen may show: no data, nothing about an illness
//	topic                 what a person may mute; "medical.bill" for "medical.bill_issued" when it is not there
//	class                 service (when it is not there) or marketing: vendors bound and punish the second
//	urgent                yes: quiet hours do not hold the push up
//	ttl                   how long a push makes sense ("48h"); a day for info, three for action, for ever for legal
//	digest, wait          "subject" or "topic": pushes that wait for the same are told as one, for which they wait so long
//
// They see the event's data by its keys, the time it happened as "at", and the functions yuan (fen → yuan), and day
// ("2026-03-01" or a time → a date in words). A key that a text names and the event lacks is an error, never a gap.
// topics.json names each topic.
package notifications

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/store"
)

// Inbox puts events into the inboxes of those they concern, and plans the deliveries that point there. Deliver is a
// subscriber of the relay. Without People nothing but the inbox is told.
type Inbox struct {
	Messages *store.Repo[inbox.Message] // store.Inbox
	Delivery store.Delivery
	People   *store.Repo[identity.Person]
	Texts    *Texts
	Silent   map[string]string // kinds nobody is told of, with the reason
	On       []string          // channels that are configured
	Policy   delivery.Policy
	Now      func() time.Time

	Kept    func(e models.Event, at time.Time) // a message is in the inbox: live updates, metrics; nil: nobody asks
	Repeats func(n int)                        // deliveries that were there already
	Planned func()                             // deliveries wait for the courier
}

// Wants says whether a kind may become a message.
func (n Inbox) Wants(kind string) bool { return n.Silent[kind] == "" }

// Deliver keeps the message of an event and its deliveries. Twice is once. An event for nobody makes none.
// Errors: Invalid for an event whose text is missing or asks for data the event lacks.
func (n Inbox) Deliver(ctx context.Context, e models.Event) error {
	if e.Person == "" {
		return nil
	}
	m, spec, err := n.message(e)
	if err != nil {
		return err
	}
	r, err := n.reader(ctx, e.Person)
	if err != nil || r == nil {
		return err
	}
	err = n.Messages.Insert(ctx, m)
	repeated := errors.Is(err, models.Conflict)
	if err != nil && !repeated {
		return err
	}
	if !repeated && n.Kept != nil {
		n.Kept(e, n.Now())
	}
	return n.carry(ctx, notice(e, m, spec, ""), *r, repeated)
}

// Again plans the deliveries of a message that is unread once more.
func (n Inbox) Again(ctx context.Context, e models.Event) error {
	m, err := n.Messages.Get(ctx, e.Subject)
	if errors.Is(err, models.NotFound) || err == nil && m.State != inbox.Unread {
		return nil
	}
	if err != nil {
		return err
	}
	spec, ok := n.Texts.Spec(m.Kind)
	if !ok {
		return nil
	}
	r, err := n.reader(ctx, m.Person)
	if err != nil || r == nil {
		return err
	}
	if n.Kept != nil {
		n.Kept(e, n.Now())
	}
	told := notice(models.Event{ID: e.ID, Kind: m.Kind, Subject: m.Route.ID, At: e.At}, m, spec, "")
	told.Legal = false // its text message went, or goes, with the first telling
	return n.carry(ctx, told, *r, false)
}

// message is an event's message, which can be put into words in every language, and what its text says besides them.
func (n Inbox) message(e models.Event) (*inbox.Message, Spec, error) {
	spec, ok := n.Texts.Spec(e.Kind)
	if !ok {
		return nil, spec, models.E(models.Invalid, "inbox.no_text", fmt.Errorf("kind %q has no text and is not silent", e.Kind))
	}
	m := inbox.New(e, spec.Severity, spec.Route, spec.Topic, string(spec.Class))
	for _, lang := range Languages {
		if _, err := n.Texts.Render(m, lang); err != nil {
			return nil, spec, err
		}
	}
	return m, spec, nil
}

// notice is what the message of e asks to be told outside the inbox.
func notice(e models.Event, m *inbox.Message, s Spec, campaign string) delivery.Notice {
	n := delivery.Notice{
		Event: e.ID, Kind: e.Kind, Subject: e.Subject, Message: m.ID, Campaign: campaign, At: e.At,
		Topic: s.Topic, Class: s.Class, Legal: s.Severity == inbox.Legal, Urgent: s.Urgent, Pushed: s.Pushed, TTL: s.TTL, Wait: s.Wait,
	}
	switch s.Digest {
	case "subject":
		n.Digest = s.Topic + "/" + e.Subject
	case "topic":
		n.Digest = s.Topic
	}
	return n
}

// reader is what is known of a person; nil when the account is closed.
func (n Inbox) reader(ctx context.Context, person string) (*delivery.Reader, error) {
	r := &delivery.Reader{Person: person, Lang: "zh"}
	if n.People == nil {
		return r, nil
	}
	p, err := n.People.Get(ctx, person)
	if errors.Is(err, models.NotFound) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if p.State == identity.Left {
		return nil, nil
	}
	r.Region, r.Lang, r.HasPhone = p.Region, p.Locale, !p.Phone.Empty()
	page, err := n.Delivery.Devices.Find(ctx, store.DevicesOf(person))
	if err != nil {
		return nil, err
	}
	r.Devices = page.Items
	if r.Prefs, err = n.Delivery.Preferences.Get(ctx, person); errors.Is(err, models.NotFound) {
		r.Prefs, err = nil, nil
	}
	return r, err
}

// carry keeps the deliveries of a notice. repeated: they may be there already.
func (n Inbox) carry(ctx context.Context, told delivery.Notice, r delivery.Reader, repeated bool) error {
	planned := delivery.Plan(told, r, n.On, n.Policy, n.Now())
	for _, d := range planned {
		if err := n.queue(ctx, d, repeated); err != nil {
			return err
		}
	}
	if len(planned) > 0 && n.Planned != nil {
		n.Planned()
	}
	return nil
}

// joins bounds how often a delivery looks for one to join that another is just sending.
const joins = 3

// queue keeps a delivery, or joins the one that still collects for its address.
func (n Inbox) queue(ctx context.Context, d *delivery.Delivery, repeated bool) error {
	if repeated {
		if there, err := n.joined(ctx, d); there || err != nil {
			return err
		}
	}
	if legal := d.Above(); legal != "" {
		if joined, err := n.join(ctx, d, legal); joined || err != nil {
			return err
		}
	}
	for range joins {
		err := n.Delivery.Deliveries.Insert(ctx, d)
		if !errors.Is(err, models.Conflict) {
			return err
		}
		if _, err := n.Delivery.Deliveries.Get(ctx, d.ID); !errors.Is(err, models.NotFound) {
			if err == nil && n.Repeats != nil {
				n.Repeats(1)
			}
			return err
		}
		if joined, err := n.join(ctx, d, d.Open); joined || err != nil {
			return err
		}
	}
	d.Open = ""
	return n.Delivery.Deliveries.Insert(ctx, d)
}

// join adds the message of d to the delivery that collects under key; false when there is none any more.
func (n Inbox) join(ctx context.Context, d *delivery.Delivery, key string) (joined bool, err error) {
	open, err := n.Delivery.Deliveries.First(ctx, store.DeliveryCollecting(key))
	if errors.Is(err, models.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = n.Delivery.Deliveries.Update(ctx, open.ID, func(o *delivery.Delivery) error {
		if joined = o.Join(d.Messages[0]); !joined {
			return store.Unchanged()
		}
		return nil
	})
	if errors.Is(err, models.NotFound) {
		return false, nil
	}
	return joined, err
}

// joined says whether a delivery to the address of d carries its message already.
func (n Inbox) joined(ctx context.Context, d *delivery.Delivery) (bool, error) {
	page, err := n.Delivery.Deliveries.Find(ctx, store.DeliveriesOf(d.Person).Page(store.MaxPage, ""))
	if err != nil {
		return false, err
	}
	there := slices.ContainsFunc(page.Items, func(o *delivery.Delivery) bool {
		return o.To == d.To && o.Channel == d.Channel && slices.Contains(o.Messages, d.Messages[0])
	})
	if there && n.Repeats != nil {
		n.Repeats(1)
	}
	return there, nil
}
