package identity

import (
	"slices"
	"time"

	"xinyi/models"
)

// Agree is the principal's own word, on their own device: an agent may act from now on; a guardianship still needs its paper seen.
// Errors: NotFound for anybody else, InvalidTransition.
func (m *Mandate) Agree(by models.Actor, now time.Time) error {
	switch {
	case !by.Is(models.Resident) || by.Agent != "" || by.Person != m.Principal:
		return models.E(models.NotFound, "not_found")
	case m.Kind == Agent:
		return m.begin(by, now)
	}
	if err := mandateMoves.Check(m.Life, InForce, "identity.mandate_not_open"); err != nil {
		return err
	}
	m.Makers.Touch(by)
	m.Publish(EventMandateAgreed.Of(MandateData{Kind: m.Kind}), "", by, now)
	return nil
}

// Agreed says whether the principal gave their own word.
func (m *Mandate) Agreed() bool {
	return slices.ContainsFunc(m.Makers, func(a models.Actor) bool { return a.Person == m.Principal })
}

// Approve is the first person's word at a desk: the principal was there, and the paper of Evidence was seen and is kept. alone says that
// the principal decides alone, as an adult who has an account.
//
// Errors: NotFound outside the region; Forbidden "identity.mandate_own" for one of the two; Conflict "identity.principal_decides";
// InvalidTransition.
func (m *Mandate) Approve(by models.Actor, alone bool, now time.Time) error {
	if err := m.atDesk(by, alone); err != nil {
		return err
	}
	if err := m.Move(mandateMoves, Witnessed, by.At(now), "identity.mandate_not_open"); err != nil {
		return err
	}
	m.Makers.Touch(by)
	m.Publish(EventMandateAgreed.Of(MandateData{Kind: m.Kind}), "", by, now)
	return nil
}

// Confirm is the second person's word at a desk: the mandate is in force. Errors: as Approve; Forbidden "second_person".
func (m *Mandate) Confirm(by models.Actor, alone bool, now time.Time) error {
	if err := m.atDesk(by, alone); err != nil {
		return err
	}
	if m.State == Proposed {
		return models.Refused(m.Life, mandateMoves[m.State], "identity.mandate_not_witnessed")
	}
	if err := m.Makers.Second(by); m.State == Witnessed && err != nil {
		return err
	}
	return m.begin(by, now)
}

func (m *Mandate) begin(by models.Actor, now time.Time) error {
	if err := m.Move(mandateMoves, InForce, by.At(now), "identity.mandate_not_open"); err != nil {
		return err
	}
	m.Makers.Touch(by)
	m.WakeAt = models.At(m.Until)
	m.publishBoth(EventMandateApproved, by, now)
	return nil
}

// atDesk says whether by may vouch for it at a desk: nobody does over the head of a principal who decides alone.
func (m *Mandate) atDesk(by models.Actor, alone bool) error {
	if err := m.staff(by); err != nil {
		return err
	}
	if alone && !m.Agreed() {
		return models.E(models.Conflict, "identity.principal_decides")
	}
	return nil
}
