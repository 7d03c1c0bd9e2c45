package handlers

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/notice"
	"xinyi/store"
)

// Notice is the door to public notices: everybody reads them, whoever is signed in may object, an office answers.
type Notice struct {
	Notices *store.Repo[notice.Notice]
	Looks   *Looks
}

const minute = time.Minute

// Mount names the routes.
func (h Notice) Mount(r *Router) {
	tag := Tag("notices")
	Get(r, "/notices", h.list, Does("Public notices of a place, the open ones unless all are asked for"), Open(), Limit(minute, 120), tag)
	Get(r, "/notices/{id}", h.get, Does("A notice with its lines"), Open(), Limit(minute, 120), tag)
	Post(r, "/notices/{id}/objections", h.object, Does("Object to one line of an open notice", "Who objects is seen by the office that answers alone. Only that line waits"), May("notices.object"), Creates, tag)
	Get(r, "/notices/{id}/objections", h.objections, Does("What was said against its lines"), May("notices.answer"), Reveals, tag)
	Post(r, "/notices/{id}/objections/{objection}/answer", h.answer, Does("Answer an objection", "Not by whoever opened the notice, nor by whoever objected"), May("notices.answer"), Reveals, tag)
	Post(r, "/notices/{id}/withdraw", h.withdraw, Does("Take an open notice back"), May("notices.answer"), tag)
}

type publicNoticeView struct {
	ID     string           `json:"id"`
	About  string           `json:"about" description:"farmer.household: households proposed as credit households"`
	Title  string           `json:"title"`
	Region models.Region    `json:"region"`
	State  notice.State     `json:"state" enum:"OPEN,CLOSED,WITHDRAWN"`
	Opened models.Day       `json:"opened"`
	Closes models.Day       `json:"closes" description:"The last day"`
	Lines  []noticeLineView `json:"lines,omitempty"`
}

type noticeLineView struct {
	Ref   string           `json:"ref"`
	Label string           `json:"label" description:"Masked"`
	Text  string           `json:"text"`
	State notice.LineState `json:"state" enum:"SHOWN,OBJECTED,PASSED,STRUCK"`

	Outcome string `json:"outcome,omitempty" description:"What was decided in the end"`
}

func viewPublicNotice(n *notice.Notice) publicNoticeView {
	v := noticeHead(n)
	for _, l := range n.Lines {
		v.Lines = append(v.Lines, noticeLineView{l.Ref, l.Label, l.Text, l.State, l.Outcome})
	}
	return v
}

func noticeHead(n *notice.Notice) publicNoticeView {
	return publicNoticeView{ID: n.ID, About: n.About, Title: n.Title, Region: n.Region, State: n.State, Opened: n.Opened, Closes: n.Closes}
}

type noticesRequest struct {
	Place models.Region `query:"place" validate:"required,numeric,min=4,max=12"`
	All   bool          `query:"all"`
	PageQuery
}

func (h Notice) list(ctx context.Context, _ Request, in noticesRequest) (List[publicNoticeView], error) {
	q := store.NoticesOpen(in.Place)
	if in.All {
		q = store.NoticesIn(in.Place)
	}
	page, err := h.Notices.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return List[publicNoticeView]{}, err
	}
	return Listed(page, noticeHead), nil
}

func (h Notice) get(ctx context.Context, _ Request, in byID) (publicNoticeView, error) {
	n, err := h.Notices.Get(ctx, in.ID)
	if err != nil {
		return publicNoticeView{}, err
	}
	return viewPublicNotice(n), nil
}

type noticeObjectRequest struct {
	byID
	Ref  string `json:"ref" validate:"required,max=64"`
	Text string `json:"text" validate:"required,min=4,max=1000"`
}

type objectedView struct {
	ID  string     `json:"id"`
	Due models.Day `json:"due" description:"The last day for an answer"`
}

func (h Notice) object(ctx context.Context, rq Request, in noticeObjectRequest) (objectedView, error) {
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
	State  notice.ObjectionState `json:"state" enum:"WAITING,DISMISSED,UPHELD"`
	Answer string                `json:"answer,omitempty"`
	Late   bool                  `json:"late,omitempty"`
}

func viewObjection(o notice.Objection) objectionView {
	return objectionView{o.ID, o.Ref, o.By.Person, o.Text.Reveal(), o.At, o.Due, o.State, o.Answer, o.Late}
}

// ours is a notice of the caller's place. Errors: NotFound.
func (h Notice) ours(ctx context.Context, rq Request, id string) (*notice.Notice, error) {
	n, err := h.Notices.Get(ctx, id)
	if err == nil && !rq.Actor.Region.Contains(n.Region) {
		err = models.E(models.NotFound, "not_found")
	}
	return n, err
}

// heard notes looks at objections: they are about whoever made them.
func (h Notice) heard(ctx context.Context, rq Request, n *notice.Notice, only string) error {
	var looks []access.Look
	for _, o := range n.Objections {
		if only == "" || o.ID == only {
			looks = append(looks, access.Look{Subject: aPerson(o.By.Person), Fields: []string{"notice.objection"}, About: n.ID, Purpose: "notice.objection", Case: n.ID})
		}
	}
	return h.Looks.Look(ctx, rq, looks...)
}

func (h Notice) objections(ctx context.Context, rq Request, in byID) (List[objectionView], error) {
	n, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return List[objectionView]{}, err
	}
	if err := h.heard(ctx, rq, n, ""); err != nil {
		return List[objectionView]{}, err
	}
	v := List[objectionView]{Items: []objectionView{}}
	for _, o := range n.Objections {
		v.Items = append(v.Items, viewObjection(o))
	}
	return v, nil
}

type objectionAnswerRequest struct {
	byID
	Objection string `path:"objection"`
	Upheld    bool   `json:"upheld"`
	Answer    string `json:"answer" validate:"required,max=500"`
}

func (h Notice) answer(ctx context.Context, rq Request, in objectionAnswerRequest) (objectionView, error) {
	n, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return objectionView{}, err
	}
	if err := h.heard(ctx, rq, n, in.Objection); err != nil {
		return objectionView{}, err
	}
	n, err = h.Notices.Update(ctx, n.ID, func(n *notice.Notice) error { return n.Answer(in.Objection, in.Upheld, in.Answer, rq.Actor, rq.Now) })
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

func (h Notice) withdraw(ctx context.Context, rq Request, in reasonRequest) (publicNoticeView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return publicNoticeView{}, err
	}
	n, err := h.Notices.Update(ctx, in.ID, func(n *notice.Notice) error { return n.Withdraw(in.Reason, rq.Actor, rq.Now) })
	if err != nil {
		return publicNoticeView{}, err
	}
	return viewPublicNotice(n), nil
}
