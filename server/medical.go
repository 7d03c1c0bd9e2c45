package main

import (
	"context"
	"errors"
	"slices"

	"xinyi/flows"
	"xinyi/handlers/api"
	medicalhttp "xinyi/handlers/medical"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/medical"
	"xinyi/usecase"
)

// medicalCapability is credit medical care: see a doctor now and pay later.
var medicalCapability = Capability{Name: "medical", Lives: medical.Lives, Events: medical.Events, Open: func(a *App) Parts {
	care := medicalhttp.Handler{
		Medical: a.repos.Medical, People: a.repos.Identity.People, Mandates: a.repos.Identity.Mandates, Events: a.repos.Events,
		Keys: a.store.Keys, Gateway: a.gateway, Served: usecase.Warnings{Messages: a.repos.messages, Deliveries: a.repos.delivery.Deliveries}.Served, Log: a.accesses, Restricts: a.restrictions().Restricts,
	}
	return Parts{
		Routes: []api.Mounter{
			care, medicalhttp.Ledger{Checks: a.repos.Medical.Checks}, medicalhttp.Payments{Gateway: a.gateway, Bills: a.repos.Medical.Bills},
		},
		Follows: slices.Concat(flows.Medical{Medical: a.repos.Medical, Gateway: a.gateway, Now: a.now}.Subscribers(), a.ledger.Subscribers()),
		Ties:    care.Ties(),
		Grounds: []ground{a.careGround},
	}
}}

// careGround is an agreement or a bill that an access rests on, at what care may look at: it opens no records. Errors: NotFound.
func (a *App) careGround(ctx context.Context, id string) (*access.Ground, error) {
	about := func(person string, region models.Region, open bool, purposes ...string) (*access.Ground, error) {
		sub, err := a.repos.Subjects.Of(ctx, models.Actor{Person: person, Role: models.Resident})
		if err != nil && !errors.Is(err, models.Conflict) {
			return nil, err
		}
		sub.Kind, sub.Person = models.PersonSubject, person
		return &access.Ground{
			ID: id, Subject: sub, Region: region, Open: open, Purposes: append(purposes, "medical.supervision"),
			Roles: []models.Role{models.CountyHealth, models.HospitalFinance, models.Hospital},
		}, nil
	}
	g, err := a.repos.Medical.Agreements.Get(ctx, id)
	if err == nil {
		return about(g.Person, g.Region, g.Live(), "medical.agreement", "medical.conduct")
	}
	if !errors.Is(err, models.NotFound) {
		return nil, err
	}
	b, err := a.repos.Medical.Bills.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return about(b.Person, b.Region, b.Owes() || b.State == medical.RefundDue, "medical.billing", "medical.conduct")
}
