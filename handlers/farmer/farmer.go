// Package farmer serves the credit files of farmers' households: their own, the desk's, evaluation and sharing (农户信用档案).
package farmer

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/consent"
	"xinyi/models/farmer"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves one's own household's credit file: every field with where it comes from, what is wrong with it, what it
// scores and why, who has it.
type Handler struct {
	usecase.Farmer
	Facts  usecase.FarmFacts
	Policy farmer.Policy
	Log    *api.AccessLog
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("farm file")
	api.Get(r, "/farmers/forms", h.formsAt, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/me/farm-file", h.mine, file.MayFarmMine, tag)
	api.Post(r, "/me/farm-file/sync", h.write, file.MayFarmMine, tag)
	api.Post(r, "/me/farm-file/agreements", h.agree, mayFarmAgree, tag)
	api.Post(r, "/me/farm-file/agreements/withdraw", h.disagree, mayFarmAgree, tag)
	api.Post(r, "/me/farm-file/photos", h.photo, file.MayFarmMine, api.Takes(blob.Max), tag, api.Quota(api.Uploads))
	api.Post(r, "/me/farm-file/leave", h.leave, mayFarmAgree, tag)
	api.Get(r, "/me/farm-file/score", h.score, file.MayFarmMine, tag)
	api.Post(r, "/me/farm-file/changes", h.ask, file.MayFarmMine, api.Creates, tag, api.Quota(api.Applications))
	api.Get(r, "/me/farm-file/changes", h.changes, file.MayFarmMine, tag)
	api.Post(r, "/me/farm-file/changes/{id}/again", h.again, file.MayFarmMine, tag)
	api.Post(r, "/me/farm-file/changes/{id}/withdraw", h.drop, file.MayFarmMine, tag)
	api.Get(r, "/me/farm-file/shares", h.shares, file.MayFarmMine, tag)
	h.mountEvaluation(r)
}

// mineOf is the file of the household the caller heads; who is of none is told so. Errors: NotFound "farmer.no_file"; Conflict
// "identity.not_bound"; Forbidden "farmer.not_head" for anybody but the head.
func (h Handler) mineOf(ctx context.Context, rq api.Request) (*farmer.File, error) {
	f, leads, err := h.Mine(ctx, rq.Actor)
	switch {
	case errors.Is(err, models.NotFound):
		return nil, models.E(models.NotFound, "farmer.no_file")
	case err != nil:
		return nil, err
	case !leads:
		return nil, models.E(models.Forbidden, "farmer.not_head")
	}
	return f, nil
}

type placeQuery struct {
	Place models.Region `query:"place" validate:"required,numeric,min=4,max=12"`
}

type formsView struct {
	Sections []formView      `json:"sections"`
	Texts    []file.TextView `json:"texts" description:"What the head agrees to: farm_file to be filed, adverse and written for what is restricted"`
}

func (h Handler) formsAt(ctx context.Context, rq api.Request, in placeQuery) (formsView, error) {
	forms, err := h.FormsAt(ctx, in.Place)
	if err != nil {
		return formsView{}, err
	}
	v := formsView{Sections: []formView{}, Texts: []file.TextView{file.ViewText(consent.Farm, rq.Lang),
		file.ViewText(consent.Adverse, rq.Lang), file.ViewText(consent.Written, rq.Lang)}}
	for _, s := range forms.Sections() {
		v.Sections = append(v.Sections, viewForm(forms[s], rq.Lang))
	}
	return v, nil
}

func (h Handler) mine(ctx context.Context, rq api.Request, _ api.NoRequest) (fileView, error) {
	f, leads, err := h.Mine(ctx, rq.Actor)
	if errors.Is(err, models.NotFound) {
		return fileView{}, models.E(models.NotFound, "farmer.no_file")
	}
	if err != nil {
		return fileView{}, err
	}
	forms, err := h.FormsAt(ctx, f.Village)
	if err != nil {
		return fileView{}, err
	}
	eyes := eyesOf{whole: leads, forms: forms, lang: rq.Lang}
	return eyes.file(f), nil
}

type writeRequest struct {
	Op    string        `json:"op" validate:"required,max=64" description:"The phone's own id of this operation; the same twice changes nothing"`
	Edits []editRequest `json:"edits" validate:"required,min=1,max=200,dive"`
}

func (h Handler) write(ctx context.Context, rq api.Request, in writeRequest) (opView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return opView{}, err
	}
	c, err := h.Collect(ctx, usecase.Gathered{Op: in.Op, Household: f.ID, Edits: edits(in.Edits)}, h.Policy, rq.Actor)
	if err != nil {
		return opView{}, err
	}
	return viewOp(in.Op, c, rq.Lang), nil
}

