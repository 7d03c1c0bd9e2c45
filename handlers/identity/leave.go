package identity

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
)

// A Tie says what holds a person back from closing the account: the key of a clause, "" for nothing.
type Tie = func(ctx context.Context, person string) (reason string, err error)

// leave closes the caller's account, unless something ties her to it; every tie is named.
func (h Handler) leave(ctx context.Context, rq api.Request, _ struct{}) (api.None, error) {
	denied := models.E(models.Denied, "identity.leave_denied")
	for _, tie := range h.Ties() {
		reason, err := tie(ctx, rq.Actor.Person)
		if err != nil {
			return api.None{}, err
		}
		if reason != "" {
			denied.Clauses = append(denied.Clauses, models.Clause{ID: reason, Outcome: models.Fail, ChangeableBy: models.BySubject})
		}
	}
	if len(denied.Clauses) > 0 {
		return api.None{}, denied
	}
	_, err := h.People.Update(ctx, rq.Actor.Person, func(p *identity.Person) error { return p.Leave(rq.Actor, rq.Now) })
	if err == nil {
		h.Callers.Forget(rq.Actor.Person)
	}
	return api.None{}, err
}
