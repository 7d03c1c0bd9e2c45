// Package catalogue serves the catalogue of what may be collected (信用信息目录).
package catalogue

import (
	"context"
	"encoding/json"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/release"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler shows what may be collected, and lets the credit office change it with a second person.
type Handler struct{ usecase.Catalogue }

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/catalogue", h.list, api.Open())
	api.Get(r, "/catalogue/versions", h.versions, mayRead)
	api.Get(r, "/catalogue/{code}", h.get, api.Open())
	api.Get(r, "/catalogue/{code}/diff", h.diff, api.Open())
	api.Get(r, "/catalogue/{code}/template", h.template, api.Open(), api.Limit(time.Minute, 30))
	api.Post(r, "/catalogue", h.create, mayWrite, api.Creates)
	api.Post(r, "/catalogue/{code}/versions", h.next, mayWrite, api.Creates)
	api.Get(r, "/catalogue/{code}/versions/{version}", api.OneRelease[versionRequest](h.details()), mayRead)
	api.Put(r, "/catalogue/{code}/versions/{version}", api.OnRelease(h.details(), h.edit), mayWrite)
	api.Get(r, "/catalogue/{code}/versions/{version}/diff", h.review, mayRead)
	api.Post(r, "/catalogue/{code}/versions/{version}/review",
		api.OnRelease(h.released(), api.Simply[versionRequest]((*catalogue.Item).Submit)), mayWrite)
	api.Post(r, "/catalogue/{code}/versions/{version}/publish",
		api.OnRelease(h.released(), api.Simply[versionRequest]((*catalogue.Item).Publish)), mayWrite)
	api.Post(r, "/catalogue/{code}/versions/{version}/return", api.OnRelease(h.released(), reasoning((*catalogue.Item).Return)), mayWrite)
	api.Post(r, "/catalogue/{code}/versions/{version}/retire", api.OnRelease(h.released(), reasoning((*catalogue.Item).Retire)), mayWrite)
	api.Get(r, "/units", h.units, api.Open())
}

type itemsRequest struct {
	Category string `query:"category" validate:"omitempty,max=32"`
	api.PageQuery
}

func (h Handler) list(ctx context.Context, rq api.Request, in itemsRequest) (api.List[itemView], error) {
	return h.released().Page(ctx, rq, store.ItemsIn(in.Category, release.Announced, release.InForce).Page(in.Limit, in.Cursor))
}

// released are the versions, as lists show them.
func (h Handler) released() api.Releases[catalogue.Item, itemView] {
	return api.Citywide(api.Releases[catalogue.Item, itemView]{
		Repo: h.Items, View: func(_ context.Context, rq api.Request, it *catalogue.Item) (itemView, error) {
			return viewItem(rq, it), nil
		},
	})
}

// details are the versions with their columns and schemas.
func (h Handler) details() api.Releases[catalogue.Item, itemDetailView] {
	return api.Citywide(api.Releases[catalogue.Item, itemDetailView]{Repo: h.Items, View: viewItemDetail})
}

type versionsRequest struct {
	State    string `query:"state" validate:"omitempty,oneof=DRAFT CHECKED ANNOUNCED IN_FORCE RETIRED"`
	Category string `query:"category" validate:"omitempty,max=32"`
	api.PageQuery
}

func (h Handler) versions(ctx context.Context, rq api.Request, in versionsRequest) (api.List[itemView], error) {
	states := release.States
	if in.State != "" {
		states = []release.State{release.State(in.State)}
	}
	return h.released().Page(ctx, rq, store.ItemsOf(rq.Actor.Region, in.Category, states...).Page(in.Limit, in.Cursor))
}

type itemRequest struct {
	Code    string `path:"code" validate:"required,max=12"`
	Version int    `query:"version" validate:"omitempty,gte=1,lte=10000"`
}

// open is a version that was published at some time; without a number the one in force, else the newest. Errors: NotFound.
func (h Handler) open(ctx context.Context, code string, version int, now time.Time) (*catalogue.Item, error) {
	items, err := h.Versions(ctx, code)
	if err != nil {
		return nil, err
	}
	var newest *catalogue.Item
	for _, it := range items {
		if !it.Published() {
			continue
		}
		if it.Version == version || version == 0 && it.InForce(models.DayOf(now)) {
			return it, nil
		}
		if newest == nil {
			newest = it
		}
	}
	if version != 0 || newest == nil {
		return nil, models.E(models.NotFound, "not_found")
	}
	return newest, nil
}

func (h Handler) get(ctx context.Context, rq api.Request, in itemRequest) (itemDetailView, error) {
	it, err := h.open(ctx, in.Code, in.Version, rq.Now)
	if err != nil {
		return itemDetailView{}, err
	}
	return viewItemDetail(ctx, rq, it)
}

type diffRequest struct {
	Code string `path:"code" validate:"required,max=12"`
	From int    `query:"from" validate:"required,gte=1,lte=10000"`
	To   int    `query:"to" validate:"required,gte=1,lte=10000"`
}

func (h Handler) diff(ctx context.Context, rq api.Request, in diffRequest) (diffView, error) {
	from, err := h.open(ctx, in.Code, in.From, rq.Now)
	if err != nil {
		return diffView{}, err
	}
	to, err := h.open(ctx, in.Code, in.To, rq.Now)
	if err != nil {
		return diffView{}, err
	}
	return viewDiff(from, to)
}

