package main

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"xinyi/flows"
	accesshttp "xinyi/handlers/access"
	"xinyi/handlers/api"
	awardhttp "xinyi/handlers/award"
	batchhttp "xinyi/handlers/batch"
	benefithttp "xinyi/handlers/benefit"
	caseworkhttp "xinyi/handlers/casework"
	cataloguehttp "xinyi/handlers/catalogue"
	consenthttp "xinyi/handlers/consent"
	credentialhttp "xinyi/handlers/credential"
	decisionhttp "xinyi/handlers/decision"
	farmerhttp "xinyi/handlers/farmer"
	"xinyi/handlers/file"
	identityhttp "xinyi/handlers/identity"
	loanhttp "xinyi/handlers/loan"
	noticehttp "xinyi/handlers/notice"
	practicehttp "xinyi/handlers/practice"
	recallhttp "xinyi/handlers/recall"
	recordhttp "xinyi/handlers/record"
	reporthttp "xinyi/handlers/report"
	uscchttp "xinyi/handlers/uscc"
	villagehttp "xinyi/handlers/village"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/catalogue"
	"xinyi/store"
)

// fileDoors are the doors to credit files, and the log that every look goes through.
type fileDoors struct {
	looks *api.Looks
	doors []api.Mounter
}

// facts reads what a decision may rest on.
func (a *App) facts() decisionhttp.Facts {
	return decisionhttp.Facts{Subjects: a.repos.Subjects, Records: a.repos.Records, Lists: decisionhttp.StandardLists}
}

// files ties the capabilities around credit files to the door.
func (a *App) files(callers *identityhttp.Callers) fileDoors {
	r, p := a.repos, a.cfg.policy
	forms := &file.Forms{Catalogue: r.Catalogue}
	offices := &api.Offices{Identity: r.Identity, Now: a.now}
	looks := &api.Looks{Entries: r.entries, Office: offices.Name}
	cases := caseworkhttp.Handler{
		Cases: r.Cases, Records: r.Records, Entries: r.entries, Decisions: r.Decision.Decisions, Blobs: r.Batch.Blobs, Subjects: r.Subjects, Forms: forms,
		Looks: looks, Terms: p.Casework, Desks: p.Desks, Check: flows.Possible,
	}
	grounds := func(ctx context.Context, id string) (*access.Ground, error) {
		g, err := cases.Ground(ctx, id)
		if !errors.Is(err, models.NotFound) {
			return g, err
		}
		return a.careGround(ctx, id)
	}
	looks.Grounds = grounds
	credits := recordhttp.Handler{
		Records: r.Records, Uses: r.Recall.Uses, Cases: r.Cases, Agents: r.Identity.Agents, Subjects: r.Subjects, Forms: forms, Looks: looks,
		Policy: p.Record, Forget: callers.Forget,
	}
	consents := consenthttp.Handler{Consent: r.Consent, Subjects: r.Subjects, Looks: looks, Policy: p.Consent}
	log := accesshttp.Handler{Entries: r.entries, Subjects: r.Subjects, Looks: looks}
	decisions := decisionhttp.Handler{Decision: r.Decision, Subjects: r.Subjects, Looks: looks}
	recalls := recallhttp.Handler{Recall: r.Recall, Subjects: r.Subjects}
	reports := reporthttp.Handler{Reports: r.reports, Uses: r.Recall.Uses, Records: r.Records, Forms: forms, Subjects: r.Subjects, Seals: a.seals, Policy: p.Report, Address: a.address}
	offers := benefithttp.Handler{
		Benefit: r.Benefit, Facts: store.StandardBenefitFacts(a.facts().Restricts), Policy: p.Benefit, Board: &benefithttp.Board{}, Looks: looks, Seals: a.seals,
		Issuer: a.cfg.Issuer, Keep: a.decisions().Decided,
	}
	credentials := credentialhttp.Handler{Credential: r.Credential, Subjects: r.Subjects, Seals: a.seals, Policy: p.Credential, Address: a.address}
	farm := farmerhttp.Handler{Farmer: r.Farmer, Facts: a.farmFacts(), Policy: p.Farmer, Looks: looks}
	lending := loanhttp.Handler{Loan: r.Loan, Consents: r.Consent.Consents, Farm: r.Farmer, People: r.Subjects, Policy: p.Loan}
	honours := awardhttp.Handler{Award: r.Award, Facts: store.StandardAwardFacts, Policy: p.Award, Looks: looks}
	library := practicehttp.Handler{Practice: r.Practice, People: r.Identity.People, Office: offices.Name, Policy: p.Practice}
	consented := file.Consented{Consent: r.Consent, Subjects: r.Subjects, Looks: looks, Seals: a.seals, Issuer: a.cfg.Issuer, Policy: p.Consent}
	query := consenthttp.Query{
		Consented: consented, Records: r.Records, Uses: r.Recall.Uses, Grounds: grounds, Category: func(ctx context.Context, item string, version int) (string, error) {
			it, err := r.Catalogue.Items.Get(ctx, catalogue.ID(item, version))
			if err != nil {
				return "", err
			}
			return it.Category, nil
		},
	}
	rows := villagehttp.Bundle{Village: r.Village, Divisions: r.Divisions, Looks: looks, Seals: a.seals}
	return fileDoors{looks, []api.Mounter{
		offers,
		benefithttp.Desk{Handler: offers, Clients: r.Identity.Clients},
		cataloguehttp.Handler{Catalogue: r.Catalogue},
		uscchttp.Handler{Catalogue: r.Catalogue},
		credits,
		batchhttp.Handler{Batch: r.Batch, Records: r.Records, Forms: forms, Subjects: r.Subjects, Policy: p.Record, Looks: looks, Now: a.now},
		cases,
		consents,
		consenthttp.Partners{Consent: r.Consent, Clients: r.Identity.Clients},
		query,
		farm,
		farmerhttp.Desk{Handler: farm},
		farmerhttp.Evaluation{Desk: farmerhttp.Desk{Handler: farm}},
		farmerhttp.Share{Handler: farm, Query: consented},
		lending,
		loanhttp.Desk{Handler: lending, Clients: r.Identity.Clients, Looks: looks},
		loanhttp.Lists{Handler: lending, Records: r.Records, Notices: r.Farmer.Notices},
		rows,
		villagehttp.Handler{Village: r.Village, Divisions: r.Divisions, Looks: looks, Policy: p.Village, Facts: a.villages().Today},
		noticehttp.Handler{Notices: r.Farmer.Notices, Looks: looks},
		honours,
		library,
		practicehttp.Rounds{Handler: library},
		log,
		decisions,
		recalls,
		reports,
		credentials,
	}}
}

