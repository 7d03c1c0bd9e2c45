package sandbox

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models/sandbox"
)

// Clock moves the time of a sandbox. A router without Sandbox does not have its routes.
type Clock struct {
	Time interface {
		Now() time.Time
		Ahead() time.Duration
		Advance(ctx context.Context, by sandbox.Span) (woken, told int, err error)
	}
}

// Mount names the routes.
func (h Clock) Mount(r *api.Router) {
	if !r.Cfg.Sandbox {
		return
	}
	api.Get(r, "/sandbox/clock", h.show, api.Open())
	api.Post(r, "/sandbox/clock", h.advance, api.Open(), api.Within(advanceWithin))
}

// advanceWithin bounds a move of the clock. It is long: a slow machine lives through a year too, and a move cut short would be a failure.
const advanceWithin = 15 * time.Minute

type advanceRequest struct {
	Advance string `json:"advance" validate:"required,max=40" description:"ISO 8601 duration: P8D, P1M, PT2H"`
}

type clockView struct {
	Now          time.Time `json:"now"`
	AheadSeconds int64     `json:"aheadSeconds"` // how far it is ahead of the world
}

type advancedView struct {
	Now   time.Time `json:"now"`
	Woken int       `json:"woken"`
	Told  int       `json:"told"`
}

func (h Clock) show(context.Context, api.Request, struct{}) (clockView, error) {
	return clockView{Now: h.Time.Now(), AheadSeconds: int64(h.Time.Ahead() / time.Second)}, nil
}

func (h Clock) advance(ctx context.Context, _ api.Request, in advanceRequest) (advancedView, error) {
	by, err := sandbox.ParseSpan(in.Advance)
	if err != nil {
		return advancedView{}, err
	}
	woken, told, err := h.Time.Advance(ctx, by)
	if err != nil {
		return advancedView{}, err
	}
	return advancedView{Now: h.Time.Now(), Woken: woken, Told: told}, nil
}
