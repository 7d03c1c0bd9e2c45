package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/notifications"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// places takes "ann+town_staff@430181108": an office and where it counts.
type places struct{ names }

func (p places) Authenticate(ctx context.Context, token string) (Caller, error) {
	who, region, placed := strings.Cut(token, "@")
	c, err := p.names.Authenticate(ctx, who)
	if placed && len(c.Actors) > 1 {
		c.Actors[1].Region = models.Region(region)
	}
	return c, err
}

// A pulpit is a door from which notices go out.
type pulpit struct {
	*door
	campaigns  store.Campaign
	deliveries *store.Repo[delivery.Delivery]
}

const (
	townMaker   = "as ann+town_staff@430181108"
	townChecker = "as bob+town_staff@430181108"
	countyStaff = "as cara+credit_office@430181"
	nextTown    = "as dan+town_staff@430181109"
	cityAuditor = "as eve+auditor@4301"
	aNotice     = `{"title":{"zh":"停水","en":"No water"},"body":{"zh":"周六停水","en":"None on Saturday"},"class":"service","audience":{"region":"430181108240"}}`
)

func pulpits(t *testing.T) *pulpit {
	t.Helper()
	engine := sqlitetest.Open(t)
	texts, err := notifications.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := &pulpit{door: &door{T: t, now: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}}
	s := store.New(engine, p.Now, store.TestKeys())
	p.campaigns = store.OpenCampaign(s, store.NewRepo[identity.Person](s, store.People))
	p.deliveries = store.OpenDelivery(s).Deliveries
	p.r = NewRouter(Config{Now: p.Now, Auth: places{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	p.r.Handle(Campaign{Campaign: p.campaigns, Deliveries: p.deliveries, Words: texts.Render, Lock: texts.Push})
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.r.Finish(); err != nil {
		t.Fatal(err)
	}
	if p.check, err = openapitest.New(p.r.Document()); err != nil {
		t.Fatal(err)
	}
	return p
}

// wants asks, and fails unless the answer has this status and these strings.
func (p *pulpit) wants(status int, line, body string, headers []string, want ...string) reply {
	p.Helper()
	res := p.ask(line, body, headers...)
	if res.status != status {
		p.Fatalf("%s by %v: %d, want %d: %s", line, headers, res.status, status, res.body)
	}
	for _, w := range want {
		if !strings.Contains(res.body, w) {
			p.Errorf("%s lacks %s: %s", line, w, res.body)
		}
	}
	return res
}

func by(headers ...string) []string { return headers }

// draft makes a campaign and answers its address.
func (p *pulpit) draft(key string) string {
	p.Helper()
	res := p.wants(201, "POST /v1/campaigns", aNotice, by(townMaker, "key "+key), `"state":"DRAFT"`, `"severity":"info"`, `"personId":"ann"`)
	var v struct{ ID string }
	if err := json.Unmarshal([]byte(res.body), &v); err != nil {
		p.Fatal(err)
	}
	return "/v1/campaigns/" + v.ID
}

func TestCampaignScenario(t *testing.T) {
	p := pulpits(t)
	at := p.draft("k")
	if again := p.draft("k"); again != at {
		t.Errorf("the same key made %s besides %s", again, at)
	}
	changed := strings.Replace(aNotice, "None on Saturday", "None on Sunday", 1)
	p.wants(412, "PUT "+at, changed, by(townMaker, `If-Match: "9"`))
	p.wants(200, "PUT "+at, changed, by(townMaker, `If-Match: "1"`), "Sunday")
	p.wants(403, "PUT "+at, changed, by(townChecker), "campaign.not_maker")
	p.wants(200, "POST "+at+"/preview", "", by(townMaker), `"title":"停水"`, "None on Sunday", `"lockScreen":"There is a new notice`, `"audience":0`)
	p.wants(403, "POST "+at+"/approve", "", by(townMaker), "second_person")
	p.wants(412, "POST "+at+"/approve", "", by(townChecker, `If-Match: "1"`)) // not what she saw
	p.wants(200, "POST "+at+"/approve", "", by(townChecker, `If-Match: "2"`), `"state":"APPROVED"`, `"startAt":`, `"personId":"bob"`)
	p.wants(409, "PUT "+at, changed, by(townMaker), "campaign.not_draft", `"state":"APPROVED"`)
	p.wants(409, "POST "+at+"/cancel", "", by(townMaker), "campaign.not_draft")
	p.wants(400, "POST "+at+"/stop", `{}`, by(countyStaff), "/reason")
	p.wants(200, "POST "+at+"/stop", `{"reason":"wrong day"}`, by(countyStaff, `If-Match: "1"`), `"state":"STOPPED"`, `"reason":"wrong day"`)
	p.wants(409, "POST "+at+"/stop", `{"reason":"again"}`, by(countyStaff), "campaign.not_under_way")
	other := p.draft("k2")
	p.wants(200, "POST "+other+"/cancel", "", by(townChecker), `"state":"CANCELLED"`)
	p.wants(200, "GET /v1/campaigns?state=CANCELLED", "", by(cityAuditor), strings.TrimPrefix(other, "/v1/campaigns/"))
	if res := p.ask("GET /v1/campaigns?state=RUNNING", "", cityAuditor); res.body != `{"items":[],"nextCursor":""}` {
		t.Errorf("none runs: %s", res.body)
	}
}

// A campaign neither reaches nor is seen beyond the region of who asks; residents and other offices have no part in it.
func TestCampaignScope(t *testing.T) {
	p := pulpits(t)
	at := p.draft("k")
	wide := strings.Replace(aNotice, "430181108240", "430181", 1)
	p.wants(403, "POST /v1/campaigns", wide, by(townMaker, "key w"), "campaign.other_region")
	p.wants(403, "PUT "+at, wide, by(townMaker), "campaign.other_region")
	for _, line := range []string{"GET " + at, "POST " + at + "/preview", "POST " + at + "/approve", "POST " + at + "/cancel", "POST " + at + "/stop", "PUT " + at} {
		body := ""
		switch {
		case strings.HasSuffix(line, "stop"):
			body = `{"reason":"x"}`
		case strings.HasPrefix(line, "PUT"):
			body = aNotice
		}
		p.wants(404, line, body, by(nextTown))
		p.wants(403, line, body, by("as ann"))
		p.wants(403, line, body, by("as ann+hospital_finance"))
		p.wants(401, line, body, nil)
		if strings.HasPrefix(line, "GET") {
			p.wants(200, line, body, by(cityAuditor))
		} else {
			p.wants(403, line, body, by(cityAuditor))
		}
	}
	if res := p.ask("GET /v1/campaigns", "", nextTown); res.body != `{"items":[],"nextCursor":""}` {
		t.Errorf("the next town sees %s", res.body)
	}
	p.wants(200, "GET /v1/campaigns", "", by(countyStaff), strings.TrimPrefix(at, "/v1/campaigns/"))
	p.wants(200, "GET "+at, "", by(countyStaff), `"state":"DRAFT"`)
}

func TestCampaignFaultsArePointedAt(t *testing.T) {
	p := pulpits(t)
	for pointer, change := range map[string][2]string{
		"/title/en":        {`"No water"`, `"` + strings.Repeat("a", 51) + `"`},
		"/body/zh":         {`"周六停水"`, `"` + strings.Repeat("字", 501) + `"`},
		"/class":           {`"service"`, `"loud"`},
		"/severity":        {`"service"`, `"marketing","severity":"action"`},
		"/audience/region": {`"430181108240"`, `"43018"`},
		"/audience/role":   {`"430181108240"`, `"430181108240","role":"resident"`},
		"/audience/tag":    {`"430181108240"`, `"430181108240","tag":"left_handed"`},
		"/scheduledAt":     {`"class"`, `"scheduledAt":"2026-03-02T03:59:00Z","class"`},
	} {
		body := strings.Replace(aNotice, change[0], change[1], 1)
		res := p.wants(400, "POST /v1/campaigns", body, by(townMaker, "key "+pointer))
		if e := res.problem(t).Errors; len(e) != 1 || e[0].Pointer != pointer || e[0].Message == "" {
			t.Errorf("%s: %s", pointer, res.body)
		}
	}
}

// What became of the deliveries adds up, the end is foreseen from the rate so far, and the ETag of what runs moves with it.
func TestCampaignProgress(t *testing.T) {
	p := pulpits(t)
	at := p.draft("k")
	id := strings.TrimPrefix(at, "/v1/campaigns/")
	p.wants(200, "POST "+at+"/approve", "", by(townChecker))
	_, err := p.campaigns.Campaigns.Update(t.Context(), id, func(c *campaign.Campaign) error { return c.Wake(p.Now()) })
	if err != nil {
		t.Fatal(err)
	}
	p.wants(200, "GET "+at, "", by(townMaker), `"state":"RUNNING"`, `"all":0`)
	if res := p.ask("GET "+at, "", townMaker); strings.Contains(res.body, `"eta"`) {
		t.Errorf("foreseen from nothing: %s", res.body)
	}
	p.forward(time.Minute)
	_, err = p.campaigns.Campaigns.Update(t.Context(), id, func(c *campaign.Campaign) error {
		_, err := c.Step(campaign.Part{Cursor: "x", Counts: campaign.Counts{Audience: 30, Seen: 10, Told: 7, Capped: 1, Muted: 1, Passed: 1}}, p.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, state := range delivery.States {
		d := &delivery.Delivery{Meta: models.Meta{ID: fmt.Sprint("d", i)}, Campaign: id, Person: "p"}
		d.State = state
		if err := p.deliveries.Insert(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`"people":{"audience":30,"seen":10,"kept":7,"capped":1,"muted":1,"passed":1}`,
		`"deliveries":{"all":8,"sent":2,"failed":1,"left":4,"skipped":1}`, `"eta":"2026-03-02T04:03:00Z"`,
	}
	res := p.wants(200, "GET "+at, "", by(townMaker), want...)
	tag := "If-None-Match: " + res.header.Get("ETag")
	p.wants(304, "GET "+at, "", by(townMaker, tag))
	if err := p.deliveries.Delete(t.Context(), "d0"); err != nil {
		t.Fatal(err)
	}
	p.wants(200, "GET "+at, "", by(townMaker, tag), `"all":7`)
}

func TestCampaignTags(t *testing.T) {
	p := pulpits(t)
	for i, region := range []models.Region{"430181108240", "430181108240", "430181109001"} {
		who := identity.NewPerson(fmt.Sprint("p", i), models.Secret{}, "zh", p.Now())
		who.Region = region
		if err := p.campaigns.People.Insert(t.Context(), who); err != nil {
			t.Fatal(err)
		}
		if err := p.campaigns.Tags.Insert(t.Context(), campaign.NewTag(who.ID, campaign.TagAgreement, region)); err != nil {
			t.Fatal(err)
		}
	}
	agreement := `{"tag":"medical.agreement","text":"已签信用就医协议","people":`
	p.wants(200, "GET /v1/campaigns/tags", "", by(townMaker), `"region":"430181108","people":2`, agreement+"2}")
	p.wants(200, "GET /v1/campaigns/tags?region=430181109", "", by(countyStaff), `"people":1`, agreement+"1}", `{"tag":"role:town_staff","text":"乡镇工作人员","people":0}`)
	p.wants(403, "GET /v1/campaigns/tags?region=430181", "", by(townMaker), "campaign.other_region")
	at := p.draft("k")
	p.wants(200, "POST "+at+"/preview", "", by(townMaker), `"audience":2`)
	for _, tag := range campaign.Tags {
		if !hasText("campaign.tag_" + tag) {
			t.Errorf("%s has no words", tag)
		}
	}
}
