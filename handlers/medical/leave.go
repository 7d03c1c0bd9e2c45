package medical

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models/medical"
	"xinyi/store"
)

// Ties are what of credit medical care holds a person back from closing the account: money owed, an agreement not ended.
func (h Handler) Ties() []func(ctx context.Context, person string) (reason string, err error) {
	return []func(context.Context, string) (string, error){h.owes, h.signed}
}

func (h Handler) owes(ctx context.Context, person string) (string, error) {
	_, err := h.Bills.First(ctx, store.BillsOwedBy(person))
	switch {
	case api.Unknown(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return "medical.bills_owed", nil
}

func (h Handler) signed(ctx context.Context, person string) (reason string, err error) {
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
