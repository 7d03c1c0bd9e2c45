// Package job lets the operator see work that goes on by itself, whatever it is, have it tried again at once, and end it.
package job

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/job"
	"xinyi/store"
)

// Handler operates jobs of all kinds.
type Handler struct{ Kinds func() []store.Jobs }

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/jobs", h.list, mayJobsRead)
	api.Get(r, "/jobs/{kind}/{id}", h.get, mayJobsRead)
	api.Post(r, "/jobs/{kind}/{id}/resume", h.resume, mayJobsAct)
	api.Post(r, "/jobs/{kind}/{id}/cancel", h.cancel, mayJobsAct)
}

type listRequest struct {
	api.PageQuery
	State string `query:"state" validate:"omitempty,oneof=working stalled" description:"Both when absent"`
	Kind  string `query:"kind" validate:"max=64" description:"All kinds when absent"`
}

// A section is the jobs of one kind in one state.
type section struct {
	store.Jobs
	state job.State
}

// sections are what a list goes through, in order.
func (h Handler) sections(in listRequest) (all []section) {
	for _, s := range []section{{state: job.Stalled}, {state: job.Running}} {
		for _, s.Jobs = range h.Kinds() {
			if (in.State == "" || (in.State == "stalled") == (s.state == job.Stalled)) && cmp.Or(in.Kind, s.Kind) == s.Kind {
				all = append(all, s)
			}
		}
	}
	return all
}

// list goes on at the section and the place in it that the cursor names: "3.…".
func (h Handler) list(ctx context.Context, rq api.Request, in listRequest) (api.List[api.JobView], error) {
	v, sections := api.List[api.JobView]{Items: []api.JobView{}}, h.sections(in)
	number, after, _ := strings.Cut(in.Cursor, ".")
	at, err := strconv.Atoi(cmp.Or(number, "0"))
	if err != nil || at < 0 || in.Cursor != "" && at >= len(sections) {
		return v, models.Bad("#query/cursor", "cursor", "cursor.invalid")
	}
	for limit := cmp.Or(in.Limit, store.DefaultPage); at < len(sections); at, after = at+1, "" {
		if len(v.Items) == limit {
			v.NextCursor = strconv.Itoa(at) + "."
			return v, nil
		}
		s := sections[at]
		page, next, err := s.Find(ctx, store.JobsIn(s.state).Page(limit-len(v.Items), after))
		if err != nil {
			return v, err
		}
		for _, w := range page {
			v.Items = append(v.Items, api.ViewJob(s.Kind, w, rq.Lang))
		}
		if next != "" {
			v.NextCursor = strconv.Itoa(at) + "." + next
			return v, nil
		}
	}
	return v, nil
}

type idRequest struct {
	Kind string `path:"kind" validate:"required,max=64"`
	api.ByID
}

type cancelRequest struct {
	idRequest
	Reason string `json:"reason" validate:"required,max=500" description:"Whoever started it reads it"`
}

func (h Handler) get(ctx context.Context, rq api.Request, in idRequest) (api.JobView, error) {
	return h.on(ctx, rq, in, func(job.Work) error { return store.Unchanged() })
}

func (h Handler) resume(ctx context.Context, rq api.Request, in idRequest) (api.JobView, error) {
	return h.on(ctx, rq, in, func(w job.Work) error { return job.Resume(w, in.Kind, rq.Actor, rq.Now) })
}

func (h Handler) cancel(ctx context.Context, rq api.Request, in cancelRequest) (api.JobView, error) {
	return h.on(ctx, rq, in.idRequest, func(w job.Work) error { return job.Cancel(w, in.Kind, in.Reason, rq.Actor, rq.Now) })
}

// on acts on one job, still the one the caller saw. Errors: NotFound; Stale; those of do.
func (h Handler) on(ctx context.Context, rq api.Request, in idRequest, do func(job.Work) error) (api.JobView, error) {
	kinds := h.Kinds()
	i := slices.IndexFunc(kinds, func(k store.Jobs) bool { return k.Kind == in.Kind })
	if i < 0 {
		return api.JobView{}, models.E(models.NotFound, "not_found")
	}
	w, err := kinds[i].Update(ctx, in.ID, func(w job.Work) error {
		if err := rq.Fresh(w.Head().Revision); err != nil {
			return err
		}
		return do(w)
	})
	if err != nil {
		return api.JobView{}, err
	}
	return api.ViewJob(in.Kind, w, rq.Lang), nil
}
