package delivery

import (
	"strings"
	"time"

	"xinyi/models"
)

// Due says whether the delivery is to be sent at now.
func (d *Delivery) Due(now time.Time) bool {
	return d.Destination != "" && d.WakeAt != nil && !d.WakeAt.After(now)
}

// held says whether a replica has the delivery, its lease still running.
func (d *Delivery) held(now time.Time) bool {
	return d.State == Sending && d.WakeAt != nil && d.WakeAt.After(now)
}

// Start claims the delivery for one try until now+lease. Errors: Conflict "delivery.not_due" when somebody else has it.
func (d *Delivery) Start(lease time.Duration, now time.Time) error {
	if !d.Due(now) {
		return models.E(models.Conflict, "delivery.not_due")
	}
	if err := d.move(Sending, "", now); err != nil {
		return err
	}
	d.Open, d.Tries, d.WakeAt = "", d.Tries+1, models.At(now.Add(lease))
	return nil
}

// holds says whether the try with the number n is still the current one: a replica that was too slow changes nothing.
// A number never comes back to who lost it: tries are counted on after a replay, and only who ends a try uncounts it.
func (d *Delivery) holds(n int) error {
	if d.State != Sending || d.Tries != n {
		return models.E(models.Conflict, "delivery.not_yours")
	}
	return nil
}

// Took ends try n: the channel has the delivery. Errors: Conflict "delivery.not_yours".
func (d *Delivery) Took(n int, receipt string, p Policy, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	d.Receipt, d.SentAt = receipt, models.At(now)
	return d.end(Sent, "", p, now)
}

// Failed ends try n with a failure of this delivery alone: it is tried again after its next wait, or after least (a day at
// most) when that is longer, or is dead. One that would come too late is skipped. Errors: Conflict "delivery.not_yours".
func (d *Delivery) Failed(n int, code string, least time.Duration, p Policy, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	code = d.note(code, now)
	wait, more := p.Wait(d.Channel, d.ID, d.Tries-d.Before)
	if !more {
		return d.end(Dead, WhyExhausted, p, now)
	}
	at := models.At(now.Add(max(wait, min(least, maxLeast))))
	if d.NotAfter != nil && at.After(*d.NotAfter) {
		return d.end(Skipped, WhyExpired, p, now)
	}
	if err := d.move(FailedRetry, code, now); err != nil {
		return err
	}
	d.DueAt, d.WakeAt = *at, at
	return nil
}

// Back ends try n without counting it: the channel as a whole is down, and the delivery keeps its place.
// Errors: Conflict "delivery.not_yours".
func (d *Delivery) Back(n int, code string, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	code = d.note(code, now)
	if err := d.move(Queued, code, now); err != nil {
		return err
	}
	d.Tries, d.WakeAt = d.Tries-1, models.At(d.DueAt)
	return nil
}

// Kill ends try n for good: the channel will never take this. why is one of the Why words.
// Errors: Conflict "delivery.not_yours".
func (d *Delivery) Kill(n int, why, code string, p Policy, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	d.note(code, now)
	return d.end(Dead, why, p, now)
}

// Skip ends a delivery that is not needed any more; one whose tries are used up is dead, so that staff may replay it.
// Errors: Conflict "delivery.not_due" while a replica has it, InvalidTransition once it is over.
func (d *Delivery) Skip(why string, p Policy, now time.Time) error {
	switch {
	case d.held(now):
		return models.E(models.Conflict, "delivery.not_due")
	case why == WhyExhausted:
		return d.end(Dead, why, p, now)
	}
	return d.end(Skipped, why, p, now)
}

// Defer puts a delivery off until at, before it is tried. Errors: as Skip.
func (d *Delivery) Defer(at, now time.Time) error {
	if d.held(now) {
		return models.E(models.Conflict, "delivery.not_due")
	}
	if err := d.move(Deferred, "", now); err != nil {
		return err
	}
	d.DueAt, d.WakeAt = *models.At(at), models.At(at)
	return nil
}

// Join adds a message to a delivery that still collects. False when it does not any more, or is full.
func (d *Delivery) Join(message string) bool {
	for _, m := range d.Messages {
		if m == message {
			return true
		}
	}
	if d.State != Deferred || d.Open == "" || len(d.Messages) >= maxMessages {
		return false
	}
	d.Messages = append(d.Messages, message)
	return true
}

// Replay queues a delivery that was sent or is dead once more, with all its tries, however late it is; one that was skipped
// only when it is a partner's, whose endpoint was off. Errors: InvalidTransition.
func (d *Delivery) Replay(by models.Actor, now time.Time) error {
	if !d.Over() || d.State == Skipped && d.Person != "" {
		return models.Refused(d.Life, moves[d.State], "delivery.not_over")
	}
	if err := d.Move(moves, Queued, by.At(now), "delivery.not_over"); err != nil {
		return err
	}
	d.Before, d.Destination, d.GoneAt, d.NotAfter = d.Tries, d.destination(), nil, nil
	d.DueAt, d.WakeAt = *models.At(now), models.At(now)
	return nil
}

// Tapped notes that its reader opened it; again changes nothing. Errors: NotFound for somebody else's, InvalidTransition unless sent.
func (d *Delivery) Tapped(by models.Actor, now time.Time) error {
	switch {
	case by.Person == "" || by.Person != d.Person:
		return models.E(models.NotFound, "not_found")
	case d.State == Opened:
		return nil
	}
	if err := d.Move(moves, Opened, by.At(now), "delivery.not_sent"); err != nil {
		return err
	}
	d.OpenedAt = models.At(now)
	return nil
}

// Over says whether nothing is going to happen to the delivery by itself.
func (d *Delivery) Over() bool {
	switch d.State {
	case Sent, Dead, Skipped, Opened:
		return true
	case Queued, Deferred, Sending, FailedRetry:
	}
	return false
}

// note keeps a failure, and answers its code as it is kept.
func (d *Delivery) note(code string, now time.Time) string {
	code = strings.ToValidUTF8(code[:min(len(code), maxCode)], "")
	d.Failures = append(d.Failures, Failure{At: *models.At(now), Code: code})
	d.Failures = d.Failures[max(0, len(d.Failures)-maxFailures):]
	return code
}

func (d *Delivery) move(to State, why string, now time.Time) error {
	return d.Move(moves, to, models.Clockwork.At(now).Because(why), "delivery.over")
}

func (d *Delivery) end(to State, why string, p Policy, now time.Time) error {
	if err := d.move(to, why, now); err != nil {
		return err
	}
	d.Destination, d.Open, d.WakeAt, d.GoneAt = "", "", nil, models.At(now.Add(p.kept(d)))
	return nil
}
