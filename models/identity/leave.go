package identity

import (
	"time"

	"xinyi/models"
)

// EndedByLeaving is why the sessions and mandates of somebody who left are over.
const EndedByLeaving = "left"

// Leave closes the account (注销) for good: what tells who the person was is erased, the id stays for what refers to it.
// The phone and the ID number are free again; whoever signs in with them later is a new person.
//
// Errors: NotFound for anybody else and once left, Forbidden "identity.own_only" for who acts for the person, Conflict
// "identity.office_first" while an office is held or begins later. What else holds a person back is for the caller to ask.
func (p *Person) Leave(by models.Actor, now time.Time) error {
	switch {
	case by.Person != p.ID || p.State == Left:
		return models.E(models.NotFound, "not_found")
	case by.Agent != "" || !by.Is(models.Resident):
		return models.E(models.Forbidden, "identity.own_only")
	}
	for _, m := range p.Memberships {
		if m.Role != models.Business && (m.To == nil || m.To.After(now)) { // who acts for a firm may leave it that way too
			return models.E(models.Conflict, "identity.office_first")
		}
	}
	if err := p.Move(personMoves, Left, by.At(now), "identity.left_already"); err != nil {
		return err
	}
	p.Phone, p.Name, p.IDNumber, p.Birth = models.Secret{}, models.Secret{}, models.Secret{}, ""
	p.Verified, p.Tried, p.Memberships, p.Region = Evidence{}, Tries{}, nil, p.Region.County()
	p.Publish(EventLeft, p.ID, by, now)
	return nil
}

// Leave ends the session because its person left; nobody is told. False when it is over already.
func (s *Session) Leave(now time.Time) bool {
	if s.State != Live || s.Move(sessionMoves, Ended, models.Clockwork.At(now).Because(EndedByLeaving), "identity.session_ended") != nil {
		return false
	}
	s.Before, s.WakeAt, s.GoneAt = "", nil, models.At(now.Add(sessionKept))
	return true
}

// Leave ends the mandate because one of its two left, and tells the other. False when it is over already.
func (m *Mandate) Leave(person string, now time.Time) bool {
	if m.State == MandateOver || m.Move(mandateMoves, MandateOver, models.Clockwork.At(now).Because(EndedByLeaving),
		"identity.mandate_not_open") != nil {
		return false
	}
	m.Open, m.WakeAt = "", nil
	other := m.Principal
	if person == m.Principal {
		other = m.Agent
	}
	m.Publish(EventMandateEnded.Of(MandateData{Kind: m.Kind}), other, models.Clockwork, now)
	return true
}
