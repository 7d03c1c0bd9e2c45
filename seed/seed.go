// Package seed fills an empty store with a city: its places and functional zones, and, for a demo, a made-up population
// with offices, partner systems and whatever each capability adds. Every record is made by the models' own methods, so a
// record the rules would refuse cannot be seeded.
//
// The same moment gives the same city. What a seed took once it does not take again, so it may run at every start.
package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/casework"
	"xinyi/models/division"
	"xinyi/models/journal"
	"xinyi/models/record"
	"xinyi/models/webhook"
	"xinyi/store"
	"xinyi/usecase"
)

// A Mark says that a seed was taken. Its id is the seed's name.
type Mark struct {
	models.Meta `bson:",inline"`
	Edition     string `bson:"edition"` // hash of the table, or of the program's own edition of the seed
}

// Stores are the repos a seed writes to. A repo is opened once a process, so the server hands its own in.
type Stores struct {
	Marks     *store.Repo[Mark] // of store.Seeds
	Divisions *store.Repo[division.Division]
	Zones     *store.Repo[division.Zone]
	Identity  store.Identity

	Organisation store.Organisation

	Medical   store.Medical
	Events    *store.Repo[journal.Entry]
	Campaigns *store.Repo[campaign.Campaign]
	Endpoints *store.Repo[webhook.Endpoint]
	Records   *store.Repo[record.Record]
	Subjects  usecase.Subjects
	Decision  usecase.Decision
	Recall    usecase.Recall
	Catalogue usecase.Catalogue
	Batch     usecase.Batch
	Cases     *store.Repo[casework.Case]
	Consent   store.Consent
	Benefit   usecase.Benefit
	Farmer    usecase.Farmer
	Award     usecase.Award
	Loan      usecase.Loan
	Village   usecase.Village

	Credential store.Credential
	Practice   store.Practice
}

// A Step is a capability's own part of the demo city, kept after everything that seed keeps by itself.
type Step func(ctx context.Context, s Stores, p *Population, now time.Time) error

// Edition is that of the demo city. It counts up with whatever is new in it.
const Edition = "3"

// Kept is the edition of the demo city that a store has, "" for none.
func Kept(ctx context.Context, s Stores) (string, error) {
	m, err := s.Marks.Get(ctx, "city")
	if errors.Is(err, models.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return m.Edition, nil
}

// City keeps the demo city as it stands at now: residents, staff and partner systems. Land must be there before.
// A store that has a demo city keeps the one it has.
func City(ctx context.Context, s Stores, now time.Time, more ...Step) error {
	_, err := s.Marks.Get(ctx, "city")
	if !errors.Is(err, models.NotFound) {
		return err
	}
	p, err := NewPopulation(now)
	if err != nil {
		return err
	}
	items, err := Catalogue(p.byID["staff-credit-city"].Actors(now)[1], p.byID["staff-credit-city-2"].Actors(now)[1])
	if err != nil {
		return err
	}
	var files *credit
	if s.Records != nil { // before the people are kept: some act for a firm
		if files, err = newCredit(p, s.Subjects, items, now); err != nil {
			return fmt.Errorf("seed the credit files: %w", err)
		}
	}
	if err := p.keep(ctx, s); err != nil {
		return fmt.Errorf("seed the people: %w", err)
	}
	c, err := newCare(p, now)
	if err != nil {
		return err
	}
	if err := c.keep(ctx, s.Medical, s.Events); err != nil {
		return fmt.Errorf("seed medical care: %w", err)
	}
	notices, err := newNotices(p, now)
	if err == nil && s.Campaigns != nil {
		err = s.Campaigns.InsertMany(ctx, notices)
	}
	if err != nil {
		return fmt.Errorf("seed campaigns: %w", err)
	}
	if err := keepCatalogue(ctx, s.Catalogue, items); err != nil {
		return fmt.Errorf("seed the catalogue: %w", err)
	}
	if err := files.keepAll(ctx, s, p, c, now); err != nil {
		return err
	}
	hooks, err := endpoints(p.Clients, p.Opened)
	if err == nil {
		err = fresh(ctx, s.Endpoints, hooks)
	}
	if err != nil {
		return fmt.Errorf("seed webhooks: %w", err)
	}
	for _, step := range more {
		if err := step(ctx, s, p, now); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return fresh(ctx, s.Marks, []*Mark{{Meta: models.Meta{ID: "city"}, Edition: Edition}})
}

// keepAll keeps what a store with credit files has room for: decisions, files, cases, codes and a delivery.
func (c *credit) keepAll(ctx context.Context, s Stores, p *Population, care *care, now time.Time) error {
	if c == nil {
		return nil
	}
	verdicts, err := newVerdicts(p, care, s.Subjects, now)
	if err == nil {
		err = verdicts.keep(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("seed decisions: %w", err)
	}
	if err := c.review(verdicts.decisions); err != nil {
		return err
	}
	if err := c.keep(ctx, s); err != nil {
		return fmt.Errorf("seed the credit c: %w", err)
	}
	office, clerk := p.byID["staff-credit-city"].Actors(now)[1], c.clerk
	if err := keepPartners(ctx, s.Consent, p, office); err != nil {
		return fmt.Errorf("seed the partners: %w", err)
	}
	all, err := newCodes(office, clerk, now)
	if err == nil {
		err = all.keep(ctx, s.Catalogue)
	}
	if err != nil {
		return fmt.Errorf("seed the codes: %w", err)
	}
	d, err := newDelivery(c.items["XZCF"], c.forms["XZCF"], clerk, now)
	if err == nil {
		err = d.keep(ctx, s.Batch)
	}
	if err == nil {
		err = keepBenefits(ctx, s, p, office, now)
	}
	if err == nil {
		err = keepFarms(ctx, s, p, now)
	}
	if err == nil {
		err = keepLoans(ctx, s, now)
	}
	if err == nil {
		err = keepVillages(ctx, s, p, now)
	}
	if err == nil {
		err = keepAwards(ctx, s, p, c, now)
	}
	if err == nil {
		err = keepCredentials(ctx, s, now)
	}
	if err == nil {
		err = keepPractices(ctx, s, p, now)
	}
	if err != nil {
		return fmt.Errorf("seed a delivery, benefits and farms: %w", err)
	}
	return nil
}
