package flows

import (
	"context"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// Addressed tells events about an organisation to everybody who acts for it.
type Addressed struct {
	Agents *store.Repo[identity.Representative]
}

// Each is do for every person an event concerns: the one it names, or each representative of the organisation it names, as an
// event of their own. The same event makes the same ones.
func (a Addressed) Each(do func(context.Context, models.Event) error) func(context.Context, models.Event) error {
	return func(ctx context.Context, e models.Event) error {
		org := models.AddressedOrg(e.Person)
		if org == "" {
			return do(ctx, e)
		}
		_, err := a.Agents.Each(ctx, store.RepresentativesOf(org), func(r *identity.Representative) error {
			own := e
			own.Person, own.ID = r.Person, e.ID+"/"+r.Person
			return do(ctx, own)
		})
		return err
	}
}
