// Package report is what a subject takes along to show to others: the credit report (信用报告) and the special report that replaces
// the certificate of no violation (专用信用报告). A report says what was true when it was issued, for a short time, under a seal;
// anybody who is shown one can ask whether it still holds (合规一码通).
package report

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/record"
)

// A Kind is what a report is for.
type Kind string

// The kinds of reports.
const (
	Credit  Kind = "CREDIT"  // what counts now
	Special Kind = "SPECIAL" // whether anything unlawful is on file
)

// Kinds lists every kind, for views and checks.
var Kinds = []Kind{Credit, Special}

// A State is where a report stands.
type State string

// The states of a report.
const (
	Valid      State = "VALID"
	Expired    State = "EXPIRED"
	Superseded State = "SUPERSEDED"
	Revoked    State = "REVOKED"
)

// States lists every state, for views and checks.
var States = []State{Valid, Expired, Superseded, Revoked}

var acts = models.Acts[State]{
	models.From(Valid).To(Expired).By("Wake", models.System),
	models.From(Valid).To(Superseded).By("Supersede", models.System),
	models.From(Valid).To(Revoked).By("Revoke", models.Resident),
}

var moves = acts.Machine()

// Policy is how long a report holds and how far back it may look. Standard is what the product comes with; all of it is
// configuration.
type Policy struct {
	ValidDays int `bson:"validDays"` // days a report holds, the day of issue not counted
	MaxMonths int `bson:"maxMonths"` // months a report may look back
}

// Standard is the policy of the product.
//
// Source: docs/sources.md#report-terms.
var Standard = Policy{ValidDays: 30, MaxMonths: 60}

// A Report is one report. Its content is kept as it was signed.
type Report struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	No      string         `bson:"no"` // the number people name it by
	Kind    Kind           `bson:"kind"`
	Subject models.Subject `bson:"subject"`
	Name    models.Secret  `bson:"name"`
	From    models.Day     `bson:"from"` // decisions from this day
	To      models.Day     `bson:"to"`   // to this one
	Shows   []string       `bson:"shows"`
	Fields  []string       `bson:"fields,omitempty"` // columns of records; none: all
	Rows    int            `bson:"rows"`
	Code    string         `bson:"code"` // what others check it by

	At        time.Time     `bson:"at"`
	Until     models.Day    `bson:"until"` // the last day it holds
	Content   models.Secret `bson:"content"`
	Hash      string        `bson:"sha256"` // of the content, in hex
	Seal      string        `bson:"seal"`
	Signature string        `bson:"signature"`
}

// A Request is what somebody wants a report of.
type Request struct {
	Kind     Kind
	From, To models.Day
	Shows    []string // sections, of those of the kind; none: all
	Fields   []string
}

// Settle fills in what was left open and refuses what cannot be: a credit report is as of today and a special one as far back as
// may be, unless a period is named. Errors: Invalid "report.period", "report.section" with pointers.
func (q Request) Settle(p Policy, now time.Time) (Request, error) {
	today := models.DayOf(now)
	earliest := today.AddMonths(-p.MaxMonths)
	if q.To == "" {
		q.To = today
	}
	if q.From == "" {
		q.From = earliest
	}
	switch {
	case q.To > today:
		return q, models.Bad("/to", "not_future", "report.period")
	case q.From > q.To:
		return q, models.Bad("/from", "before_end", "report.period")
	case q.From < earliest:
		return q, models.Bad("/from", "report_period", "report.period")
	}
	all := Sections(q.Kind)
	if all == nil {
		return q, models.Bad("/kind", "oneof", "report.section")
	}
	for i, id := range q.Shows {
		if !slices.ContainsFunc(all, func(s Section) bool { return s.ID == id }) {
			return q, models.Bad(fmt.Sprintf("/sections/%d", i), "oneof", "report.section")
		}
	}
	var shows []string
	for _, s := range all { // in the order of the kind, the fixed ones always
		if len(q.Shows) == 0 || s.Fixed || slices.Contains(q.Shows, s.ID) {
			shows = append(shows, s.ID)
		}
	}
	q.Shows = shows
	return q, nil
}