type agreeFarmRequest struct {
	Text    string `json:"text" validate:"required,oneof=farm_file adverse written"`
	Version string `json:"version" validate:"required,max=20"`
	Hash    string `json:"hash" validate:"required,len=64" description:"Of the text that was shown"`
}

// farmText is a text as it is in force. Errors: Conflict "consent.text_outdated" when another was shown.
func farmText(in agreeFarmRequest, lang string) (farmer.Agreement, error) {
	t := map[string]consent.Text{farmer.TextFile: consent.Farm, farmer.TextAdverse: consent.Adverse,
		farmer.TextWritten: consent.Written}[in.Text]
	if t.ID == "" || t.Version != in.Version || t.Hash() != in.Hash {
		return farmer.Agreement{}, models.E(models.Conflict, "consent.text_outdated")
	}
	return farmer.Agreement{Text: in.Text, Version: in.Version, Hash: in.Hash, Lang: lang, How: farmer.InApp}, nil
}

func (h Handler) agree(ctx context.Context, rq api.Request, in agreeFarmRequest) (fileView, error) {
	a, err := farmText(in, rq.Lang)
	if err != nil {
		return fileView{}, err
	}
	return h.change(ctx, rq, func(f *farmer.File, _ farmer.Forms) error { return f.Agree(a, rq.Actor, rq.Now) })
}

func (h Handler) disagree(ctx context.Context, rq api.Request, _ api.NoRequest) (fileView, error) {
	return h.change(ctx, rq, func(f *farmer.File, forms farmer.Forms) error { return f.Disagree(forms, rq.Actor, rq.Now) })
}

// change changes the caller's own file.
func (h Handler) change(ctx context.Context, rq api.Request, do func(*farmer.File, farmer.Forms) error) (fileView, error) {
	f, err := h.mineOf(ctx, rq)
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
	return eyesOf{whole: true, forms: forms, lang: rq.Lang}.file(f), nil
}

type leaveFarmRequest struct {
	Reason string `json:"reason,omitempty" validate:"max=500"`
}

func (h Handler) leave(ctx context.Context, rq api.Request, in leaveFarmRequest) (fileView, error) {
	return h.change(ctx, rq, func(f *farmer.File, _ farmer.Forms) error { return f.Leave(in.Reason, rq.Actor, rq.Now) })
}

func (h Handler) score(ctx context.Context, rq api.Request, _ api.NoRequest) (api.FarmScoreView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return api.FarmScoreView{}, err
	}
	s, err := h.Scores.Get(ctx, f.ID)
	if errors.Is(err, models.NotFound) || err == nil && s.Model == "" {
		return api.FarmScoreView{}, models.E(models.NotFound, "farmer.not_scored")
	}
	if err != nil {
		return api.FarmScoreView{}, err
	}
	return h.scored(ctx, s, rq.Lang)
}

// scored makes a score again from what it was made from, item by item.
func (h Handler) scored(ctx context.Context, s *farmer.Score, lang string) (api.FarmScoreView, error) {
	m, err := h.Models.Get(ctx, s.Model)
	if err != nil {
		return api.FarmScoreView{}, err
	}
	sc, err := m.Scorer()
	if err != nil {
		return api.FarmScoreView{}, err
	}
	r, err := sc.Score(s.Input())
	if err != nil {
		return api.FarmScoreView{}, err
	}
	return api.ViewFarmScore(sc.Set(), r, s.On, lang), nil
}

func (h Handler) shares(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[shareView], error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return api.List[shareView]{}, err
	}
	return api.Found(ctx, h.Shares, store.FarmSharesOf(f.ID), in, viewShare(rq.Lang))
}

// sectionsOf are the names of the sections that a file has something in, as the log of accesses names them.
func sectionsOf(f *farmer.File) []string {
	var names []string
	for at := range f.Cells {
		if a, ok := farmer.ParseAddress(at); ok && !slices.Contains(names, "farm."+a.Section) {
			names = append(names, "farm."+a.Section)
		}
	}
	slices.Sort(names)
	return names
}

// Portions are what an export holds of a household's file; whoever is the head of none has none.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{
		api.Single("farm", false, func(ctx context.Context, rq api.Request) (fileView, error) { return h.mine(ctx, rq, api.NoRequest{}) }),
		api.Single("farmScore", false, func(ctx context.Context, rq api.Request) (api.FarmScoreView, error) {
			return h.score(ctx, rq, api.NoRequest{})
		}),
		api.Listing("farmChanges", false, api.Optional(h.changes)),
		api.Listing("farmEvaluations", false, api.Optional(h.evaluations)),
		api.Listing("farmShares", false, api.Optional(h.shares)),
	}
}
