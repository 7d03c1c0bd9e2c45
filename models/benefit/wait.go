package benefit

import (
	"time"

	"xinyi/models"
)

// A WaitState is where somebody stands who waits.
type WaitState string

// The states of waiting.
const (
	Waiting WaitState = "WAITING"
	Served  WaitState = "SERVED" // a place is held for her: Claim
	Left    WaitState = "LEFT"
)

// Enum are all of them.
func (WaitState) Enum() []any { return models.Enum(Waiting, Served, Left) }

var waitActs = models.Acts[WaitState]{
	models.From(Waiting).To(Served).By("Serve", models.System),
	models.From(Waiting).To(Left).By("Leave", models.Resident, models.Business),
}

var waitMoves = waitActs.Machine()

// A Wait is one person's place in the line for an offer whose places are all taken. Who came first is served first.
type Wait struct {
	models.Meta            `bson:",inline"`
	models.Life[WaitState] `bson:",inline"`

	Offer  string             `bson:"offer"`
	Kind   models.SubjectKind `bson:"kind"`
	Holder string             `bson:"holder"`
	Person string             `bson:"person"`
	Slot   string             `bson:"slot,omitempty"` // offer/holder while waiting: once in a line
	Title  models.Words       `bson:"title"`
	At     time.Time          `bson:"at"`
	Claim  string             `bson:"claim,omitempty"`
}

// NewWait joins a line.
func NewWait(id string, o *Offer, holder string, by models.Actor, now time.Time) *Wait {
	w := &Wait{Offer: o.ID, Kind: o.Subject, Holder: holder, Person: by.Person, Slot: o.ID + "/" + holder, Title: o.Terms.Name, At: now}
	w.ID, w.State, w.Moved = id, Waiting, models.Moved{By: by.Role, At: now}
	w.Publish(EventWaiting.Of(WaitData{Offer: o.ID}), w.Person, by, now)
	return w
}

// Serve says that a place is held for her by a claim, until a time. It says whether anything changed.
func (w *Wait) Serve(claim string, until, now time.Time) bool {
	if w.Move(waitMoves, Served, models.Clockwork.At(now), "benefit.not_waiting") != nil {
		return false
	}
	w.Claim, w.Slot = claim, ""
	w.Publish(EventServed.Of(ServedData{
		Offer: w.Offer, Name: w.Title.ZH,
		NameEN: w.Title.EN, Claim: claim, Until: until.In(models.Shanghai).Format("2006-01-02 15:04"),
	}), w.Person, models.Clockwork, now)
	return true
}

// Leave gives the place in the line up. Errors: InvalidTransition.
func (w *Wait) Leave(why string, by models.Actor, now time.Time) error {
	if err := w.Move(waitMoves, Left, by.At(now).Because(why), "benefit.not_waiting"); err != nil {
		return err
	}
	w.Slot = ""
	return nil
}
