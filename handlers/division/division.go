// Package division serves places and zones (行政区划).
package division

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/division"
	"xinyi/store"
)

// Handler serves the places of the city and its functional zones. Everybody may know them.
type Handler struct {
	Divisions *store.Repo[division.Division]
	Zones     *store.Repo[division.Zone]
}

// Mount names every route of the capability.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/divisions", h.list, api.Open())
	api.Get(r, "/divisions/{code}", h.one, api.Open())
	api.Get(r, "/zones", h.zones, api.Open(), api.Tag("divisions"))
}

type divisionsRequest struct {
	Parent string `query:"parent" validate:"omitempty,division" description:"Code of the wider place"`
	api.PageQuery
}

type request struct {
	Code string `path:"code" validate:"required,division"`
}

type view struct {
	Code        string         `json:"code"`
	Name        string         `json:"name"`
	DisplayName string         `json:"displayName"`
	Level       division.Level `json:"level"`
	Kind        division.Kind  `json:"kind"`
	Parent      models.Region  `json:"parent"` // "" for a province
}

type zoneView struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Kind      division.ZoneKind `json:"kind"`
	Confirmed bool              `json:"confirmed"`
	Members   []memberView      `json:"members"`
}

type memberView struct {
	Division models.Region `json:"division"`
	From     *models.Day   `json:"from"` // null: open
	To       *models.Day   `json:"to"`   // null: open
}

func (h Handler) list(ctx context.Context, _ api.Request, in divisionsRequest) (api.List[view], error) {
	return api.Found(ctx, h.Divisions, store.DivisionsIn(models.Region(in.Parent)), in.PageQuery, viewDivision)
}

func (h Handler) one(ctx context.Context, _ api.Request, in request) (view, error) {
	d, err := h.Divisions.Get(ctx, in.Code)
	if err != nil {
		return view{}, err
	}
	return viewDivision(d), nil
}

func (h Handler) zones(ctx context.Context, _ api.Request, in api.PageQuery) (api.List[zoneView], error) {
	return api.Found(ctx, h.Zones, store.All(), in, viewZone)
}

func viewDivision(d *division.Division) view {
	return view{Code: d.ID, Name: d.Name, DisplayName: d.DisplayName, Level: d.Level, Kind: d.Kind, Parent: d.Parent}
}

func viewZone(z *division.Zone) zoneView {
	v := zoneView{ID: z.ID, Name: z.Name, Kind: z.Kind, Confirmed: z.Confirmed, Members: make([]memberView, len(z.Members))}
	for i, m := range z.Members {
		v.Members[i] = memberView{Division: m.Region, From: m.From, To: m.To}
	}
	return v
}
