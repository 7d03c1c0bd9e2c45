// Package release is the way of a document from a draft into force (起草、定稿、测算、审批、公布、生效、停用): one person writes
// it, another lets it go, and its day puts it in force. Rules, models, forms, schemes and items of the catalogue all go this
// way; a kind leaves out the steps it does not need. Everybody who ever touched the content is a maker, and no maker approves.
//
// A kind embeds Release, says its Path, checks its own content before it calls an act, and tells its own events after it.
package release

import (
	"slices"
	"time"

	"xinyi/models"
)

// A State is where a document stands on its way.
type State string

// The states, in order.
const (
	Draft     State = "DRAFT"
	Checked   State = "CHECKED"   // whole; what it says does not change any more
	Tried     State = "TRIED"     // on everybody it would reach
	Approved  State = "APPROVED"  // by a second person
	Announced State = "ANNOUNCED" // approved, with the day it begins
	InForce   State = "IN_FORCE"
	Retired   State = "RETIRED" // a later one took its place, or it was given up
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Draft, Checked, Tried, Approved, Announced, InForce, Retired)
}

// States lists them.
var States = []State{Draft, Checked, Tried, Approved, Announced, InForce, Retired}

// A Path is the steps of a kind, in order, from Draft to InForce. Every document may end in Retired besides.
type Path []State

// Public are the states of what was once let go; a draft that was dropped is Retired too.
var Public = []State{Announced, InForce, Retired}

// Hands are who made a document and who let it go.
type Hands struct {
	Makers   models.Makers `bson:"makers"`
	Approver models.Actor  `bson:"approver"` // zero until approved
}

// Pass is a second person's word. Errors: Forbidden "second_person" for a maker.
func (h *Hands) Pass(by models.Actor) error {
	if err := h.Makers.Second(by); err != nil {
		return err
	}
	h.Approver = by
	return nil
}

// A Release is embedded inline in every document that goes this way; only the acts of this package change it.
type Release struct {
	models.Life[State] `bson:",inline"`
	Hands              `bson:",inline"`

	City    models.Region `bson:"city,omitempty"`    // of whoever began it: what holds in a whole city holds in that one
	Hash    string        `bson:"hash,omitempty"`    // of what counts, since it was checked
	Trial   string        `bson:"trial,omitempty"`   // the last one
	Against string        `bson:"against,omitempty"` // the one in force that it was tried against, "" none
	TriedAt *time.Time    `bson:"triedAt,omitempty"` // when the trial ended
	Begins  models.Day    `bson:"begins,omitempty"`  // its first day, once announced
}

// Released makes the embedding type a Document.
func (r *Release) Released() *Release { return r }

// A Document goes this way.
type Document interface {
	models.Document
	Released() *Release
	Path() Path
}

// moves are where a document of the path may go: on, or out; a trial may be made anew until its day is set.
func (p Path) moves() models.Machine[State] {
	m := make(models.Machine[State])
	m[Retired] = nil
	for i, s := range p {
		if i+1 < len(p) {
			m[s] = append(m[s], p[i+1])
		}
		if s == Tried || s == Approved && slices.Contains(p, Tried) {
			m[s] = append(m[s], Tried)
		}
		if s == Checked && !slices.Contains(p, Tried) {
			m[s] = append(m[s], Draft)
		}
		m[s] = append(m[s], Retired)
	}
	return m
}

// passed is the state a second person's word leads to.
func (p Path) passed() State {
	for _, s := range p {
		if s == Approved || s == Announced {
			return s
		}
	}
	return InForce
}

// May says whether d may go to a state now, for a kind that looks at what it says before an act. Errors: InvalidTransition.
func May(d Document, to State) error {
	return d.Path().moves().Check(d.Released().Life, to, "release.state")
}

// to moves d.
func to(d Document, s State, why string, by models.Actor, now time.Time) error {
	return d.Released().Move(d.Path().moves(), s, by.At(now).Because(why), "release.state")
}
