package seed

import (
	"context"

	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/store"
)

// grants are what the demo's partners may ask people for. Consent itself is nobody's to make up: nobody has given any.
var grants = map[string]map[string][]string{
	readingBank: {
		"share.loan": {"profile.name", "records.penalty", "records.licence", "records.honour", "records.registration",
			"farm.household", "farm.members", "farm.land", "farm.production", "farm.insurance", "farm.honours", "farm.conduct", "farm.score", "farm.debts", "finance.income"},
		"share.loan_review": {"records.penalty", "farm.score"},
	},
	otherBank:       {"share.loan": {"profile.name", "farm.household", "farm.production", "farm.score"}},
	readingProvider: {"share.benefit": {"records.honour"}},
}

// keepPartners registers the partners that may ask.
func keepPartners(ctx context.Context, s store.Consent, p *Population, office models.Actor) error {
	if s.Partners == nil {
		return nil
	}
	var all []*consent.Partner
	for _, i := range Institutions {
		if grants[i.ID] == nil {
			continue
		}
		one, err := consent.NewPartner(consent.System{Client: i.ID, Name: i.Name, Org: i.ID, Kind: i.Kind}, consent.Grant{Scopes: grants[i.ID]},
			office, p.Opened)
		if err != nil {
			return err
		}
		one.Outbox = nil
		all = append(all, one)
	}
	return fresh(ctx, s.Partners, all)
}
