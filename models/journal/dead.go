package journal

import (
	"time"

	"xinyi/models"
)

// DeadState is where a dead event stands.
type DeadState string

// The states of a dead event.
const (
	Dead      DeadState = "DEAD"      // the subscriber gave up; somebody must decide
	Replaying DeadState = "REPLAYING" // it is being told once more
	Replayed  DeadState = "REPLAYED"  // the subscriber has had it
	Dropped   DeadState = "DROPPED"   // somebody decided that it need not be told
)

// DeadStates lists every state, for views and checks.
var DeadStates = []DeadState{Dead, Replaying, Replayed, Dropped}

var deadActs = models.Acts[DeadState]{
	models.From(Dead).To(Replaying).By("Replay", models.Operator),
	models.From(Dead).To(Dropped).By("Drop", models.Operator),
	models.From(Replaying).To(Dead, Replayed).By("Had", models.System),
}

var deadMoves = deadActs.Machine()

// Lost is an event one subscriber could not take.
type Lost struct {
	models.Meta            `bson:",inline"` // the id derives from the event and the subscriber
	models.Life[DeadState] `bson:",inline"`

	Event      models.Event `bson:"event"`
	Subscriber string       `bson:"subscriber"`
	Code       models.Code  `bson:"code"`  // of the last error
	Error      string       `bson:"error"` // the last error, for the operator
	Tries      int          `bson:"tries"`
	At         time.Time    `bson:"at"` // when it was given up last
}

// NewLost is the dead event for a subscriber that failed with cause after so many tries.
func NewLost(e models.Event, subscriber string, cause error, tries int, now time.Time) *Lost {
	e.Done, e.Tries, e.AgainAt = nil, 0, nil
	l := &Lost{Meta: models.Meta{ID: models.Derived(e.ID, subscriber)}, Event: e, Subscriber: subscriber, Tries: tries, At: now}
	l.State, l.Moved = Dead, models.Moved{By: models.System, At: now}
	l.failed(cause)
	return l
}

func (l *Lost) failed(cause error) { l.Code, l.Error = models.CodeOf(cause), cause.Error() }

// Replay asks the relay to tell the event once more. Errors: InvalidTransition unless DEAD.
func (l *Lost) Replay(by models.Actor, now time.Time) error {
	if err := l.Move(deadMoves, Replaying, by.At(now), "events.dead_decided"); err != nil {
		return err
	}
	l.Publish(EventReplayed.Of(ReplayedData{Subscriber: l.Subscriber, Event: l.Event.ID}), "", by, now)
	return nil
}

// Drop ends the event without telling it. why is kept. Errors: InvalidTransition unless DEAD.
func (l *Lost) Drop(by models.Actor, why string, now time.Time) error {
	return l.Move(deadMoves, Dropped, by.At(now).Because(why), "events.dead_decided")
}

// Had ends a replay: with cause nil the subscriber has had the event, otherwise it is dead once more.
// Errors: InvalidTransition unless REPLAYING.
func (l *Lost) Had(cause error, now time.Time) error {
	if cause == nil {
		return l.Move(deadMoves, Replayed, models.Clockwork.At(now), "events.dead_not_replaying")
	}
	if err := l.Move(deadMoves, Dead, models.Clockwork.At(now), "events.dead_not_replaying"); err != nil {
		return err
	}
	l.Tries, l.At = l.Tries+1, now
	l.failed(cause)
	return nil
}
