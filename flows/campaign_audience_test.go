package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/store"
	"xinyi/usecase"
)

// A hall is a city that is told notices.
type hall struct {
	*office
	all        usecase.Campaign
	agreements *store.Repo[medical.Agreement]
	relay      *flows.Relay
	stops      *flows.Stops
}

// hooked calls a test before every write of new messages, and refuses campaigns' saves while it counts down.
type hooked struct {
	store.Engine
	before  func(n int) error
	batches int
	refuse  int
	gets    int
}

func (h *hooked) Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error {
	if c.Name == store.Inbox.Name && len(docs) > 1 && h.before != nil {
		h.batches++
		if err := h.before(h.batches); err != nil {
			return err
		}
	}
	return h.Engine.Insert(ctx, c, docs...)
}

func (h *hooked) Replace(ctx context.Context, c store.Collection, id string, read int64, doc bson.Raw) (bool, error) {
	if c.Name == store.Campaigns.Name && h.refuse > 0 {
		h.refuse--
		return false, models.E(models.Unavailable, "unavailable", errors.New("as told"))
	}
	return h.Engine.Replace(ctx, c, id, read, doc)
}

func (h *hooked) Get(ctx context.Context, c store.Collection, id string) (bson.Raw, error) {
	if c.Name == store.Campaigns.Name {
		h.gets++
	}
	return h.Engine.Get(ctx, c, id)
}