// itemContentRequest is what a version says.
type itemContentRequest struct {
	Name       models.Words         `json:"name"`
	Category   string               `json:"category" validate:"required,max=32"`
	Kinds      []models.SubjectKind `json:"kinds" validate:"required,max=2,dive,oneof=PERSON ORGANISATION"`
	Nature     models.Nature        `json:"nature" validate:"required,known"`
	Openness   models.Openness      `json:"openness" validate:"required,known"`
	KeepMonths int                  `json:"keepMonths" validate:"gte=0,lte=600"`
	Cycle      catalogue.Cycle      `json:"cycle" validate:"required,known"`
	Units      []string             `json:"units" validate:"required,max=100,dive,required,max=64"`
	Basis      []string             `json:"basis" validate:"required,max=20,dive,required,max=500"`
	From       models.Day           `json:"from" validate:"required,datetime=2006-01-02"`
	Schema     map[string]any       `json:"schema" text:"raw" validate:"required" description:"JSON Schema 2020-12 of the attributes"`
}

func (h Handler) content(ctx context.Context, in itemContentRequest) (catalogue.Content, error) {
	schema, err := json.MarshalIndent(in.Schema, "", " ")
	if err != nil {
		return catalogue.Content{}, models.Bad("/schema", "schema", "catalogue.schema_invalid")
	}
	for _, u := range in.Units {
		if _, err := h.Units.Get(ctx, u); models.CodeOf(err) == models.NotFound {
			return catalogue.Content{}, models.Bad("/units", "unknown", "catalogue.content_invalid")
		} else if err != nil {
			return catalogue.Content{}, err
		}
	}
	return catalogue.Content{
		Name: in.Name, Category: in.Category, Kinds: in.Kinds, Nature: in.Nature, Openness: in.Openness, KeepMonths: in.KeepMonths,
		Cycle: in.Cycle, Units: in.Units, Basis: in.Basis, From: in.From, Schema: string(schema),
	}, nil
}

type createItemRequest struct {
	Code string `json:"code" validate:"required,max=12" description:"Two to twelve capitals and digits"`
	itemContentRequest
}

func (h Handler) create(ctx context.Context, rq api.Request, in createItemRequest) (itemDetailView, error) {
	c, err := h.content(ctx, in.itemContentRequest)
	if err != nil {
		return itemDetailView{}, err
	}
	it, err := catalogue.New(in.Code, rq.Actor, c, rq.Now)
	if err == nil { // a store has one city's catalogue
		_, err = api.Following(ctx, rq, h.Items, store.ItemsIn("", release.States...),
			func(it *catalogue.Item) (int, models.Region) { return 0, it.City })
	}
	return h.details().Keep(ctx, rq, it, err)
}

type nextItemRequest struct {
	Code string     `path:"code" validate:"required,max=12"`
	From models.Day `json:"from" validate:"required,datetime=2006-01-02" description:"First day in force"`
}

func (h Handler) next(ctx context.Context, rq api.Request, in nextItemRequest) (itemDetailView, error) {
	last, err := h.Items.First(ctx, store.ItemVersions(in.Code))
	if err == nil {
		err = api.Scoped(rq, last.City)
	}
	if err != nil {
		return itemDetailView{}, err
	}
	it, err := last.Next(rq.Actor, in.From, rq.Now)
	return h.details().Keep(ctx, rq, it, err)
}

type versionRequest struct {
	Code    string `path:"code" validate:"required,max=12"`
	Version int    `path:"version" validate:"gte=1,lte=10000"`
}

func (in versionRequest) Key() string { return catalogue.ID(in.Code, in.Version) }

func (h Handler) review(ctx context.Context, rq api.Request, in versionRequest) (diffView, error) {
	to, err := h.details().One(ctx, rq, in.Key())
	if err != nil {
		return diffView{}, err
	}
	from, err := h.Items.Get(ctx, catalogue.ID(in.Code, in.Version-1))
	if err != nil {
		return diffView{}, err
	}
	return viewDiff(from, to)
}

type editItemRequest struct {
	versionRequest
	itemContentRequest
}

func (h Handler) edit(ctx context.Context, rq api.Request, in editItemRequest) (func(*catalogue.Item) error, error) {
	c, err := h.content(ctx, in.itemContentRequest)
	return func(it *catalogue.Item) error { return it.Edit(rq.Actor, c, rq.Now) }, err
}

type versionReasonRequest struct {
	versionRequest
	Reason string `json:"reason" validate:"required,max=500"`
}

// reasoning is an act that says why.
func reasoning(do func(*catalogue.Item, models.Actor, string, time.Time) error) func(context.Context, api.Request,
	versionReasonRequest) (func(*catalogue.Item) error, error) {
	return func(_ context.Context, rq api.Request, in versionReasonRequest) (func(*catalogue.Item) error, error) {
		return func(it *catalogue.Item) error { return do(it, rq.Actor, in.Reason, rq.Now) }, nil
	}
}

type unitsRequest struct {
	Region models.Region `query:"region" validate:"omitempty,division"`
	api.PageQuery
}

func (h Handler) units(ctx context.Context, _ api.Request, in unitsRequest) (api.List[unitView], error) {
	return api.Found(ctx, h.Units, store.UnitsIn(in.Region), in.PageQuery, viewUnit)
}