// An Issue is everything a report is made of.
type Issue struct {
	ID, Code        string
	Subject         models.Subject
	Name            models.Secret
	Rows            int
	Content         string // as it is signed
	Hash            string
	Seal, Signature string
}

// New issues a report that was settled. Errors: Invalid.
func New(q Request, in Issue, p Policy, by models.Actor, now time.Time) (*Report, error) {
	if in.Code == "" || in.Content == "" || in.Signature == "" || in.Subject.Ref == "" {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("report %q is incomplete", in.ID))
	}
	r := &Report{
		Meta: models.Meta{ID: in.ID}, Life: models.Life[State]{State: Valid, Moved: models.Moved{By: by.Role, At: now}},
		No: Number(in.ID, now), Kind: q.Kind, Subject: in.Subject, Name: in.Name, From: q.From, To: q.To, Shows: q.Shows, Fields: q.Fields, Rows: in.Rows,
		Code: in.Code, At: now, Until: p.until(now), Content: models.NewSecret(in.Content), Hash: in.Hash, Seal: in.Seal, Signature: in.Signature,
	}
	r.WakeAt = models.At(r.Until.Add(1).Start())
	r.publish(EventIssued, by, now, "")
	return r, nil
}

// until is the last day a report of now holds.
func (p Policy) until(now time.Time) models.Day { return models.DayOf(now).Add(p.ValidDays) }

// Until is the last day a report issued now would hold.
func (p Policy) Until(now time.Time) models.Day { return p.until(now) }

// Number is what people name a report by: CSXY, the day, six digits made of its id, and a check digit, so that a number read out
// wrong is noticed: CSXY-20260510-004211-6.
func Number(id string, at time.Time) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	day := strings.ReplaceAll(string(models.DayOf(at)), "-", "")
	digits := fmt.Sprintf("%06d", h.Sum64()%1_000_000)
	return "CSXY-" + day + "-" + digits + "-" + models.Luhn(day+digits)
}

// Supersede ends a report because a record it shows changed. It says whether anything changed.
func (r *Report) Supersede(cause string, now time.Time) bool {
	return r.end(Superseded, EventSuperseded, models.Clockwork, cause, now) == nil
}

// Revoke ends a report by its holder's wish. Errors: InvalidTransition.
func (r *Report) Revoke(by models.Actor, now time.Time) error {
	return r.end(Revoked, EventRevoked, by, "", now)
}

func (r *Report) end(to State, event models.Kind[Data], by models.Actor, cause string, now time.Time) error {
	if err := r.Move(moves, to, by.At(now).Because(cause), "report.over"); err != nil {
		return err
	}
	r.WakeAt = nil
	r.publish(event, by, now, cause)
	return nil
}

// Wake ends a report whose time is over.
func (r *Report) Wake(now time.Time) error {
	if r.State == Valid && models.DayOf(now) > r.Until {
		return r.end(Expired, EventExpired, models.Clockwork, "", now)
	}
	return nil
}

// Standing is the state of a report at a moment; one whose last day has passed has expired, whether or not it was woken.
func (r *Report) Standing(now time.Time) State {
	if r.State == Valid && models.DayOf(now) > r.Until {
		return Expired
	}
	return r.State
}

func (r *Report) publish(kind models.Kind[Data], by models.Actor, now time.Time, cause string) {
	r.Publish(kind.Of(Data{No: r.No, Kind: r.Kind, Cause: cause}), r.Subject.Addressee(), by, now)
}

// Fits says whether a report of a kind shows a record: one that counts and, but in a special report, may be shown; a special one shows
// what was repaired too, with the mark. What has ended or was withdrawn is in none.
//
// Source: docs/sources.md#report-content.
func (q Request) Fits(r *record.Record) bool {
	if r.DecidedOn < q.From || r.DecidedOn > q.To {
		return false
	}
	if q.Kind == Special {
		return r.Used() || r.State == record.Repaired
	}
	return r.Used() && (r.Nature != models.Negative || r.Publication.Shown)
}
