package identity

import (
	"time"

	"xinyi/models"
)

// An Invitation is how an agent of an organisation is asked.
type Invitation struct {
	ID    string
	Phone models.Secret
	Slot  string     // names the phone and the organisation, to nobody else
	Until *time.Time // nil: until ended
}

// Invite asks whoever has a phone to act for the organisation of r, its legal representative. Nobody is looked up here, so that who
// invites learns nothing of who is known; unless it is accepted within pol.MandateAsk it is over.
//
// Errors: Forbidden unless r is one in force, Invalid.
func (r *Representative) Invite(i Invitation, pol Policy, now time.Time) (*Representative, error) {
	switch {
	case r.State != Representing || r.Basis != LegalRepresentative:
		return nil, models.E(models.Forbidden, "identity.not_the_representative")
	case i.Until != nil && !i.Until.After(now):
		return nil, models.Bad("/until", "future", "identity.mandate_over_already")
	}
	a := &Representative{Org: r.Org, Name: r.Name, Basis: AppointedAgent, Source: r.ID, Phone: i.Phone, Open: i.Slot, Until: i.Until,
		Appointer: r.Person}
	a.ID, a.State, a.Moved = i.ID, Invited, models.Moved{By: models.Resident, At: now}
	a.WakeAt = models.Earliest(i.Until, models.At(now.Add(pol.MandateAsk)))
	a.Publish(EventInviting.Of(a.data()), "", models.Actor{Person: r.Person, Role: models.Resident}, now)
	return a, nil
}

// Reach tells a person of the invitation whose phone it is. False when it was told or answered already.
func (r *Representative) Reach(p *Person, now time.Time) bool {
	if r.State != Invited || r.Person != "" || !r.Invites(p) {
		return false
	}
	r.Person = p.ID
	r.Publish(EventInvited.Of(InvitedData{Org: r.Org, OrgName: r.Name, AnswerBy: models.DayOf(*r.WakeAt)}), p.ID, models.Clockwork, now)
	return true
}

// Invites says whether the invitation is to a person: to the phone they have.
func (r *Representative) Invites(p *Person) bool {
	return !r.Phone.Empty() && r.Phone == p.Phone
}

// Accept is the invited person's own word: p, a bound adult, acts for the organisation from now on.
// Errors: NotFound for anybody else, Conflict "identity.not_bound", InvalidTransition once declined.
func (r *Representative) Accept(p *Person, now time.Time) error {
	switch {
	case !r.Invites(p):
		return models.E(models.NotFound, "not_found")
	case !p.Adult(models.DayOf(now)):
		return models.E(models.Conflict, "identity.not_bound")
	}
	if err := r.Move(representativeMoves, Representing, p.Self().At(now), "identity.invitation_over"); err != nil {
		return err
	}
	r.Person, r.WakeAt = p.ID, r.Until
	r.Phone, r.Open = models.Secret{}, ""
	r.publish(EventRepresents, now)
	return nil
}

// Decline is the invited person's refusal. Who invited sees no difference. Errors: as Accept.
func (r *Representative) Decline(p *Person, now time.Time) error {
	if !r.Invites(p) {
		return models.E(models.NotFound, "not_found")
	}
	if err := r.Move(representativeMoves, TurnedDown, p.Self().At(now), "identity.invitation_over"); err != nil {
		return err
	}
	r.Publish(EventInvitationOver.Of(r.data()), "", p.Self(), now)
	return nil
}

// Pending says whether it is an invitation that was not accepted, as far as who invited may know.
func (r *Representative) Pending() bool { return r.State == Invited || r.State == TurnedDown }