func newHall(t *testing.T) (*hall, *hooked) {
	t.Helper()
	engine, clock := &hooked{Engine: newEngine(t)}, &hands{t: noon}
	h := &hall{office: newOffice(t, engine, clock, &post{name: "fcm", most: 8})}
	h.all = usecase.OpenCampaign(h.store, h.inbox.People)
	h.agreements = store.NewRepo[medical.Agreement](h.store, store.Agreements)
	h.relay = newRelay(h.store, store.NewRepo[journal.Lost](h.store, store.Dead), slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	h.stops = &flows.Stops{Campaigns: h.all.Campaigns, Now: clock.now}
	must(t, h.relay.Subscribe(flows.Campaigns{Campaign: h.all, Inbox: h.inbox, Stops: h.stops, Now: clock.now}.Subscribers()...))
	must(t, h.relay.Subscribe(flows.Tags{Campaign: h.all, Agreements: h.agreements, Now: clock.now}.Subscribers()...))
	must(t, h.store.Ensure(t.Context()))
	return h, engine
}

// people keeps n people of a region, "<region>-0000" and so on, without a phone.
func (h *hall) people(region models.Region, n int) {
	h.t.Helper()
	for from := 0; from < n; from += 500 {
		var all []*identity.Person
		for i := from; i < min(n, from+500); i++ {
			p := identity.NewPerson(fmt.Sprintf("%s-%04d", region, i), models.Secret{}, "zh", noon)
			p.Region = region
			all = append(all, p)
		}
		must(h.t, h.inbox.People.InsertMany(h.t.Context(), all))
	}
}

var (
	maker   = models.Actor{Person: "maker", Role: models.CreditOffice, Region: "4301"}
	checker = models.Actor{Person: "checker", Role: models.CreditOffice, Region: "4301"}
)

// launch keeps an approved campaign to an audience.
func (h *hall) launch(id string, class campaign.Class, to campaign.Audience) {
	h.t.Helper()
	c, err := campaign.New(id, maker, campaign.Content{
		Title: models.Words{ZH: "题", EN: "T"}, Body: models.Words{ZH: "文", EN: "B"}, Class: class, Severity: campaign.Info, Audience: to,
	}, h.clock.now())
	must(h.t, err)
	must(h.t, c.Approve(checker, h.clock.now()))
	c.Outbox = nil
	must(h.t, h.all.Campaigns.Insert(h.t.Context(), c))
}

// run wakes a campaign and tells what there is to tell, ten times, a minute each.
func (h *hall) run(id string) *campaign.Campaign {
	h.t.Helper()
	for range 10 {
		now := h.clock.now()
		_, err := h.all.Campaigns.Update(h.t.Context(), id, func(c *campaign.Campaign) error {
			if c.WakeAt == nil || c.WakeAt.After(now) {
				return store.Unchanged()
			}
			return c.Wake(now)
		})
		must(h.t, err)
		must(h.t, h.relay.Drain(h.t.Context()))
		h.clock.move(time.Minute)
	}
	c, err := h.all.Campaigns.Get(h.t.Context(), id)
	must(h.t, err)
	return c
}

func (h *hall) messages(person string) int {
	h.t.Helper()
	n, err := h.inbox.Messages.Count(h.t.Context(), store.InboxOf(person, inbox.Unread))
	must(h.t, err)
	return int(n)
}

// everywhere is how many messages the first n people of a region have, all told, and the most that one has.
func (h *hall) everywhere(region models.Region, n int) (all, most int) {
	h.t.Helper()
	for i := range n {
		m := h.messages(fmt.Sprintf("%s-%04d", region, i))
		all, most = all+m, max(most, m)
	}
	return all, most
}

func (h *hall) counts(id string, want campaign.Counts) {
	h.t.Helper()
	if c := h.run(id); c.State != campaign.Done || c.Counts != want {
		h.t.Errorf("%s is %s with %+v, want %+v", id, c.State, c.Counts, want)
	}
}

func (h *hall) stopIt() {
	h.t.Helper()
	_, err := h.all.Campaigns.Update(h.t.Context(), "c1", func(c *campaign.Campaign) error { return c.Stop(checker, "wrong day", h.clock.now()) })
	must(h.t, err)
}

// A save that is lost after everybody of a part was told counts them once.
func TestCampaignCountsOnce(t *testing.T) {
	t.Parallel()
	h, engine := newHall(t)
	h.people("430181108", 1100)
	engine.before = func(n int) error {
		if n == 5 { // the last batch of the first part
			engine.refuse = 1
		}
		return nil
	}
	h.launch("c1", campaign.Service, campaign.Audience{Region: "430181"})
	h.counts("c1", campaign.Counts{Audience: 1100, Seen: 1100, Sent: 1100})
	if all, most := h.everywhere("430181108", 1100); all != 1100 || most != 1 {
		t.Errorf("%d messages, one has %d", all, most)
	}
}

// A stop in the middle of a part: the page under way is told and no other, and the numbers are those of the inboxes, also
// when the result of the part is lost on the way.
func TestCampaignStoppedInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]int{"seen": 0, "the part's result is lost": 1} {
		t.Run(name, func(t *testing.T) {
			h, engine := newHall(t)
			h.people("430181108", 1500)
			engine.before = func(n int) error {
				if n == 2 {
					h.stopIt()
					h.clock.move(2 * time.Second) // what was known of stops is old
					engine.refuse = lost
				}
				return nil
			}
			h.launch("c1", campaign.Service, campaign.Audience{Region: "430181"})
			c := h.run("c1")
			all, most := h.everywhere("430181108", 1500)
			if c.State != campaign.Stopped || !c.Settled || c.WakeAt != nil || len(c.Outbox) != 0 {
				t.Errorf("%s, settled %v, wakes %v, %d events", c.State, c.Settled, c.WakeAt, len(c.Outbox))
			}
			if all != 400 || most != 1 || c.Counts.Sent != all || c.Counts.Seen != all || c.Counts.Audience != 1500 {
				t.Errorf("%d messages, one has %d; %+v", all, most, c.Counts)
			}
		})
	}
}

