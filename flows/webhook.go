package flows

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/webhook"
	"xinyi/store"
)

// Webhook tells partners' systems of the events that concern their organisation, with ids and nothing else: what they want
// to know they read, and are on record for it.
type Webhook struct {
	Medical    store.Medical
	Endpoints  *store.Repo[webhook.Endpoint]
	Deliveries *store.Repo[delivery.Delivery]
	Clients    *store.Repo[identity.Client]
	Planned    func() // deliveries wait for the courier
	Now        func() time.Time
}

// Subscribers are to be given to the relay.
func (f Webhook) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "webhook", Kinds: Called(webhook.Kinds()...), Do: f.plan},
		{Name: "webhook.client", Kinds: Kinds(identity.EventClientChanged), Do: f.stopped},
	}
}

// stopped disables the endpoints of a partner's system that was shut out: it hears of nothing any more.
func (f Webhook) stopped(ctx context.Context, e models.Event) error {
	c, err := f.Clients.Get(ctx, e.Subject)
	if err != nil || c.State != identity.Stopped {
		return err
	}
	return changeAll(ctx, f.Endpoints, store.EndpointsOf(c.ID), func(to *webhook.Endpoint) error {
		if to.State != webhook.Active {
			return store.Unchanged()
		}
		return to.Disable(models.Clockwork, webhook.WhyClient, f.Now())
	})
}

// A concern is an organisation an event concerns, and what it may know of it.
type concern struct {
	org  string
	data map[string]any
}

// plan keeps a delivery for every endpoint that wants the event. Twice is once.
func (f Webhook) plan(ctx context.Context, e models.Event) error {
	concerns, err := f.concerns(ctx, e)
	if err != nil {
		return err
	}
	for _, c := range concerns {
		body, err := json.Marshal(map[string]any{"type": e.Kind, "timestamp": e.At.UTC().Format(time.RFC3339), "data": c.data})
		if err != nil {
			return models.E(models.Internal, "internal", err)
		}
		_, err = f.Endpoints.Each(ctx, store.EndpointsFor(c.org), func(to *webhook.Endpoint) error {
			if !to.Wants(e.Kind) {
				return nil
			}
			err := f.Deliveries.Insert(ctx, delivery.ForPartner(e, to.ID, to.Region, string(body), f.Now()))
			if err == nil && f.Planned != nil {
				f.Planned()
			}
			if errors.Is(err, models.Conflict) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// concerns finds whom an event concerns: the hospital of a bill or a visit, and for an agreement the hospitals that treat
// its person just now, for a recall whoever was given the record. They are given the numbers of their own visits and bills, never the
// agreement's.
func (f Webhook) concerns(ctx context.Context, e models.Event) ([]concern, error) {
	switch {
	case strings.HasPrefix(e.Kind, "medical.bill_"), strings.HasPrefix(e.Kind, "medical.refund_"):
		b, err := f.Medical.Bills.Get(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		return []concern{{b.Hospital, map[string]any{"bill": b.ID, "billNo": b.BillNo, "encounterId": b.Encounter}}}, nil
	case strings.HasPrefix(e.Kind, "medical.visit_"):
		v, err := f.Medical.Encounters.Get(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		return []concern{{v.Hospital, map[string]any{"encounterId": v.ID}}}, nil
	case strings.HasPrefix(e.Kind, "medical.agreement_"):
		return f.treating(ctx, e.Subject)
	case strings.HasPrefix(e.Kind, "recall."):
		d, err := models.DataOf[recall.UseData](e)
		if err != nil || d.Recipient == "" {
			return nil, err
		}
		return []concern{{d.Recipient, map[string]any{
			"use": e.Subject, "record": d.Record, "version": strconv.Itoa(d.Version), "ref": d.Ref, "cause": d.Cause,
		}}}, nil
	}
	return nil, nil
}

// treating lists the hospitals with an open visit under an agreement, each with its visits.
func (f Webhook) treating(ctx context.Context, agreement string) (all []concern, err error) {
	visits := map[string][]string{}
	var orgs []string
	_, err = f.Medical.Encounters.Each(ctx, store.OpenVisits(agreement), func(v *medical.Encounter) error {
		if visits[v.Hospital] == nil {
			orgs = append(orgs, v.Hospital)
		}
		visits[v.Hospital] = append(visits[v.Hospital], v.ID)
		return nil
	})
	for _, org := range orgs {
		all = append(all, concern{org, map[string]any{"encounterIds": visits[org]}})
	}
	return all, err
}
