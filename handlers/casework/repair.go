package casework

import (
	"context"
	"slices"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/blob"
	"xinyi/models/casework"
	"xinyi/models/record"
	"xinyi/store"
)

// maxMaterial is the most bytes of one paper handed in.
const maxMaterial = blob.Max

// mountRepair names the routes of repair, and of papers handed in with a case.
func (h Handler) mountRepair(r *api.Router) {
	api.Get(r, "/me/repairs", h.repairs, mayCasesMine, api.Tag("repairs"))
	api.Get(r, "/me/repairs/commitment", h.promise, mayCasesMine, api.Tag("repairs"))
	api.Get(r, "/me/repairs/notices/{id}", h.notice, mayCasesMine, api.Tag("repairs"))
	api.Post(r, "/me/repairs", h.askRepair, mayCasesMine, api.Creates, api.Tag("repairs"), api.Quota(api.Cases))
	api.Post(r, "/me/repairs/{id}/confirm", h.confirm, mayCasesMine, api.Tag("repairs"))
	api.Post(r, "/me/cases/{id}/materials", h.attach, mayCasesMine, api.Takes(maxMaterial), api.Tag("cases"), api.Quota(api.Uploads))
	api.Post(r, "/repairs", h.repairFor, mayCasesAssist, api.Creates, api.Tag("repairs"))
	api.Post(r, "/objections", h.objectFor, mayCasesAssist, api.Creates, api.Tag("objections"))
	api.Get(r, "/records/{id}/notice", h.servedNotice, file.MayRecordsRead, api.Reveals)

	api.Post(r, "/cases/{id}/accept", h.accept, mayCasesDecide)
	api.Post(r, "/cases/{id}/turn-away", h.turnAway, mayCasesDecide)
	api.Post(r, "/cases/{id}/extend", h.extend, mayCasesDecide)
	api.Post(r, "/cases/{id}/revoke", h.revoke, mayCasesDecide)
	api.Get(r, "/cases/{id}/materials/{n}", h.material, mayCasesDesk, api.Reveals)
}

func (h Handler) repairs(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[caseView], error) {
	return h.mine(ctx, rq, casesRequest{string(casework.Repair), in})
}

// promiseView is what somebody promises.
type promiseView struct {
	Version string `json:"version"`
	Text    string `json:"text"`
	Hash    string `json:"hash" description:"Of the words in both languages; send it as commitment"`
}

func (h Handler) promise(_ context.Context, rq api.Request, _ struct{}) (promiseView, error) {
	p := casework.Promise
	return promiseView{p.Version, p.In(rq.Lang), p.Hash()}, nil
}

// noticeView is a repair notice.
type noticeView struct {
	Record   string          `json:"recordId"`
	Key      string          `json:"documentNo"`
	Unit     string          `json:"unit" description:"Who made the record decides its repair"`
	Regime   string          `json:"regime" description:"Edition of the rules of repair"`
	Severity models.Severity `json:"severity"`
	Shown    bool            `json:"shown" description:"Whether it may be published meanwhile"`
	From     models.Day      `json:"repairFrom" description:"First day on which repair may be asked for"`
	Ends     models.Day      `json:"endsOn,omitempty" description:"The day it stops by itself, whether or not anything is asked for"`
	Open     bool            `json:"openNow" description:"Repair may be asked for today"`
	Text     string          `json:"text" description:"The notice in words"`
}

// viewNotice is the notice of a record. Errors: Conflict "record.not_repairable" where nothing is to repair.
func viewNotice(rq api.Request, r *record.Record) (noticeView, error) {
	p := r.Publication
	if p.Severity == "" {
		return noticeView{}, models.E(models.Conflict, "record.not_repairable")
	}
	_, open := r.Repairable(models.DayOf(rq.Now))
	text := api.Say("repair.notice", rq.Lang, map[string]string{"no": r.Key, "from": string(p.Eligible)})
	if p.Ends != "" {
		text += api.Say("repair.notice_ends", rq.Lang, map[string]string{"ends": string(p.Ends)})
	}
	text += api.Say("repair.notice_how", rq.Lang, nil)
	return noticeView{r.ID, r.Key, r.Unit, p.Regime, p.Severity, p.Shown, p.Eligible, p.Ends, open && r.Used(), text}, nil
}

// myRecord is a record of the caller's own file. Errors: NotFound.
func (h Handler) myRecord(ctx context.Context, rq api.Request, id string) (models.Subject, *record.Record, error) {
	sub, err := h.Subjects.Of(ctx, rq.Actor)
	if err != nil {
		return sub, nil, err
	}
	r, err := h.Records.Get(ctx, id)
	if err != nil || !r.Subject.Is(sub) {
		return sub, nil, api.NotYours(err)
	}
	return sub, r, nil
}

func (h Handler) notice(ctx context.Context, rq api.Request, in api.ByID) (noticeView, error) {
	_, r, err := h.myRecord(ctx, rq, in.ID)
	if err != nil {
		return noticeView{}, err
	}
	return viewNotice(rq, r)
}

func (h Handler) servedNotice(ctx context.Context, rq api.Request, in api.ByID) (noticeView, error) {
	r, err := h.Records.Get(ctx, in.ID)
	if err != nil || !file.ScopesRecord(rq.Actor, r) {
		return noticeView{}, api.NotYours(err)
	}
	if err := h.Log.Note(ctx, rq, file.PersonalRecords(rq, r)...); err != nil {
		return noticeView{}, err
	}
	return viewNotice(rq, r)
}

