package handlers

import (
	"context"
	"encoding/base64"
	"time"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
)

// Audit shows the signed heads of the audit log to everybody, and to each person the proof of what concerns them.
type Audit struct {
	store.Audit
	Seals models.Seals
}

// Mount names the routes.
func (h Audit) Mount(r *Router) {
	Get(r, "/audit/heads", h.heads, Does("The signed heads of the audit log, the newest first", "Keep one: with it anybody can later prove that nothing before it was changed"), Open())
	Get(r, "/audit/sealer", h.sealer, Does("When the audit log was sealed last"), May("audit.seal"))
	Post(r, "/audit/heads", h.seal, Does("Have the audit log sealed now, and not at the next full hour of its clock"), May("audit.seal"), Answers(202))
	Get(r, "/audit/entries", h.entries, Does("What the log says about me, the newest first"), May("audit.mine"))
	Get(r, "/audit/entries/{id}/proof", h.proof, Does("The proof that an entry about me is in the log",
		"The text (C2SP tlog-proof) can be checked without us: `xinyi audit check FILE`"), May("audit.mine"))
	Get(r, "/seals", h.seals, Does("The public keys our reports, receipts and audit heads are signed with", "Ed25519, the one in use first"), Open())
}

type headView struct {
	Size int64     `json:"size"`
	Root string    `json:"root" description:"Base64"`
	At   time.Time `json:"at"`
	Note string    `json:"note" description:"The signed checkpoint (C2SP)"`
}

func (h Audit) heads(ctx context.Context, _ Request, in PageQuery) (List[headView], error) {
	page, err := h.Heads.Find(ctx, store.LastHeads().Page(in.Limit, in.Cursor))
	if err != nil {
		return List[headView]{}, err
	}
	return Listed(page, func(h *journal.Head) headView { return headView{h.Size, h.Root, h.At, h.Note} }), nil
}

type sealerView struct {
	Size     int64      `json:"size"`
	SealedAt *time.Time `json:"sealedAt"`
	NextAt   *time.Time `json:"nextAt"`
}

func (h Audit) sealer(ctx context.Context, _ Request, _ struct{}) (sealerView, error) {
	s, err := h.Sealers.Get(ctx, journal.SealerID)
	if err != nil {
		return sealerView{}, err
	}
	return sealerView{s.Size, s.At, s.WakeAt}, nil
}

func (h Audit) seal(ctx context.Context, rq Request, _ struct{}) (sealerView, error) {
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

func (h Audit) entries(ctx context.Context, rq Request, in PageQuery) (List[entryView], error) {
	page, err := h.Entries.Find(ctx, store.EventsAbout(concerned(rq.Actor)).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[entryView]{}, err
	}
	return Listed(page, func(e *journal.Entry) entryView {
		return entryView{base64.RawURLEncoding.EncodeToString([]byte(e.ID)), e.Kind, e.Subject, e.At, e.By.Role}
	}), nil
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

func (h Audit) proof(ctx context.Context, rq Request, in proofRequest) (proofView, error) {
	id, err := base64.RawURLEncoding.DecodeString(in.ID)
	if err != nil {
		return proofView{}, notYours(nil)
	}
	e, err := h.Entries.Get(ctx, string(id))
	if err != nil || e.Person == "" || e.Person != concerned(rq.Actor) {
		return proofView{}, notYours(err)
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

func (h Audit) seals(_ context.Context, _ Request, _ struct{}) (List[sealView], error) {
	v := List[sealView]{Items: []sealView{}}
	for _, s := range h.Seals {
		key, err := journal.VerifierKey(s.Public)
		if err != nil {
			return v, models.E(models.Internal, "internal", err)
		}
		v.Items = append(v.Items, sealView{s.ID, s.Since, base64.StdEncoding.EncodeToString(s.Public), key})
	}
	return v, nil
}
