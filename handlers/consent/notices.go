package consent

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/consent"
)

// Notices serves what people are told before their data is handled, every version of it.
type Notices struct{}

// Mount names the routes.
func (h Notices) Mount(r *api.Router) {
	api.Get(r, "/privacy-notices", h.list, api.Open(), api.Limit(time.Minute, 120))
	api.Get(r, "/privacy-notices/{id}", h.one, api.Open(), api.Limit(time.Minute, 120))
}

// noticeTextView is a notice. The hash is of its words in both languages and never changes under one version.
type noticeTextView struct {
	ID      string     `json:"id"`
	Version string     `json:"version"`
	Since   models.Day `json:"since"`
	Hash    string     `json:"hash"`
	Text    string     `json:"text"`
}

func viewNoticeText(n consent.Notice, lang string) noticeTextView {
	return noticeTextView{n.ID, n.Version, n.Since, n.Hash(), n.Words.In(lang)}
}

func (h Notices) list(_ context.Context, rq api.Request, _ struct{}) (api.List[noticeTextView], error) {
	l := api.List[noticeTextView]{Items: []noticeTextView{}}
	for _, n := range consent.Published() {
		l.Items = append(l.Items, viewNoticeText(n, rq.Lang))
	}
	return l, nil
}

type noticeRequest struct {
	ID      string `path:"id" validate:"required,max=32"`
	Version string `query:"version" validate:"omitempty,max=16"`
}

func (h Notices) one(_ context.Context, rq api.Request, in noticeRequest) (noticeTextView, error) {
	for _, n := range consent.Published() {
		if n.ID == in.ID && (in.Version == "" || n.Version == in.Version) {
			return viewNoticeText(n, rq.Lang), nil
		}
	}
	return noticeTextView{}, models.E(models.NotFound, "not_found")
}
