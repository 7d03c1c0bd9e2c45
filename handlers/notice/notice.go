// Package notice serves public notices and the objections to them (公示).
package notice

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/notice"
	"xinyi/store"
)

// Handler serves public notices: everybody reads them, whoever is signed in may object, an office answers.
type Handler struct {
	Notices *store.Repo[notice.Notice]
	Log     *api.AccessLog
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("notices")
	api.Get(r, "/notices", h.list, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/notices/{id}", h.get, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Post(r, "/notices/{id}/objections", h.object, mayObject, api.Creates, tag, api.Quota(api.Cases))
	api.Get(r, "/notices/{id}/objections", h.objections, mayAnswer, api.Reveals, tag)
	api.Post(r, "/notices/{id}/objections/{objection}/answer", h.answer, mayAnswer, api.Reveals, tag)
	api.Post(r, "/notices/{id}/withdraw", h.withdraw, mayAnswer, tag)
}

type noticesRequest struct {
	Place models.Region `query:"place" validate:"required,numeric,min=4,max=12"`
	All   bool          `query:"all"`
	api.PageQuery
}

func (h Handler) list(ctx context.Context, _ api.Request, in noticesRequest) (api.List[api.PublicNoticeView], error) {
	q := store.NoticesOpen(in.Place)
	if in.All {
		q = store.NoticesIn(in.Place)
	}
	return api.Found(ctx, h.Notices, q, in.PageQuery, api.NoticeHead)
}

func (h Handler) get(ctx context.Context, _ api.Request, in api.ByID) (api.PublicNoticeView, error) {
	n, err := h.Notices.Get(ctx, in.ID)
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	return api.ViewPublicNotice(n), nil
}

type objectRequest struct {
	api.ByID
	Ref  string `json:"ref" validate:"required,max=64"`
	Text string `json:"text" validate:"required,min=4,max=1000"`
}

type objectedView struct {
	ID  string     `json:"id"`
	Due models.Day `json:"due" description:"The last day for an answer"`
}

func (h Handler) object(ctx context.Context, rq api.Request, in objectRequest) (objectedView, error) {
	id := rq.NewID()
	n, err := h.Notices.Update(ctx, in.ID, func(n *notice.Notice) error { return n.Object(id, in.Ref, in.Text, rq.Actor, rq.Now) })
	if err != nil {
		return objectedView{}, err
	}
	v := objectedView{ID: id}
	for _, o := range n.Objections {
		if o.ID == id {
			v.Due = o.Due
		}
	}
	return v, nil
}

type objectionView struct {
	ID     string                `json:"id"`
	Ref    string                `json:"ref"`
	Person string                `json:"person" description:"Account of whoever objects"`
	Text   string                `json:"text" personal:"true"`
	At     time.Time             `json:"at"`
	Due    models.Day            `json:"due"`
	State  notice.ObjectionState `json:"state"`
	Answer string                `json:"answer,omitempty"`
	Late   bool                  `json:"late,omitempty"`
}

func viewObjection(o notice.Objection) objectionView {
	return objectionView{o.ID, o.Ref, o.By.Person, o.Text.Reveal(), o.At, o.Due, o.State, o.Answer, o.Late}
}

// ours is a notice of the caller's place. Errors: NotFound.
func (h Handler) ours(ctx context.Context, rq api.Request, id string) (*notice.Notice, error) {
	return api.Ours(ctx, rq, h.Notices, id, func(n *notice.Notice) models.Region { return n.Region })
}

// heard notes looks at objections: they are about whoever made them.
func (h Handler) heard(ctx context.Context, rq api.Request, n *notice.Notice, only string) error {
	var looks []access.Access
	for _, o := range n.Objections {
		if only == "" || o.ID == only {
			looks = append(looks, access.Access{Subject: api.APerson(o.By.Person), Fields: []string{"notice.objection"}, About: n.ID,
				Purpose: "notice.objection", Case: n.ID})
		}
	}
	return h.Log.Note(ctx, rq, looks...)
}

func (h Handler) objections(ctx context.Context, rq api.Request, in api.ByID) (api.List[objectionView], error) {
	n, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return api.List[objectionView]{}, err
	}
	if err := h.heard(ctx, rq, n, ""); err != nil {
		return api.List[objectionView]{}, err
	}
	v := api.List[objectionView]{Items: []objectionView{}}
	for _, o := range n.Objections {
		v.Items = append(v.Items, viewObjection(o))
	}
	return v, nil
}

type objectionAnswerRequest struct {
	api.ByID
	Objection string `path:"objection"`
	Upheld    bool   `json:"upheld"`
	Answer    string `json:"answer" validate:"required,max=500"`
}

func (h Handler) answer(ctx context.Context, rq api.Request, in objectionAnswerRequest) (objectionView, error) {
	n, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return objectionView{}, err
	}
	if err := h.heard(ctx, rq, n, in.Objection); err != nil {
		return objectionView{}, err
	}
	n, err = h.Notices.Update(ctx, n.ID, func(n *notice.Notice) error {
		return n.Answer(in.Objection, in.Upheld, in.Answer, rq.Actor,
			rq.Now)
	})
	if err != nil {
		return objectionView{}, err
	}
	for _, o := range n.Objections {
		if o.ID == in.Objection {
			return viewObjection(o), nil
		}
	}
	return objectionView{}, models.E(models.NotFound, "not_found")
}

func (h Handler) withdraw(ctx context.Context, rq api.Request, in api.ReasonRequest) (api.PublicNoticeView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return api.PublicNoticeView{}, err
	}
	n, err := h.Notices.Update(ctx, in.ID, func(n *notice.Notice) error { return n.Withdraw(in.Reason, rq.Actor, rq.Now) })
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	return api.ViewPublicNotice(n), nil
}
