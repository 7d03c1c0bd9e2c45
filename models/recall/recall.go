// Package recall remembers who used which version of which record, and when the record turns out wrong, is repaired or ends,
// calls every use back: whoever was given it is told and acknowledges, and is reminded until then.
package recall

import (
	"time"

	"xinyi/models"
)

// A State is where a use stands.
type State string

// The states of a use.
const (
	Current  State = "CURRENT"
	Recalled State = "RECALLED" // the record changed; the recipient has been told and has not answered
	Acked    State = "ACKNOWLEDGED"
)

var acts = models.Acts[State]{
	models.From(Current, Acked).To(Recalled).By("Recall", models.System),
	models.From(Recalled).To(Acked).By("Ack", models.Bank, models.Provider),
	models.From(Recalled).To(Acked).By("Settled", models.System),
}

var moves = acts.Machine()

// A Kind is what a record was used for.
type Kind string

// The kinds of uses.
const (
	Decision Kind = "DECISION" // ref is the decision's id; nobody outside has to answer
	Share    Kind = "SHARE"    // ref is the receipt's id
	Report   Kind = "REPORT"   // ref is the report's id; its holder is told
)

// A Use is one version of one record in one hand.
type Use struct {
	models.Meta        `bson:",inline"` // the id is UseID(kind, ref, record)
	models.Life[State] `bson:",inline"`

	Record    string         `bson:"record"`
	Version   int            `bson:"recordVersion"`
	Kind      Kind           `bson:"kind"`
	Ref       string         `bson:"ref"`
	Subject   models.Subject `bson:"subject"`
	Recipient string         `bson:"recipient"` // organisation it went to, "" for ourselves and the subject
	Region    models.Region  `bson:"region"`    // of the recipient: whose offices see to it that it answers
	At        time.Time      `bson:"at"`

	Call    string     `bson:"call,omitempty"`   // the last call that reached it
	Cause   string     `bson:"cause,omitempty"`  // kind of the event that called it back
	Called  *time.Time `bson:"called,omitempty"` // when
	Terms   Policy     `bson:"terms"`            // of the chase, copied when it was called back
	Chased  int        `bson:"chased,omitempty"` // reminders sent
	Overdue bool       `bson:"overdue,omitempty"`
	Acked   *time.Time `bson:"acked,omitempty"`
	Note    string     `bson:"note,omitempty"` // what the recipient did
}

// UseID is the id of the use of a record in a decision, a share or a report.
func UseID(kind Kind, ref, record string) string {
	return models.Derived("use", string(kind), ref, record)
}

// A Paper is what used a record: a decision, a share or a report.
type Paper struct {
	Kind           Kind
	Ref, Recipient string
	Region         models.Region // of the recipient
}

// NewUse notes a use at the moment it is made.
func NewUse(in Paper, record string, version int, subject models.Subject, now time.Time) *Use {
	u := &Use{Record: record, Version: version, Kind: in.Kind, Ref: in.Ref, Subject: subject, Recipient: in.Recipient, Region: in.Region,
		At: now}
	u.ID = UseID(in.Kind, in.Ref, record)
	u.State, u.Moved = Current, models.Moved{By: models.System, At: now}
	return u
}
