package apitest

import (
	"context"
	"encoding/json"
	"strings"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/store"
	"xinyi/usecase"
)

// Places takes "ann+town_staff@430181108": an office and where it counts.
type Places struct{ Names }

func (p Places) Authenticate(ctx context.Context, token string) (api.Caller, error) {
	who, region, placed := strings.Cut(token, "@")
	c, err := p.Names.Authenticate(ctx, who)
	if placed && len(c.Actors) > 1 {
		c.Actors[1].Region = models.Region(region)
	}
	return c, err
}

// A CampaignDesk is a door from which notices go out.
type CampaignDesk struct {
	*API
	Campaigns  usecase.Campaign
	Deliveries *store.Repo[delivery.Delivery]
}

// Callers of a county.
const (
	TownMaker   = "as ann+town_staff@430181108"
	TownChecker = "as bob+town_staff@430181108"
	CountyStaff = "as cara+credit_office@430181"
	NextTown    = "as dan+town_staff@430181109"
	CityAuditor = "as eve+auditor@4301"
	ANotice     = `{"title":{"zh":"停水","en":"No water"},"body":{"zh":"周六停水","en":"None on Saturday"},"class":"service","audience":{"region":"430181108240"}}`
)

// Wants asks, and fails unless the answer has this status and these strings.
func (p *CampaignDesk) Wants(status int, line, body string, headers []string, want ...string) Reply {
	p.Helper()
	res := p.Ask(line, body, headers...)
	if res.Status != status {
		p.Fatalf("%s by %v: %d, want %d: %s", line, headers, res.Status, status, res.Body)
	}
	for _, w := range want {
		if !strings.Contains(res.Body, w) {
			p.Errorf("%s lacks %s: %s", line, w, res.Body)
		}
	}
	return res
}

func By(headers ...string) []string { return headers }

// Draft makes a campaign and answers its address.
func (p *CampaignDesk) Draft(key string) string {
	p.Helper()
	res := p.Wants(201, "POST /v1/campaigns", ANotice, By(TownMaker, "key "+key), `"state":"DRAFT"`, `"severity":"info"`, `"personId":"ann"`)
	var v struct{ ID string }
	if err := json.Unmarshal([]byte(res.Body), &v); err != nil {
		p.Fatal(err)
	}
	return "/v1/campaigns/" + v.ID
}
