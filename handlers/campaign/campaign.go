// Package campaign serves offices that tell many people at once (群发通知).
package campaign

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/delivery"
	"xinyi/models/inbox"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler lets staff tell one notice to many people of their region. Words and Lock put it into a language, as the inbox
// and a locked screen show it.
type Handler struct {
	usecase.Campaign
	Deliveries *store.Repo[delivery.Delivery]
	Words      func(m *inbox.Message, lang string) (inbox.Words, error)
	Lock       func(kind, lang string) (string, error)
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Post(r, "/campaigns", h.create, mayWrite, api.Creates)
	api.Get(r, "/campaigns", h.list, mayRead)
	api.Get(r, "/campaigns/tags", h.tags, mayRead)
	api.Get(r, "/campaigns/{id}", h.get, mayRead)
	api.Put(r, "/campaigns/{id}", api.OnRelease(h.released(), h.edit), mayWrite)
	api.Post(r, "/campaigns/{id}/preview", h.preview, mayWrite)
	api.Post(r, "/campaigns/{id}/approve", api.OnRelease(h.released(), api.Simply[api.ByID]((*campaign.Campaign).Approve)), mayWrite)
	api.Post(r, "/campaigns/{id}/stop", h.stop, mayWrite)
	api.Post(r, "/campaigns/{id}/cancel", api.OnRelease(h.released(), api.Simply[api.ByID]((*campaign.Campaign).Cancel)), mayWrite)
}

type audienceRequest struct {
	Region models.Region `json:"region" validate:"required,division" description:"Who lives here; within one's own region"`
	Role   models.Role   `json:"role,omitempty" validate:"omitempty,oneof=hospital_finance town_staff county_health credit_office auditor operator" description:"Only who holds this office"`
	Tag    string        `json:"tag,omitempty" validate:"omitempty,max=64" description:"Only who carries this tag"`
}

// contentRequest is what a campaign says to whom.
type contentRequest struct {
	Title       models.Words      `json:"title" description:"At most 50 characters each"`
	Body        models.Words      `json:"body" description:"At most 500 characters each"`
	Class       campaign.Class    `json:"class" validate:"required,known" description:"marketing: at most two a week reach a person"`
	Severity    campaign.Severity `json:"severity,omitempty" validate:"omitempty,known" description:"info when absent; action: something is to be done"`
	Audience    audienceRequest   `json:"audience"`
	ScheduledAt *time.Time        `json:"scheduledAt,omitempty" description:"At most 90 days ahead; at once when absent"`
}

func (in contentRequest) content() campaign.Content {
	c := campaign.Content{
		Title: in.Title, Body: in.Body, Class: in.Class, Severity: in.Severity,
		Audience: campaign.Audience(in.Audience),
	}
	if c.Severity == "" {
		c.Severity = campaign.Info
	}
	if in.ScheduledAt != nil {
		c.ScheduledAt = models.At(*in.ScheduledAt)
	}
	return c
}

func (h Handler) create(ctx context.Context, rq api.Request, in contentRequest) (view, error) {
	c, err := campaign.New(rq.NewID(), rq.Actor, in.content(), rq.Now)
	return h.released().Keep(ctx, rq, c, err)
}

type campaignsRequest struct {
	State string `query:"state" validate:"omitempty,oneof=DRAFT APPROVED RUNNING DONE STOPPED CANCELLED"`
	api.PageQuery
}

func (h Handler) list(ctx context.Context, rq api.Request, in campaignsRequest) (api.List[view], error) {
	var of []campaign.State
	if in.State != "" {
		of = append(of, campaign.State(in.State))
	}
	return api.Found(ctx, h.Campaigns, store.CampaignsIn(rq.Actor.Region, of...), in.PageQuery, viewCampaign)
}

// released are the campaigns of the caller's region; any other is not there. Errors: NotFound.
func (h Handler) released() api.Releases[campaign.Campaign, view] {
	return api.Releases[campaign.Campaign, view]{
		Repo: h.Campaigns, View: func(_ context.Context, _ api.Request, c *campaign.Campaign) (view, error) {
			return viewCampaign(c), nil
		},
		Mine: api.InPlace(func(c *campaign.Campaign) models.Region { return c.Audience.Region }),
	}
}

