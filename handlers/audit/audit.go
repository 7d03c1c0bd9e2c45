// Package audit serves the sealed log: signed heads, proofs, seals (存证).
package audit

import (
	"context"
	"encoding/base64"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler shows the signed heads of the audit log to everybody, and to each person the proof of what concerns them.
type Handler struct {
	usecase.Audit
	Seals models.Seals
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/audit/heads", h.heads, api.Open())
	api.Get(r, "/audit/sealer", h.sealer, maySeal)
	api.Post(r, "/audit/heads", h.seal, maySeal, api.Answers(202))
	api.Get(r, "/audit/entries", h.entries, mayMine)
	api.Get(r, "/audit/entries/{id}/proof", h.proof, mayMine)
	api.Get(r, "/seals", h.seals, api.Open())
}

type headView struct {
	Size int64     `json:"size"`
	Root string    `json:"root" description:"Base64"`
	At   time.Time `json:"at"`
	Note string    `json:"note" description:"The signed checkpoint (C2SP)"`
}

func (h Handler) heads(ctx context.Context, _ api.Request, in api.PageQuery) (api.List[headView], error) {
	return api.Found(ctx, h.Heads, store.LastHeads(), in, func(h *journal.Head) headView { return headView{h.Size, h.Root, h.At, h.Note} })
}

type sealerView struct {
	Size     int64      `json:"size"`
	SealedAt *time.Time `json:"sealedAt"`
	NextAt   *time.Time `json:"nextAt"`
}

func (h Handler) sealer(ctx context.Context, _ api.Request, _ struct{}) (sealerView, error) {
	s, err := h.Sealers.Get(ctx, journal.SealerID)
	if err != nil {
		return sealerView{}, err
	}
	return sealerView{s.Size, s.At, s.WakeAt}, nil
}

func (h Handler) seal(ctx context.Context, rq api.Request, _ struct{}) (sealerView, error) {
	s, err := h.Sealers.Update(ctx, journal.SealerID, func(s *journal.Sealer) error { s.Ask(rq.Now); return nil })
	if err != nil {
		return sealerView{}, err
	}
	return sealerView{s.Size, s.At, s.WakeAt}, nil
}

type entryView struct {
	ID      string      `json:"id" description:"For …/proof, in base64url"`
	Kind    string      `json:"kind"`
	Subject string      `json:"subject"`
	At      time.Time   `json:"at"`
	By      models.Role `json:"by"`
}

// concerned is whom entries about the caller name.
func concerned(a models.Actor) string {
	if a.Is(models.Business) {
		return models.Subject{Kind: models.Organisation, Ref: a.Org}.Addressee()
	}
	return a.Person
}

func (h Handler) entries(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[entryView], error) {
	return api.Found(ctx, h.Entries, store.EventsAbout(concerned(rq.Actor)), in, func(e *journal.Entry) entryView {
		return entryView{base64.RawURLEncoding.EncodeToString([]byte(e.ID)), e.Kind, e.Subject, e.At, e.By.Role}
	})
}

type proofRequest struct {
	ID string `path:"id" validate:"required,max=512"`
}

type proofView struct {
	Row   string   `json:"row" description:"What the log commits to"`
	Index int64    `json:"index"`
	Path  []string `json:"path" description:"Base64 hashes, from the row up"`
	Head  string   `json:"head" description:"The signed checkpoint"`
	Text  string   `json:"text" description:"All of it as one file: C2SP tlog-proof"`
}

func (h Handler) proof(ctx context.Context, rq api.Request, in proofRequest) (proofView, error) {
	id, err := base64.RawURLEncoding.DecodeString(in.ID)
	if err != nil {
		return proofView{}, api.NotYours(nil)
	}
	e, err := h.Entries.Get(ctx, string(id))
	if err != nil || e.Person == "" || e.Person != concerned(rq.Actor) {
		return proofView{}, api.NotYours(err)
	}
	p, err := h.Prove(ctx, e)
	if err != nil {
		return proofView{}, err
	}
	v := proofView{Row: string(p.Row), Index: p.Index, Head: p.Head, Text: p.Text(), Path: []string{}}
	for _, hash := range p.Path {
		v.Path = append(v.Path, hash.String())
	}
	return v, nil
}

type sealView struct {
	ID          string    `json:"id"`
	Since       time.Time `json:"since"`
	Public      string    `json:"public" description:"Raw Ed25519 key in base64"`
	VerifierKey string    `json:"verifierKey" description:"The same for tools that read signed notes"`
}

func (h Handler) seals(_ context.Context, _ api.Request, _ struct{}) (api.List[sealView], error) {
	v := api.List[sealView]{Items: []sealView{}}
	for _, s := range h.Seals {
		key, err := journal.VerifierKey(s.Public)
		if err != nil {
			return v, models.E(models.Internal, "internal", err)
		}
		v.Items = append(v.Items, sealView{s.ID, s.Since, base64.StdEncoding.EncodeToString(s.Public), key})
	}
	return v, nil
}
