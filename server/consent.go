package main

import (
	"context"

	"xinyi/flows"
	"xinyi/handlers/api"
	consenthttp "xinyi/handlers/consent"
	"xinyi/models/catalogue"
	"xinyi/models/consent"
)

// consentCapability is consents, and the queries of partners under them.
var consentCapability = Capability{
	Name:   "consent",
	Lives:  consent.Lives,
	Events: consent.Events,
	Policy: map[string]any{"Consent": consent.Standard},
	Open: func(a *App) Parts {
		r := a.repos
		return Parts{
			Routes: []api.Mounter{
				consenthttp.Handler{Consent: r.Consent, Subjects: r.Subjects, Log: a.accesses, Policy: policyOf[consent.Policy](a)},
				consenthttp.Partners{Consent: r.Consent, Clients: r.Identity.Clients},
				consenthttp.Query{Consented: a.consented, Records: r.Records, Uses: r.Recall.Uses, Grounds: a.ground, Category: a.category},
				consenthttp.Notices{},
			},
			Follows: flows.Consent{Consent: r.Consent, Subjects: r.Subjects, Now: a.now}.Subscribers(),
		}
	},
}

// category is that of an item of the catalogue. Errors: NotFound.
func (a *App) category(ctx context.Context, item string, version int) (string, error) {
	it, err := a.repos.Catalogue.Items.Get(ctx, catalogue.ID(item, version))
	if err != nil {
		return "", err
	}
	return it.Category, nil
}
