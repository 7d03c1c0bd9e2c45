package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/store"
	"xinyi/usecase"
)

// A flaky engine refuses, for a while, every so many writes of a collection.
type flaky struct {
	store.Engine
	tries map[string]int
	every map[string]int
}

func (f *flaky) Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error {
	if n := f.every[c.Name]; n > 0 {
		if f.tries[c.Name]++; f.tries[c.Name]%n == 0 && f.tries[c.Name] < 30 {
			return models.E(models.Unavailable, "unavailable", errors.New("as told"))
		}
	}
	return f.Engine.Insert(ctx, c, docs...)
}

// audience has n people of a county, a phone each, and a campaign to them that is approved.
func audience(t *testing.T, engine store.Engine, n int) (*office, usecase.Campaign, *flows.Relay) {
	t.Helper()
	clock := &hands{t: noon}
	o := newOffice(t, engine, clock, &post{name: "fcm", most: 8})
	all := usecase.OpenCampaign(o.store, o.inbox.People)
	relay := newRelay(o.store, store.NewRepo[journal.Lost](o.store, store.Dead), slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	stops := &flows.Stops{Campaigns: all.Campaigns, Now: clock.now}
	o.courier.Stopped = stops.Stopped
	must(t, relay.Subscribe(flows.Campaigns{Campaign: all, Inbox: o.inbox, Stops: stops, Now: clock.now}.Subscribers()...))
	must(t, o.store.Ensure(t.Context()))
	for i := range n {
		id := fmt.Sprintf("%04d", i)
		o.person(id, "phone-0001")
		_, err := o.inbox.People.Update(t.Context(), id, func(p *identity.Person) error { p.Region = "430181108"; return nil })
		must(t, err)
	}
	maker := models.Actor{Person: "maker", Role: models.CreditOffice, Region: "430181"}
	c, err := campaign.New("c1", maker, campaign.Content{
		Title: models.Words{ZH: "题", EN: "T"}, Body: models.Words{ZH: "文", EN: "B"}, Class: campaign.Service, Severity: campaign.Info,
		Audience: campaign.Audience{Region: "430181"},
	}, noon)
	must(t, err)
	must(t, c.Approve(models.Actor{Person: "checker", Role: models.CreditOffice, Region: "430181"}, noon))
	c.Outbox = nil
	must(t, all.Campaigns.Insert(t.Context(), c))
	return o, all, relay
}

// turn wakes the campaign when it is due, tells what is to be told, and moves on by ten minutes.
func turn(t *testing.T, o *office, all usecase.Campaign, relay *flows.Relay) *campaign.Campaign {
	t.Helper()
	now := o.clock.now()
	_, err := all.Campaigns.Update(t.Context(), "c1", func(c *campaign.Campaign) error {
		if c.WakeAt == nil || c.WakeAt.After(now) {
			return store.Unchanged()
		}
		return c.Wake(now)
	})
	must(t, err)
	must(t, relay.Drain(t.Context()))
	o.clock.move(10 * time.Minute)
	c, err := all.Campaigns.Get(t.Context(), "c1")
	must(t, err)
	return c
}

// A campaign whose writes fail again and again still reaches everybody, each once, and its numbers are true.
func TestCampaignThroughFailures(t *testing.T) {
	t.Parallel()
	const people = 1250
	engine := &flaky{Engine: newEngine(t), tries: map[string]int{}, every: map[string]int{}}
	o, all, relay := audience(t, engine, people)
	engine.every = map[string]int{store.Inbox.Name: 3, store.Deliveries.Name: 4}
	var c *campaign.Campaign
	for range 400 {
		if c = turn(t, o, all, relay); c.State == campaign.Done {
			break
		}
	}
	if c.State != campaign.Done || c.Counts.Audience != people || c.Counts.Seen != people || c.Counts.Sent != people {
		t.Fatalf("it is %s with %+v; part %d, wakes %v, now %v, outbox %+v, tellAt %v, tries %v", c.State, c.Counts, c.Part, c.WakeAt, o.clock.now(), c.Outbox, c.PublishAt, engine.tries)
	}
	for i := range people {
		id := fmt.Sprintf("%04d", i)
		n, err := o.inbox.Messages.Count(t.Context(), store.InboxOf(id, inbox.Unread))
		must(t, err)
		d, err := o.repo.Deliveries.Count(t.Context(), store.DeliveriesOf(id))
		must(t, err)
		if n != 1 || d != 1 {
			t.Errorf("%s has %d messages and %d deliveries", id, n, d)
		}
	}
}

// A campaign that is stopped tells nobody more, and what waits for a phone is skipped.
func TestCampaignStopped(t *testing.T) {
	t.Parallel()
	o, all, relay := audience(t, newEngine(t), 300)
	turn(t, o, all, relay)
	c, err := all.Campaigns.Get(t.Context(), "c1")
	must(t, err)
	if c.Counts.Sent == 0 {
		t.Fatal("nobody was told")
	}
	_, err = all.Campaigns.Update(t.Context(), "c1", func(c *campaign.Campaign) error {
		if c.State != campaign.Running {
			c.State = campaign.Running // so small a campaign is done in one part: stop it as if another were to come
		}
		return c.Stop(models.Actor{Person: "checker", Role: models.CreditOffice, Region: "430181"}, "wrong day", o.clock.now())
	})
	must(t, err)
	o.clock.move(time.Hour)
	o.round()
	by, err := o.repo.Deliveries.CountBy(t.Context(), "state", store.DeliveriesOfCampaign("c1"))
	must(t, err)
	if by["SKIPPED"] != int64(c.Counts.Sent) {
		t.Errorf("after the stop the deliveries are %v, %d were told", by, c.Counts.Sent)
	}
}
