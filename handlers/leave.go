package handlers

import (
	"context"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/store"
)

// leave closes the caller's account, unless something ties her to it; every tie is named.
func (h Identity) leave(ctx context.Context, rq Request, _ struct{}) (None, error) {
	if err := own(rq); err != nil {
		return None{}, err
	}
	denied := models.E(models.Denied, "identity.leave_denied")
	for _, tie := range h.Ties {
		reason, err := tie(ctx, rq.Actor.Person)
		if err != nil {
			return None{}, err
		}
		if reason != "" {
			denied.Clauses = append(denied.Clauses, models.Clause{ID: reason, Outcome: models.Fail, ChangeableBy: models.BySubject})
		}
	}
	if len(denied.Clauses) > 0 {
		return None{}, denied
	}
	_, err := h.People.Update(ctx, rq.Actor.Person, func(p *identity.Person) error { return p.Leave(rq.Actor, rq.Now) })
	if err == nil {
		h.Callers.Forget(rq.Actor.Person)
	}
	return None{}, err
}

// here answers for a person who closed the account as for nobody.
func here(p *identity.Person, err error) (*identity.Person, error) {
	if err == nil && p.State == identity.Left {
		return nil, models.E(models.NotFound, "not_found")
	}
	return p, err
}

// Ties are what of credit medical care holds a person back from closing the account: money owed, an agreement not ended.
func (h Medical) Ties() []func(ctx context.Context, person string) (reason string, err error) {
	return []func(context.Context, string) (string, error){h.owes, h.signed}
}

func (h Medical) owes(ctx context.Context, person string) (string, error) {
	_, err := h.Bills.First(ctx, store.BillsOwedBy(person))
	switch {
	case unknown(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return "medical.bills_owed", nil
}

func (h Medical) signed(ctx context.Context, person string) (reason string, err error) {
	_, err = h.Agreements.Each(ctx, store.AgreementsOf(person).Only("state"), func(a *medical.Agreement) error {
		switch a.State {
		case medical.Closed, medical.Expired, medical.Rejected:
		case medical.Draft, medical.Verifying, medical.Consenting, medical.Review, medical.Active, medical.Suspended, medical.Closing:
			reason = "medical.agreement_open"
		}
		return nil
	})
	return reason, err
}
