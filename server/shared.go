package main

import (
	"strings"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	identityhttp "xinyi/handlers/identity"
	"xinyi/models/consent"
	"xinyi/usecase"
)

// shared is what handlers of several capabilities use.
type shared struct {
	callers   *identityhttp.Callers
	accesses  *api.AccessLog // every access to somebody's data goes through it
	offices   *api.Offices
	forms     *file.Forms
	consented file.Consented
}

func (a *App) share() {
	r := a.repos
	offices := &api.Offices{Identity: r.Identity, Now: a.now}
	looks := &api.AccessLog{Entries: r.entries, Office: offices.Name, Grounds: a.ground}
	a.shared = shared{
		callers: identityhttp.NewCallers(a.tokens, r.Identity, a.now), accesses: looks, offices: offices, forms: &file.Forms{Catalogue: r.Catalogue},
		consented: file.Consented{
			Consent: r.Consent, Subjects: r.Subjects, Log: looks, Seals: a.seals, Issuer: a.cfg.Issuer, Policy: policyOf[consent.Policy](a),
		},
	}
}

// restrictions reads what withholds preferential policies from a person.
func (a *App) restrictions() usecase.Restrictions {
	return usecase.Restrictions{Subjects: a.repos.Subjects, Records: a.repos.Records, Facts: usecase.StandardRestrictionFacts}
}

// address is where the service is reached: the issuer, when that is an address, else where this process answers.
func (a *App) address() string {
	if strings.Contains(a.cfg.Issuer, "://") {
		return a.cfg.Issuer
	}
	return a.URL()
}
