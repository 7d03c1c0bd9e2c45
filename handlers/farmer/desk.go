package farmer

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/blob"
	"xinyi/models/farmer"
	"xinyi/store"
	"xinyi/usecase"
)

// Desk serves households' files for the village and the township.
type Desk struct{ Handler }

// Mount names the routes.
func (h Desk) Mount(r *api.Router) {
	tag := api.Tag("farm desk")
	api.Post(r, "/farmers/sync", h.sync, mayFarmWrite, api.Reveals, api.Within(30*time.Second), tag)
	api.Get(r, "/farmers/files", h.list, mayFarmRead, api.Reveals, tag)
	api.Get(r, "/farmers/files/{id}", h.get, mayFarmRead, api.Reveals, tag)
	api.Post(r, "/farmers/files/{id}/submit", h.submit, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/files/{id}/verify", h.verify, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/files/{id}/return", h.giveBack, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/files/{id}/photos", h.picture, mayFarmWrite, api.Takes(blob.Max), api.Reveals, tag, api.Quota(api.Uploads))
	api.Get(r, "/farmers/files/{id}/photos/{photo}", h.look, mayFarmRead, api.Reveals, tag)
	api.Post(r, "/farmers/files/{id}/agreements", h.paper, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/files/{id}/conflicts/{conflict}", h.settle, mayFarmWrite, api.Reveals, tag)
	h.mountChanges(r)
	h.mountSheets(r)
	h.mountOffice(r)
}

type syncRequest struct {
	Operations []syncOperation `json:"operations" validate:"required,min=1,max=50,dive"`
}

type syncOperation struct {
	Op        string         `json:"op" validate:"required,max=64"`
	Household string         `json:"household" validate:"required,max=64" description:"The file's id, or the phone's own of one it starts"`
	Village   models.Region  `json:"village,omitempty" validate:"omitempty,numeric,len=12" description:"Of a file that is started"`
	No        string         `json:"no,omitempty" validate:"max=32,excludesall=/ " description:"Household number in the village, of a file that is started"`
	Agreed    []paperRequest `json:"agreed,omitempty" validate:"max=3,dive"`
	Edits     []editRequest  `json:"edits" validate:"max=400,dive"`
	Submit    bool           `json:"submit,omitempty" description:"Hand it to a second person, once everything is in"`
}

type paperRequest struct {
	agreeFarmRequest
	Proof string `json:"proof" validate:"required,max=64" description:"The picture of the signature"`
}

type syncView struct {
	Results []opView `json:"results"`
}

func (h Desk) sync(ctx context.Context, rq api.Request, in syncRequest) (syncView, error) {
	v := syncView{Results: []opView{}}
	var looks []access.Access
	for _, op := range in.Operations {
		c, err := h.take(ctx, rq, op)
		if err != nil {
			failed, err := opProblem(op.Op, err, rq.Lang)
			if err != nil {
				return v, err
			}
			if c.File != nil { // what was written stays; the rest of the operation is named
				done := viewOp(op.Op, c, rq.Lang)
				done.Problem = failed.Problem
				failed = done
				looks = append(looks, file.AboutHead(rq, c.File, "farmer.file", sectionsOf(c.File)...))
			}
			v.Results = append(v.Results, failed)
			continue
		}
		looks = append(looks, file.AboutHead(rq, c.File, "farmer.file", sectionsOf(c.File)...))
		v.Results = append(v.Results, viewOp(op.Op, c, rq.Lang))
	}
	return v, h.Log.Note(ctx, rq, looks...)
}

// take takes one operation.
func (h Desk) take(ctx context.Context, rq api.Request, op syncOperation) (usecase.Collected, error) {
	g := usecase.Gathered{Op: op.Op, Household: op.Household, Village: op.Village, No: op.No, Edits: edits(op.Edits)}
	for _, p := range op.Agreed {
		a, err := farmText(p.agreeFarmRequest, rq.Lang)
		if err != nil {
			return usecase.Collected{}, err
		}
		a.How, a.Proof = farmer.OnPaper, p.Proof
		g.Agreed = append(g.Agreed, a)
	}
	c, err := h.Collect(ctx, g, h.Policy, rq.Actor)
	if err != nil || !op.Submit || c.File.State != farmer.Draft {
		return c, err
	}
	forms, err := h.FormsAt(ctx, c.File.Village)
	if err != nil {
		return c, err
	}
	f, err := h.Files.Update(ctx, c.File.ID, func(f *farmer.File) error { return f.Submit(forms, rq.Actor, rq.Now) })
	if err == nil {
		c.File = f
	}
	return c, err
}

// opProblem is why nothing of an operation was taken. Errors: what is not about the operation.
func opProblem(op string, err error, lang string) (opView, error) {
	var e *models.Error
	if !errors.As(err, &e) || e.Code == models.Internal || e.Code == models.Unavailable {
		return opView{}, err
	}
	p := &farmOpProblem{Code: e.Code, Reason: e.Reason, Message: api.Say(e.Reason, lang, e.Args), Errors: viewFields(e.Fields, lang)}
	return opView{Op: op, Verdicts: []verdictView{}, Problem: p}, nil
}

// viewFields puts faults into words.
func viewFields(fields []models.Field, lang string) []api.ProblemField {
	out := make([]api.ProblemField, len(fields))
	for i, f := range fields {
		out[i] = api.ProblemField{Pointer: f.Pointer, Code: f.Code, Message: api.Say("field."+f.Code, lang, f.Args)}
	}
	return out
}

type farmRow struct {
	ID         string        `json:"id"`
	No         string        `json:"no"`
	Village    models.Region `json:"village"`
	State      farmer.State  `json:"state"`
	Name       string        `json:"name" personal:"true" description:"Of the head, masked"`
	FiledOn    models.Day    `json:"filedOn"`
	VerifiedOn models.Day    `json:"verifiedOn,omitempty"`
	Conflicts  int           `json:"conflicts"`
}

func viewRow(f *farmer.File) farmRow {
	return farmRow{f.ID, f.No, f.Village, f.State, f.Label(), f.FiledOn, f.VerifiedOn, len(f.Conflicts)}
}

type listRequest struct {
	Place models.Region `query:"place" validate:"omitempty,numeric,min=4,max=12" description:"A village of mine; absent: all of them"`
	State farmer.State  `query:"state" validate:"omitempty,oneof=DRAFT SUBMITTED VERIFIED"`
	api.PageQuery
}

func (h Desk) list(ctx context.Context, rq api.Request, in listRequest) (api.List[farmRow], error) {
	place, err := api.PlaceWithin(rq, in.Place)
	if err != nil {
		return api.List[farmRow]{}, err
	}
	q := store.FarmFilesIn(place)
	if in.State != "" {
		q = store.FarmFilesAt(place, in.State)
	}
	page, err := h.Files.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[farmRow]{}, err
	}
	var looks []access.Access
	for _, f := range page.Items {
		if f.Seat != "" {
			looks = append(looks, file.AboutHead(rq, f, "farmer.file", "name"))
		}
	}
	if err := h.Log.Note(ctx, rq, looks...); err != nil {
		return api.List[farmRow]{}, err
	}
	return api.Listed(page, viewRow), nil
}

// ours is a file of the caller's place; any other is not there. Errors: NotFound.
func (h Desk) ours(ctx context.Context, rq api.Request, id string) (*farmer.File, error) {
	f, err := h.Files.Get(ctx, id)
	if errors.Is(err, models.NotFound) {
		f, err = h.Files.Get(ctx, usecase.FarmFileID(id))
	}
	if err == nil {
		err = api.Scoped(rq, f.Village)
	}
	return f, err
}

// shown is a file as the desk sees it, once the look is logged.
func (h Desk) shown(ctx context.Context, rq api.Request, f *farmer.File) (fileView, error) {
	forms, err := h.FormsAt(ctx, f.Village)
	if err != nil {
		return fileView{}, err
	}
	if err := h.Log.Note(ctx, rq, file.AboutHead(rq, f, "farmer.file", sectionsOf(f)...)); err != nil {
		return fileView{}, err
	}
	return eyesOf{staff: true, forms: forms, lang: rq.Lang}.file(f), nil
}

func (h Desk) get(ctx context.Context, rq api.Request, in api.ByID) (fileView, error) {
	f, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return fileView{}, err
	}
	return h.shown(ctx, rq, f)
}

