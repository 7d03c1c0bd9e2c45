package campaign

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/notifications"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
	"xinyi/usecase"
)

func pulpits(t *testing.T) *apitest.CampaignDesk {
	t.Helper()
	engine := sqlitetest.Open(t)
	texts, err := notifications.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := &apitest.CampaignDesk{API: &apitest.API{T: t, Time: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}}
	s := store.New(engine, p.Now, store.TestKeys())
	p.Campaigns = usecase.OpenCampaign(s, store.NewRepo[identity.Person](s, store.People))
	p.Deliveries = store.OpenDelivery(s).Deliveries
	p.R = api.NewRouter(api.Config{Now: p.Now, Auth: apitest.Places{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	p.R.Handle(Handler{Campaign: p.Campaigns, Deliveries: p.Deliveries, Words: texts.Render, Lock: texts.Push})
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.R.Finish(); err != nil {
		t.Fatal(err)
	}
	if p.Check, err = openapitest.New(p.R.Document()); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCampaignScenario(t *testing.T) {
	p := pulpits(t)
	at := p.Draft("k")
	if again := p.Draft("k"); again != at {
		t.Errorf("the same key made %s besides %s", again, at)
	}
	changed := strings.Replace(apitest.ANotice, "None on Saturday", "None on Sunday", 1)
	p.Wants(412, "PUT "+at, changed, apitest.By(apitest.TownMaker, `If-Match: "9"`))
	p.Wants(200, "PUT "+at, changed, apitest.By(apitest.TownMaker, `If-Match: "1"`), "Sunday")
	p.Wants(403, "PUT "+at, changed, apitest.By(apitest.TownChecker), "campaign.not_maker")
	p.Wants(200, "POST "+at+"/preview", "", apitest.By(apitest.TownMaker), `"title":"停水"`, "None on Sunday", `"lockScreen":"There is a new notice`, `"audience":0`)
	p.Wants(403, "POST "+at+"/approve", "", apitest.By(apitest.TownMaker), "second_person")
	p.Wants(412, "POST "+at+"/approve", "", apitest.By(apitest.TownChecker, `If-Match: "1"`)) // not what she saw
	p.Wants(200, "POST "+at+"/approve", "", apitest.By(apitest.TownChecker, `If-Match: "2"`), `"state":"APPROVED"`, `"startAt":`, `"personId":"bob"`)
	p.Wants(409, "PUT "+at, changed, apitest.By(apitest.TownMaker), "campaign.not_draft", `"state":"APPROVED"`)
	p.Wants(409, "POST "+at+"/cancel", "", apitest.By(apitest.TownMaker), "campaign.not_draft")
	p.Wants(400, "POST "+at+"/stop", `{}`, apitest.By(apitest.CountyStaff), "/reason")
	p.Wants(200, "POST "+at+"/stop", `{"reason":"wrong day"}`, apitest.By(apitest.CountyStaff, `If-Match: "1"`), `"state":"STOPPED"`, `"reason":"wrong day"`)
	p.Wants(409, "POST "+at+"/stop", `{"reason":"again"}`, apitest.By(apitest.CountyStaff), "campaign.not_under_way")
	other := p.Draft("k2")
	p.Wants(200, "POST "+other+"/cancel", "", apitest.By(apitest.TownChecker), `"state":"CANCELLED"`)
	p.Wants(200, "GET /v1/campaigns?state=CANCELLED", "", apitest.By(apitest.CityAuditor), strings.TrimPrefix(other, "/v1/campaigns/"))
	if res := p.Ask("GET /v1/campaigns?state=RUNNING", "", apitest.CityAuditor); res.Body != `{"items":[],"nextCursor":""}` {
		t.Errorf("none runs: %s", res.Body)
	}
}

// A campaign neither reaches nor is seen beyond the region of who asks; residents and other offices have no part in it.
func TestCampaignScope(t *testing.T) {
	p := pulpits(t)
	at := p.Draft("k")
	wide := strings.Replace(apitest.ANotice, "430181108240", "430181", 1)
	p.Wants(403, "POST /v1/campaigns", wide, apitest.By(apitest.TownMaker, "key w"), "campaign.other_region")
	p.Wants(403, "PUT "+at, wide, apitest.By(apitest.TownMaker), "campaign.other_region")
	for _, line := range []string{"GET " + at, "POST " + at + "/preview", "POST " + at + "/approve", "POST " + at + "/cancel", "POST " + at + "/stop", "PUT " + at} {
		body := ""
		switch {
		case strings.HasSuffix(line, "stop"):
			body = `{"reason":"x"}`
		case strings.HasPrefix(line, "PUT"):
			body = apitest.ANotice
		}
		p.Wants(404, line, body, apitest.By(apitest.NextTown))
		p.Wants(403, line, body, apitest.By("as ann"))
		p.Wants(403, line, body, apitest.By("as ann+hospital_finance"))
		p.Wants(401, line, body, nil)
		if strings.HasPrefix(line, "GET") {
			p.Wants(200, line, body, apitest.By(apitest.CityAuditor))
		} else {
			p.Wants(403, line, body, apitest.By(apitest.CityAuditor))
		}
	}
	if res := p.Ask("GET /v1/campaigns", "", apitest.NextTown); res.Body != `{"items":[],"nextCursor":""}` {
		t.Errorf("the next town sees %s", res.Body)
	}
	p.Wants(200, "GET /v1/campaigns", "", apitest.By(apitest.CountyStaff), strings.TrimPrefix(at, "/v1/campaigns/"))
	p.Wants(200, "GET "+at, "", apitest.By(apitest.CountyStaff), `"state":"DRAFT"`)
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
		body := strings.Replace(apitest.ANotice, change[0], change[1], 1)
		res := p.Wants(400, "POST /v1/campaigns", body, apitest.By(apitest.TownMaker, "key "+pointer))
		if e := res.Problem(t).Errors; len(e) != 1 || e[0].Pointer != pointer || e[0].Message == "" {
			t.Errorf("%s: %s", pointer, res.Body)
		}
	}
}

// What became of the deliveries adds up, the end is foreseen from the rate so far, and the ETag of what runs moves with it.
func TestCampaignProgress(t *testing.T) {
	p := pulpits(t)
	at := p.Draft("k")
	id := strings.TrimPrefix(at, "/v1/campaigns/")
	p.Wants(200, "POST "+at+"/approve", "", apitest.By(apitest.TownChecker))
	_, err := p.Campaigns.Campaigns.Update(t.Context(), id, func(c *campaign.Campaign) error { return c.Wake(p.Now()) })
	if err != nil {
		t.Fatal(err)
	}
	p.Wants(200, "GET "+at, "", apitest.By(apitest.TownMaker), `"state":"RUNNING"`, `"all":0`)
	if res := p.Ask("GET "+at, "", apitest.TownMaker); strings.Contains(res.Body, `"eta"`) {
		t.Errorf("foreseen from nothing: %s", res.Body)
	}
	p.Forward(time.Minute)
	_, err = p.Campaigns.Campaigns.Update(t.Context(), id, func(c *campaign.Campaign) error {
		_, err := c.Step(campaign.Part{Cursor: "x", Counts: campaign.Counts{Audience: 30, Seen: 10, Sent: 7, Capped: 1, Muted: 1, Passed: 1}}, p.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, state := range delivery.States {
		d := &delivery.Delivery{Meta: models.Meta{ID: fmt.Sprint("d", i)}, Campaign: id, Person: "p"}
		d.State = state
		if err := p.Deliveries.Insert(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`"people":{"audience":30,"seen":10,"kept":7,"capped":1,"muted":1,"passed":1}`,
		`"deliveries":{"all":8,"sent":2,"failed":1,"left":4,"skipped":1}`, `"eta":"2026-03-02T04:03:00Z"`,
	}
	res := p.Wants(200, "GET "+at, "", apitest.By(apitest.TownMaker), want...)
	tag := "If-None-Match: " + res.Header.Get("ETag")
	p.Wants(304, "GET "+at, "", apitest.By(apitest.TownMaker, tag))
	if err := p.Deliveries.Delete(t.Context(), "d0"); err != nil {
		t.Fatal(err)
	}
	p.Wants(200, "GET "+at, "", apitest.By(apitest.TownMaker, tag), `"all":7`)
}

func TestCampaignTags(t *testing.T) {
	p := pulpits(t)
	for i, region := range []models.Region{"430181108240", "430181108240", "430181109001"} {
		who := identity.NewPerson(fmt.Sprint("p", i), models.Secret{}, "zh", p.Now())
		who.Region = region
		if err := p.Campaigns.People.Insert(t.Context(), who); err != nil {
			t.Fatal(err)
		}
		if err := p.Campaigns.Tags.Insert(t.Context(), campaign.NewTag(who.ID, campaign.TagAgreement, region)); err != nil {
			t.Fatal(err)
		}
	}
	agreement := `{"tag":"medical.agreement","text":"已签信用就医协议","people":`
	p.Wants(200, "GET /v1/campaigns/tags", "", apitest.By(apitest.TownMaker), `"region":"430181108","people":2`, agreement+"2}")
	p.Wants(200, "GET /v1/campaigns/tags?region=430181109", "", apitest.By(apitest.CountyStaff), `"people":1`, agreement+"1}", `{"tag":"role:town_staff","text":"乡镇工作人员","people":0}`)
	p.Wants(403, "GET /v1/campaigns/tags?region=430181", "", apitest.By(apitest.TownMaker), "campaign.other_region")
	at := p.Draft("k")
	p.Wants(200, "POST "+at+"/preview", "", apitest.By(apitest.TownMaker), `"audience":2`)
	for _, tag := range campaign.Tags {
		if !api.HasText("campaign.tag_" + tag) {
			t.Errorf("%s has no words", tag)
		}
	}
}