// A part that is cut off ends with the pages it told; the rest is the next part.
func TestCampaignCutOff(t *testing.T) {
	t.Parallel()
	h, engine := newHall(t)
	h.people("430181108", 700)
	h.launch("c1", campaign.Service, campaign.Audience{Region: "430181"})
	_, err := h.all.Campaigns.Update(t.Context(), "c1", func(c *campaign.Campaign) error { return c.Wake(h.clock.now()) })
	must(t, err)
	c, err := h.all.Campaigns.Get(t.Context(), "c1")
	must(t, err)
	if c.Counts.Seen != 700 { // the relay told at once
		t.Fatalf("%+v", c.Counts)
	}
	h.launch("c2", campaign.Service, campaign.Audience{Region: "430181"})
	ctx, cancel := context.WithCancel(t.Context())
	engine.before = func(n int) error {
		if engine.batches = n; n == 3 {
			cancel()
		}
		return nil
	}
	engine.batches = 0
	h.store.OnSave(func(context.Context, store.AnyRepo, string) {})
	c, err = h.all.Campaigns.Update(t.Context(), "c2", func(c *campaign.Campaign) error { return c.Wake(h.clock.now()) })
	must(t, err)
	i := slices.IndexFunc(c.Outbox, func(e models.Event) bool { return e.Kind == campaign.EventPartDue.Name() })
	do := flows.Campaigns{Campaign: h.all, Inbox: h.inbox, Now: h.clock.now}.Subscribers()[0].Do
	must(t, do(ctx, c.Outbox[i]))
	c, err = h.all.Campaigns.Get(t.Context(), "c2")
	must(t, err)
	if c.State != campaign.Running || c.Part != 1 || c.Counts.Seen != 400 || c.Counts.Sent != 400 || c.Counts.Audience != 700 {
		t.Fatalf("cut off: %s, part %d, %+v", c.State, c.Part, c.Counts)
	}
	must(t, do(t.Context(), c.Outbox[i])) // the old part's event once more changes nothing
	must(t, do(t.Context(), c.Outbox[len(c.Outbox)-1]))
	c, err = h.all.Campaigns.Get(t.Context(), "c2")
	must(t, err)
	if c.State != campaign.Done || c.Counts != (campaign.Counts{Audience: 700, Seen: 700, Sent: 700}) {
		t.Errorf("%s, %+v", c.State, c.Counts)
	}
	if all, most := h.everywhere("430181108", 700); all != 1400 || most != 2 {
		t.Errorf("%d messages of two campaigns, one has %d", all, most)
	}
}

// Advertising: two a week at most, nothing for who muted it; a service notice reaches both.
func TestCampaignCapAndMute(t *testing.T) {
	t.Parallel()
	h, _ := newHall(t)
	h.people("430181108", 5)
	mute := &delivery.Preferences{Meta: models.Meta{ID: "430181108-0004"}, Topics: map[string]delivery.Choice{"campaign": {Muted: true}}}
	must(t, h.repo.Preferences.Insert(t.Context(), mute))
	to := campaign.Audience{Region: "430181"}
	for _, id := range []string{"c1", "c2"} {
		h.launch(id, campaign.Marketing, to)
		h.counts(id, campaign.Counts{Audience: 5, Seen: 5, Sent: 4, Muted: 1})
	}
	h.launch("c3", campaign.Marketing, to)
	h.counts("c3", campaign.Counts{Audience: 5, Seen: 5, Capped: 4, Muted: 1})
	h.launch("c4", campaign.Service, to)
	h.counts("c4", campaign.Counts{Audience: 5, Seen: 5, Sent: 5})
	if one, muted := h.messages("430181108-0000"), h.messages("430181108-0004"); one != 3 || muted != 1 {
		t.Errorf("one has %d messages, who muted advertising %d", one, muted)
	}
	h.clock.move(7 * 24 * time.Hour)
	h.launch("c5", campaign.Marketing, to)
	h.counts("c5", campaign.Counts{Audience: 5, Seen: 5, Sent: 4, Muted: 1})
}

// A part of advertising that is done again does not take its own messages for others'.
func TestCampaignCapAfterALostPart(t *testing.T) {
	t.Parallel()
	h, engine := newHall(t)
	h.people("430181108", 5)
	to := campaign.Audience{Region: "430181"}
	h.launch("c1", campaign.Marketing, to)
	h.counts("c1", campaign.Counts{Audience: 5, Seen: 5, Sent: 5})
	engine.before = func(n int) error {
		if n == 1 {
			engine.refuse = 1
		}
		return nil
	}
	h.launch("c2", campaign.Marketing, to)
	h.counts("c2", campaign.Counts{Audience: 5, Seen: 5, Sent: 5})
	if all, most := h.everywhere("430181108", 5); all != 10 || most != 2 {
		t.Errorf("%d messages, one has %d", all, most)
	}
}

