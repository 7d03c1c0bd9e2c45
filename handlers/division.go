package handlers

import (
	"context"

	"xinyi/models"
	place "xinyi/models/division"
	"xinyi/store"
)

// Division serves the places of the city and its functional zones. Everybody may know them.
type Division struct {
	Divisions *store.Repo[place.Division]
	Zones     *store.Repo[place.Zone]
}

// Mount names every route of the capability.
func (h Division) Mount(r *Router) {
	Get(r, "/divisions", h.list, Does("The places directly inside a place, by code", "Without parent: the provinces. One level at a time, as a picker needs them."), Open())
	Get(r, "/divisions/{code}", h.one, Does("A place"), Open())
	Get(r, "/zones", h.zones, Does("Functional zones and the places in them", "confirmed is false until somebody with the official paper has checked the entry."), Open(), Tag("divisions"))
}

type divisionsRequest struct {
	Parent string `query:"parent" validate:"omitempty,division" description:"Code of the wider place"`
	PageQuery
}

type divisionRequest struct {
	Code string `path:"code" validate:"required,division"`
}

type divisionView struct {
	Code        string        `json:"code"`
	Name        string        `json:"name"`
	DisplayName string        `json:"displayName"`
	Level       place.Level   `json:"level"`
	Kind        place.Kind    `json:"kind"`
	Parent      models.Region `json:"parent"` // "" for a province
}

type zoneView struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Kind      place.ZoneKind `json:"kind"`
	Confirmed bool           `json:"confirmed"`
	Members   []memberView   `json:"members"`
}

type memberView struct {
	Division models.Region `json:"division"`
	From     *models.Day   `json:"from"` // null: open
	To       *models.Day   `json:"to"`   // null: open
}

func (h Division) list(ctx context.Context, _ Request, in divisionsRequest) (List[divisionView], error) {
	page, err := h.Divisions.Find(ctx, store.DivisionsIn(models.Region(in.Parent)).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[divisionView]{}, err
	}
	return Listed(page, viewDivision), nil
}

func (h Division) one(ctx context.Context, _ Request, in divisionRequest) (divisionView, error) {
	d, err := h.Divisions.Get(ctx, in.Code)
	if err != nil {
		return divisionView{}, err
	}
	return viewDivision(d), nil
}

func (h Division) zones(ctx context.Context, _ Request, in PageQuery) (List[zoneView], error) {
	page, err := h.Zones.Find(ctx, store.All().Page(in.Limit, in.Cursor))
	if err != nil {
		return List[zoneView]{}, err
	}
	return Listed(page, viewZone), nil
}

func viewDivision(d *place.Division) divisionView {
	return divisionView{Code: d.ID, Name: d.Name, DisplayName: d.DisplayName, Level: d.Level, Kind: d.Kind, Parent: d.Parent}
}

func viewZone(z *place.Zone) zoneView {
	v := zoneView{ID: z.ID, Name: z.Name, Kind: z.Kind, Confirmed: z.Confirmed, Members: make([]memberView, len(z.Members))}
	for i, m := range z.Members {
		v.Members[i] = memberView{Division: m.Region, From: m.From, To: m.To}
	}
	return v
}
