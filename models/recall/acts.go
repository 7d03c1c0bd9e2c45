package recall

import (
	"time"

	"xinyi/models"
)

// Policy is how a recipient that does not answer is reminded.
type Policy struct {
	ChaseDays int `bson:"chaseDays,omitempty"` // working days to answer, and again after each reminder
	Chases    int `bson:"chases,omitempty"`    // reminders, after which the use is overdue
	Hour      int `bson:"hour,omitempty"`      // of the day, in Shanghai
}

// Standard is the policy the product comes with. All of it is configuration.
//
// Source: docs/sources.md#recall-chase.
var Standard = Policy{ChaseDays: 5, Chases: 3, Hour: 9}

// Recall calls a use back: the record it used changed. A later change calls it back again, answered or not. It says whether that
// was news. Errors: InvalidTransition.
func (u *Use) Recall(c *Call, p Policy, now time.Time) (bool, error) {
	if u.Call == c.ID || !c.Touches(u) {
		return false, nil
	}
	if u.State != Recalled {
		if err := u.Move(moves, Recalled, models.Clockwork.At(now).Because(c.Cause), "recall.not_current"); err != nil {
			return false, err
		}
	}
	u.Call, u.Cause, u.Called, u.Terms = c.ID, c.Cause, models.At(now), p
	u.Chased, u.Overdue, u.Acked, u.Note = 0, false, nil, ""
	u.publish(EventRecalled, now)
	u.plan(now)
	return true, nil
}

// Ack is the recipient's word that it acted. Errors: InvalidTransition unless it is outstanding.
func (u *Use) Ack(note string, by models.Actor, now time.Time) error {
	if err := u.Move(moves, Acked, by.At(now), "recall.not_outstanding"); err != nil {
		return err
	}
	u.Acked, u.Note, u.Overdue, u.WakeAt = models.At(now), note, false, nil
	u.publish(EventAcked, now)
	return nil
}

// Settled is what a use inside the house becomes once its decision was made again or its report superseded. It says whether
// anything changed.
func (u *Use) Settled(now time.Time) bool {
	return u.State == Recalled && u.Ack("", models.Clockwork, now) == nil
}

// Wake reminds whoever has not answered, and in the end says so.
func (u *Use) Wake(now time.Time) error {
	if u.State != Recalled || u.Kind != Share || u.WakeAt == nil || u.WakeAt.After(now) {
		return nil
	}
	if u.Chased >= u.Terms.Chases {
		u.Overdue, u.WakeAt = true, nil
		u.publish(EventOverdue, now)
		return nil
	}
	u.Chased++
	u.publish(EventChased, now)
	u.plan(now)
	return nil
}

// plan sets when the recipient is reminded next. Uses of our own are not: their flows act.
func (u *Use) plan(now time.Time) {
	u.WakeAt = nil
	if u.Kind == Share && u.Terms.ChaseDays > 0 {
		u.WakeAt = models.At(models.DayOf(now).AddWorking(u.Terms.ChaseDays).Clock(u.Terms.Hour, 0))
	}
}

// publish tells an event that concerns no account: recipients hear of it through their systems, the subject by the call.
func (u *Use) publish(kind models.Kind[UseData], now time.Time) {
	u.Publish(kind.Of(UseData{
		Changed: Changed{u.Record, u.Cause}, Version: u.Version, Kind: u.Kind, Ref: u.Ref, Recipient: u.Recipient,
	}), "", models.Clockwork, now)
}