// onFile changes a file of the caller's place and shows it.
func (h Desk) onFile(ctx context.Context, rq api.Request, id string, do func(*farmer.File, farmer.Forms) error) (fileView, error) {
	f, err := h.ours(ctx, rq, id)
	if err != nil {
		return fileView{}, err
	}
	forms, err := h.FormsAt(ctx, f.Village)
	if err != nil {
		return fileView{}, err
	}
	f, err = h.Files.UpdateFrom(ctx, f, func(f *farmer.File) error {
		if err := rq.Fresh(f.Revision); err != nil {
			return err
		}
		return do(f, forms)
	})
	if err != nil {
		return fileView{}, err
	}
	return h.shown(ctx, rq, f)
}

func (h Desk) submit(ctx context.Context, rq api.Request, in api.ByID) (fileView, error) {
	return h.onFile(ctx, rq, in.ID, func(f *farmer.File, forms farmer.Forms) error { return f.Submit(forms, rq.Actor, rq.Now) })
}

func (h Desk) verify(ctx context.Context, rq api.Request, in api.ByID) (fileView, error) {
	return h.onFile(ctx, rq, in.ID, func(f *farmer.File, _ farmer.Forms) error { return f.Verify(rq.Actor, rq.Now) })
}

func (h Desk) giveBack(ctx context.Context, rq api.Request, in api.ReasonRequest) (fileView, error) {
	return h.onFile(ctx, rq, in.ID, func(f *farmer.File, _ farmer.Forms) error { return f.Return(in.Reason, rq.Actor, rq.Now) })
}

