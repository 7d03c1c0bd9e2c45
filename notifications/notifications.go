// Package notifications tells people: it turns saved events into messages and puts them into words. It decides nothing.
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
// They see the event's data by its keys, and the functions yuan (fen → yuan), and day ("2026-03-01" or a time → a
// date in words). A key that a text names and the event lacks is an error, never a gap.
package notifications

import (
	"context"
	"errors"
	"fmt"

	"xinyi/models"
	"xinyi/models/inbox"
	"xinyi/store"
)

// Inbox puts events into the inboxes of those they concern. Deliver is a subscriber of the relay.
type Inbox struct {
	Messages *store.Repo[inbox.Message] // store.Inbox
	Texts    *Texts
}

// Wants says whether a kind may become a message.
func (n Inbox) Wants(kind string) bool { return Silent[kind] == "" }

// Deliver keeps the message of an event. Twice is once. An event for nobody makes none.
// Errors: Invalid for an event whose text is missing or asks for data the event lacks.
func (n Inbox) Deliver(ctx context.Context, e models.Event) error {
	if e.Person == "" {
		return nil
	}
	spec, ok := n.Texts.kinds[e.Kind]
	if !ok {
		return models.E(models.Invalid, "inbox.no_text", fmt.Errorf("kind %q has no text and is not silent", e.Kind))
	}
	m := inbox.New(e, spec.Severity, spec.Route, spec.Topic, string(spec.Class))
	for _, lang := range Languages {
		if _, err := n.Texts.Render(m, lang); err != nil {
			return err
		}
	}
	if err := n.Messages.Insert(ctx, m); err != nil && !errors.Is(err, models.Conflict) {
		return err
	}
	return nil
}