// read is a campaign within the caller's region. Errors: NotFound.
func (h Handler) read(ctx context.Context, rq api.Request, id string) (*campaign.Campaign, error) {
	c, err := h.Campaigns.Get(ctx, id)
	if err == nil {
		err = h.released().Mine(rq, c)
	}
	return c, err
}

func (h Handler) get(ctx context.Context, rq api.Request, in api.ByID) (progressView, error) {
	c, err := h.read(ctx, rq, in.ID)
	if err != nil {
		return progressView{}, err
	}
	by, err := h.Deliveries.CountBy(ctx, "state", store.DeliveriesOfCampaign(c.ID))
	if err != nil {
		return progressView{}, err
	}
	return progressView{view: viewCampaign(c), Job: api.ViewJob(store.Campaigns.Job, c, rq.Lang), Deliveries: viewDeliveryCounts(by),
		ETA: c.ETA(rq.Now)}, nil
}

type editCampaignRequest struct {
	api.ByID
	contentRequest
}

func (h Handler) edit(_ context.Context, rq api.Request, in editCampaignRequest) (func(*campaign.Campaign) error, error) {
	return func(c *campaign.Campaign) error { return c.Edit(rq.Actor, in.content(), rq.Now) }, nil
}

func (h Handler) stop(ctx context.Context, rq api.Request, in api.ReasonRequest) (view, error) {
	rq.Revisions = nil // a campaign that runs moves on all the time; who stops it means it
	return api.OnRelease(h.released(), func(_ context.Context, rq api.Request, in api.ReasonRequest) (func(*campaign.Campaign) error, error) {
		return func(c *campaign.Campaign) error { return c.Stop(rq.Actor, in.Reason, rq.Now) }, nil
	})(ctx, rq, in)
}

// previewView is a campaign as one of its people will see it.
type previewView struct {
	ZH       previewWords `json:"zh"`
	EN       previewWords `json:"en"`
	Audience int64        `json:"audience" description:"People in the audience now; with both an office and a tag at most so many"`
}

type previewWords struct {
	Title      string `json:"title"`
	Body       string `json:"body"`
	Why        string `json:"why"`
	LockScreen string `json:"lockScreen"`
}

func (h Handler) preview(ctx context.Context, rq api.Request, in api.ByID) (previewView, error) {
	c, err := h.read(ctx, rq, in.ID)
	if err != nil {
		return previewView{}, err
	}
	var v previewView
	e := c.Message("", rq.Now)
	for lang, to := range map[string]*previewWords{"zh": &v.ZH, "en": &v.EN} {
		words, err := h.Words(&inbox.Message{Kind: e.Kind, Params: e.Data}, lang)
		if err != nil {
			return previewView{}, err
		}
		lock, err := h.Lock(e.Kind, lang)
		if err != nil {
			return previewView{}, err
		}
		*to = previewWords{Title: words.Title, Body: words.Body, Why: words.Why, LockScreen: lock}
	}
	v.Audience, err = h.Reach(ctx, c.Audience)
	return v, err
}

type tagsRequest struct {
	Region models.Region `query:"region" validate:"omitempty,division" description:"Within one's own region, which it is when absent"`
}

// tagsView is how many people of a region there are to tell.
type tagsView struct {
	Region models.Region `json:"region"`
	People int64         `json:"people"`
	Tags   []tagView     `json:"tags"`
}

type tagView struct {
	Tag    string `json:"tag"`
	Text   string `json:"text"`
	People int64  `json:"people"`
}

func (h Handler) tags(ctx context.Context, rq api.Request, in tagsRequest) (v tagsView, err error) {
	if v.Region = in.Region; v.Region == "" {
		v.Region = rq.Actor.Region
	}
	if !api.Covers(rq.Actor, v.Region) {
		return v, models.E(models.Forbidden, "campaign.other_region")
	}
	if v.People, err = h.Reach(ctx, campaign.Audience{Region: v.Region}); err != nil {
		return v, err
	}
	for _, tag := range campaign.Tags {
		n, err := h.Reach(ctx, campaign.Audience{Region: v.Region, Tag: tag})
		if err != nil {
			return v, err
		}
		v.Tags = append(v.Tags, tagView{tag, api.Say("campaign.tag_"+tag, rq.Lang, nil), n})
	}
	return v, nil
}