type onPaperRequest struct {
	api.ByID
	paperRequest
}

func (h Desk) paper(ctx context.Context, rq api.Request, in onPaperRequest) (fileView, error) {
	a, err := farmText(in.agreeFarmRequest, rq.Lang)
	if err != nil {
		return fileView{}, err
	}
	a.How, a.Proof = farmer.OnPaper, in.Proof
	return h.onFile(ctx, rq, in.ID, func(f *farmer.File, _ farmer.Forms) error { return f.Agree(a, rq.Actor, rq.Now) })
}

type settleConflictRequest struct {
	api.ByID
	Conflict string `path:"conflict"`
	Lost     bool   `json:"lostStands" description:"true: what lost stands after all"`
}

func (h Desk) settle(ctx context.Context, rq api.Request, in settleConflictRequest) (fileView, error) {
	return h.onFile(ctx, rq, in.ID, func(f *farmer.File, forms farmer.Forms) error {
		return f.Settle(in.Conflict, in.Lost, forms, rq.Actor, rq.Now)
	})
}

type photoRequest struct {
	api.ByID
	About string `query:"about" validate:"required,oneof=signature land production housing certificate other"`
	Note  string `query:"note" validate:"max=200"`
	Data  []byte `body:"raw"`
}

// keepPhoto keeps a cleaned picture as a blob of a file.
func (h Handler) keepPhoto(ctx context.Context, rq api.Request, f *farmer.File, in photoRequest) (farmer.Photo, error) {
	data, w, ht, err := api.Cleaned(ctx, in.Data)
	if err != nil {
		return farmer.Photo{}, err
	}
	b, err := blob.New(models.Derived("farmphoto", f.ID, blob.Hash(in.Data)), f.ID, "image/jpeg", data, time.Time{})
	if err != nil {
		return farmer.Photo{}, err
	}
	p := farmer.Photo{ID: b.ID, About: in.About, Note: in.Note, Width: w, Height: ht}
	probe := *f
	if err := probe.Picture(p, rq.Actor, rq.Now); err != nil {
		return p, err
	}
	return p, api.KeepOnce(h.Blobs.Insert(ctx, b))
}

func (h Desk) picture(ctx context.Context, rq api.Request, in photoRequest) (fileView, error) {
	f, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return fileView{}, err
	}
	p, err := h.keepPhoto(ctx, rq, f, in)
	if err != nil {
		return fileView{}, err
	}
	return h.onFile(ctx, rq, f.ID, func(f *farmer.File, _ farmer.Forms) error { return f.Picture(p, rq.Actor, rq.Now) })
}

type myPhotoRequest struct {
	About string `query:"about" validate:"required,oneof=signature land production housing certificate other"`
	Note  string `query:"note" validate:"max=200"`
	Data  []byte `body:"raw"`
}

func (h Handler) photo(ctx context.Context, rq api.Request, in myPhotoRequest) (fileView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return fileView{}, err
	}
	p, err := h.keepPhoto(ctx, rq, f, photoRequest{About: in.About, Note: in.Note, Data: in.Data})
	if err != nil {
		return fileView{}, err
	}
	return h.change(ctx, rq, func(f *farmer.File, _ farmer.Forms) error { return f.Picture(p, rq.Actor, rq.Now) })
}

type photoAt struct {
	api.ByID
	Photo string `path:"photo"`
}

func (h Desk) look(ctx context.Context, rq api.Request, in photoAt) (api.Paper, error) {
	f, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return api.Paper{}, err
	}
	for _, p := range f.Photos {
		if p.ID != in.Photo {
			continue
		}
		if err := h.Log.Note(ctx, rq, file.AboutHead(rq, f, "farmer.file", "farm.photos")); err != nil {
			return api.Paper{}, err
		}
		b, err := h.Blobs.Get(ctx, p.ID)
		if err != nil {
			return api.Paper{}, err
		}
		return api.Paper{Kind: b.Type, Body: b.Bytes()}, nil
	}
	return api.Paper{}, models.E(models.NotFound, "not_found")
}