// Tags follow agreements and offices, and an audience is whom they mark, where they live.
func TestCampaignByTagAndRole(t *testing.T) {
	t.Parallel()
	h, _ := newHall(t)
	h.people("430181108", 4)
	h.people("430182001", 2)
	a, b, c, far := "430181108-0000", "430181108-0001", "430181108-0002", "430182001-0000"
	for _, id := range []string{a, b, far} {
		h.appoint(id, nil)
	}
	h.appoint(c, models.At(noon.Add(30*time.Minute)))
	agreement := &medical.Agreement{Meta: models.Meta{ID: "a1"}, Person: b, Slot: b, Region: "430181"}
	agreement.State = medical.Active
	agreement.Publish(medical.AgreementSigned.Of(medical.SignedData{}), b, models.Clockwork, noon)
	must(t, h.agreements.Insert(t.Context(), agreement))
	for tag, want := range map[string]int64{campaign.RoleTag(models.TownStaff): 3, campaign.TagAgreement: 1, campaign.RoleTag(models.Auditor): 0} {
		if n, err := h.all.Reach(t.Context(), campaign.Audience{Region: "430181", Tag: tag}); err != nil || n != want {
			t.Errorf("%s: %d, want %d; %v", tag, n, want, err)
		}
	}
	h.clock.move(time.Hour) // one office ends by itself, and nobody tells
	staff := campaign.Audience{Region: "430181", Role: models.TownStaff}
	h.launch("c1", campaign.Service, staff)
	h.counts("c1", campaign.Counts{Audience: 3, Seen: 3, Sent: 2, Passed: 1})
	staff.Tag = campaign.TagAgreement
	h.launch("c2", campaign.Service, staff)
	h.counts("c2", campaign.Counts{Audience: 3, Seen: 3, Sent: 1, Passed: 2})
	for id, want := range map[string]int{a: 1, b: 2, c: 0, far: 0, "430181108-0003": 0} {
		if n := h.messages(id); n != want {
			t.Errorf("%s has %d messages, want %d", id, n, want)
		}
	}
	_, err := h.agreements.Update(t.Context(), "a1", func(a *medical.Agreement) error {
		a.State = medical.Closed
		a.Publish(medical.AgreementClosed, b, models.Clockwork, h.clock.now())
		return nil
	})
	must(t, err)
	_, err = h.inbox.People.Update(t.Context(), a, func(p *identity.Person) error {
		m := p.Memberships[0]
		m.To = models.At(h.clock.now())
		return p.Appoint(models.Clockwork, m, h.clock.now())
	})
	must(t, err)
	for tag, want := range map[string]int64{campaign.RoleTag(models.TownStaff): 2, campaign.TagAgreement: 0} {
		if n, err := h.all.Reach(t.Context(), campaign.Audience{Region: "430181", Tag: tag}); err != nil || n != want {
			t.Errorf("afterwards %s: %d, want %d; %v", tag, n, want, err)
		}
	}
}

// appoint makes somebody town staff until a time.
func (h *hall) appoint(id string, to *time.Time) {
	h.t.Helper()
	_, err := h.inbox.People.Update(h.t.Context(), id, func(p *identity.Person) error {
		p.State, p.Birth = identity.Bound, "1980-01-01"
		return p.Appoint(models.Clockwork, identity.Membership{
			ID: "office-of-" + id, Role: models.TownStaff, Org: "town", OrgName: "镇", Region: "430181", From: noon, To: to,
		}, noon)
	})
	must(h.t, err)
}

// Whoever asks often is answered from memory for a second; a stop is never forgotten.
func TestStopsAreRemembered(t *testing.T) {
	t.Parallel()
	h, engine := newHall(t)
	h.launch("c1", campaign.Service, campaign.Audience{Region: "430181"})
	ask := func(id string, want bool, reads int) {
		t.Helper()
		was := engine.gets
		if got, err := h.stops.Stopped(t.Context(), id); err != nil || got != want || engine.gets-was != reads {
			t.Errorf("%s: %v after %d reads, %v; want %v after %d", id, got, engine.gets-was, err, want, reads)
		}
	}
	ask("none", false, 1)
	ask("c1", false, 1)
	h.stopIt()
	ask("c1", false, 0)
	h.clock.move(time.Second)
	ask("c1", true, 1)
	h.clock.move(time.Hour)
	ask("c1", true, 0)
}