// address is where the service is reached: the issuer, when that is an address, else where this process answers.
func (a *App) address() string {
	if strings.Contains(a.cfg.Issuer, "://") {
		return a.cfg.Issuer
	}
	return a.URL()
}

// careGround is an agreement or a bill of credit medical care that a look rests on. Errors: NotFound.
func (a *App) careGround(ctx context.Context, id string) (*access.Ground, error) {
	about := func(person string, region models.Region, open bool) (*access.Ground, error) {
		sub, err := a.repos.Subjects.Of(ctx, models.Actor{Person: person, Role: models.Resident})
		if err != nil && !errors.Is(err, models.Conflict) {
			return nil, err
		}
		sub.Kind, sub.Person = models.PersonSubject, person
		return &access.Ground{ID: id, Subject: sub, Region: region, Open: open}, nil
	}
	g, err := a.repos.Medical.Agreements.Get(ctx, id)
	if err == nil {
		return about(g.Person, g.Region, g.Live())
	}
	if !errors.Is(err, models.NotFound) {
		return nil, err
	}
	b, err := a.repos.Medical.Bills.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return about(b.Person, b.Region, true)
}

// benefits ties what follows for 信易+.
func (a *App) benefits() flows.Benefit {
	return flows.Benefit{Benefit: a.repos.Benefit, Facts: store.StandardBenefitFacts(a.facts().Restricts), Policy: a.cfg.policy.Benefit, Now: a.now}
}

// farmFacts says what households are scored on besides their files.
func (a *App) farmFacts() store.FarmFacts {
	return store.StandardFarmFacts(a.repos.Loan.Farm(a.cfg.policy.Loan))
}

// farms ties what follows for households' files.
func (a *App) farms() flows.Farmer {
	return flows.Farmer{Farmer: a.repos.Farmer, Facts: a.farmFacts(), Policy: a.cfg.policy.Farmer, Now: a.now}
}

// lends ties what follows for loans.
func (a *App) lends() flows.Loan {
	return flows.Loan{Loan: a.repos.Loan, Farm: a.repos.Farmer, Records: a.repos.Records, Rate: a.farms().Score, Policy: a.cfg.policy.Loan, Now: a.now}
}