type repairRequest struct {
	RecordID   string `json:"recordId" validate:"required,max=128"`
	Commitment string `json:"commitment" validate:"required,len=64" description:"Hash of the commitment that was read and made"`
	Words      string `json:"words,omitempty" validate:"max=2000"`
}

func (h Handler) askRepair(ctx context.Context, rq api.Request, in repairRequest) (caseView, error) {
	sub, r, err := h.myRecord(ctx, rq, in.RecordID)
	if err != nil {
		return caseView{}, err
	}
	c, err := h.newRepair(rq, sub, r, in, nil)
	if err != nil {
		return caseView{}, err
	}
	return h.insert(ctx, c)
}

// newRepair is a repair of a record that its subject, or an agent for the subject, asks for.
func (h Handler) newRepair(rq api.Request, sub models.Subject, r *record.Record, in repairRequest, agent *casework.Agent) (*casework.Case,
	error) {
	if err := mayRepair(rq, r); err != nil {
		return nil, err
	}
	f := h.filing(sub, r)
	f.Words, f.Agent = in.Words, agent
	file := casework.RepairFile{Eligible: r.Publication.Eligible, Ends: r.Publication.Ends, Commitment: in.Commitment}
	return f.AskRepair(rq.NewID(), file, h.Terms, rq.Actor, rq.Now)
}

// mayRepair says whether anything about a record can be repaired; when is the case's matter.
func mayRepair(rq api.Request, r *record.Record) error {
	if from, _ := r.Repairable(models.DayOf(rq.Now)); from == "" {
		return models.Refused(r.Life, nil, "record.not_repairable")
	}
	return nil
}

// filing is what is asked about a record.
func (h Handler) filing(sub models.Subject, r *record.Record) casework.Filing {
	return casework.Filing{
		Subject: sub, About: casework.About{Kind: "record", ID: r.ID, Version: r.Current.No, Item: r.Item, Unit: r.Unit},
		Desk: h.Desks.Of(r.Region), Region: r.Region,
	}
}

type confirmRequest struct {
	api.ByID
	Commitment string `json:"commitment" validate:"required,len=64" description:"Hash of the commitment that was read and made"`
	Words      string `json:"words,omitempty" validate:"max=2000"`
}

func (h Handler) confirm(ctx context.Context, rq api.Request, in confirmRequest) (caseView, error) {
	return h.own(ctx, rq, in.ID, func(c *casework.Case) error { return c.Confirm(in.Commitment, in.Words, rq.Actor, rq.Now) })
}

// onRepair changes a repair that lies on the caller's desk.
func (h Handler) accept(ctx context.Context, rq api.Request, in api.ByID) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.Accept(rq.Actor, rq.Now) })
}

func (h Handler) turnAway(ctx context.Context, rq api.Request, in api.ReasonRequest) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.TurnAway(rq.Actor, in.Reason, rq.Now) })
}

func (h Handler) extend(ctx context.Context, rq api.Request, in api.ReasonRequest) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.Extend(rq.Actor, in.Reason, rq.Now) })
}

func (h Handler) revoke(ctx context.Context, rq api.Request, in api.ReasonRequest) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.Revoke(rq.Actor, in.Reason, rq.Now) })
}

type materialRequest struct {
	api.ByID
	Kind string `query:"kind" validate:"required,oneof=proof commitment authorisation ruling other"`
	Name string `query:"name" validate:"required,max=120"`
	Data []byte `body:"raw"`
}

func (h Handler) attach(ctx context.Context, rq api.Request, in materialRequest) (caseView, error) {
	c, err := h.one(ctx, rq, in.ByID)
	if err != nil {
		return caseView{}, err
	}
	data, kind, err := api.CleanPaper(ctx, in.Data, models.Bad("", "paper", "casework.other_paper"))
	if err != nil {
		return caseView{}, err
	}
	b, err := blob.New(models.Derived("material", c.ID, blob.Hash(in.Data)), c.ID, kind, data, rq.Now.AddDate(materialYears, 0, 0))
	if err != nil {
		return caseView{}, err
	}
	return h.own(ctx, rq, c.ID, func(c *casework.Case) error {
		if slices.ContainsFunc(c.Materials, func(m casework.Material) bool { return m.Blob == b.ID }) {
			return store.Unchanged() // sent again
		}
		if err := c.Attach(casework.Material{Kind: in.Kind, Name: in.Name, Blob: b.ID}); err != nil {
			return err
		}
		return api.KeepOnce(h.Blobs.Insert(ctx, b))
	})
}

// materialYears is how long a paper is kept.
const materialYears = 5

type oneMaterial struct {
	api.ByID
	N int `path:"n" validate:"gte=1,lte=10"`
}

func (h Handler) material(ctx context.Context, rq api.Request, in oneMaterial) (api.Paper, error) {
	c, err := h.Cases.Get(ctx, in.ID)
	if err != nil || !sits(rq.Actor, c) || in.N > len(c.Materials) {
		return api.Paper{}, api.NotYours(err)
	}
	viewing := access.Access{Subject: c.Subject, Fields: []string{"case.materials"}, About: c.ID, Purpose: deskPurpose[c.Kind], Case: c.ID}
	if err := h.Log.Note(ctx, rq, viewing); err != nil {
		return api.Paper{}, err
	}
	b, err := h.Blobs.Get(ctx, c.Materials[in.N-1].Blob)
	if err != nil {
		return api.Paper{}, err
	}
	return api.Paper{Kind: b.Type, Body: b.Bytes()}, nil
}