// villages ties what follows for credit villages and towns.
func (a *App) villages() flows.Village {
	return flows.Village{Village: a.repos.Village, Divisions: a.repos.Divisions, Policy: a.cfg.policy.Village, Now: a.now}
}

// awards ties what follows for awards.
func (a *App) awards() flows.Award {
	return flows.Award{
		Award: a.repos.Award, Catalogue: a.repos.Catalogue, Entries: a.repos.entries, Decisions: a.repos.Decision.Decisions, Decided: a.decisions().Decided,
		Facts: store.StandardAwardFacts, Policy: a.cfg.policy.Record, Now: a.now,
	}
}

// closes ties how a round's facts are frozen.
func (a *App) closes() flows.VillageClose {
	return flows.VillageClose{Village: a.repos.Village, Divisions: a.repos.Divisions, Policy: a.cfg.policy.Village, Secret: func() string { return rand.Text() + rand.Text() }, Now: a.now}
}

// decisions ties how decisions are kept and made again.
func (a *App) decisions() flows.Decision {
	offers := a.benefits()
	honours := flows.Award{Award: a.repos.Award, Facts: store.StandardAwardFacts, Now: a.now}
	return flows.Decision{
		Decision: a.repos.Decision, Medical: a.repos.Medical, Subjects: a.repos.Subjects, Benefit: &offers, Award: &honours, Restricts: a.facts().Restricts, Now: a.now,
		Recall: flows.Recall{Recall: a.repos.Recall, Records: a.repos.Records, Policy: a.cfg.policy.Recall, Now: a.now},
	}
}

// credentials ties what follows for honours that a third party checks.
func (a *App) credentials() flows.Credential {
	return flows.Credential{
		Credential: a.repos.Credential, Awards: a.repos.Award.Awards, Divisions: a.repos.Divisions, Policy: a.cfg.policy.Credential, Now: a.now,
	}
}

// followFiles ties what follows from events around credit files.
func (a *App) followFiles() error {
	r, p := a.repos, a.cfg.policy
	recalls := flows.Recall{Recall: r.Recall, Records: r.Records, Policy: p.Recall, Now: a.now}
	return errors.Join(
		a.relay.Subscribe(a.seal.Subscribers()...),
		a.relay.Subscribe(flows.Catalogue{Catalogue: r.Catalogue, Now: a.now}.Subscribers()...),
		a.relay.Subscribe(flows.Uscc{Catalogue: r.Catalogue, Now: a.now}.Subscribers()...),
		a.relay.Subscribe(flows.Record{
			Records: r.Records, Identity: r.Identity, Subjects: r.Subjects, Now: a.now,
			Forget: func(person string) {
				if a.forget != nil {
					a.forget(person)
				}
			},
		}.Subscribers()...),
		a.relay.Subscribe(flows.Batches{
			Batch: r.Batch, Catalogue: r.Catalogue, Records: r.Records, Subjects: r.Subjects, Policy: p.Record, Log: a.log, Now: a.now,
		}.Subscribers()...),
		a.relay.Subscribe(flows.Casework{
			Cases: r.Cases, Records: r.Records, Entries: r.entries, Items: r.Catalogue.Items, Uses: r.Recall.Uses, Terms: p.Casework, Desks: p.Desks, Now: a.now,
			Erase: []flows.Eraser{flows.EraseMessages(r.messages, r.delivery.Deliveries)},
		}.Subscribers()...),
		a.relay.Subscribe(flows.Consent{Consent: r.Consent, Subjects: r.Subjects, Now: a.now}.Subscribers()...),
		a.relay.Subscribe(recalls.Subscribers()...),
		a.relay.Subscribe(flows.Report{Reports: r.reports, Uses: r.Recall.Uses, Now: a.now}.Subscribers()...),
		a.relay.Subscribe(a.decisions().Subscribers()...),
		a.relay.Subscribe(a.benefits().Subscribers()...),
		a.relay.Subscribe(a.farms().Subscribers()...),
		a.relay.Subscribe(a.lends().Subscribers()...),
		a.relay.Subscribe(a.villages().Subscribers()...),
		a.relay.Subscribe(a.awards().Subscribers()...),
		a.relay.Subscribe(a.credentials().Subscribers()...),
		a.relay.Subscribe(a.closes().Subscribers()...),
		a.relay.Subscribe(flows.Practice{Practice: r.Practice, Notices: r.Farmer.Notices, Now: a.now}.Subscribers()...),
	)
}
