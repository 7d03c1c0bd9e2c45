package handlers

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/blob"
	"xinyi/models/consent"
	"xinyi/models/farmer"
	"xinyi/store"
)

// Farmer is the door to one's own household's credit file: every field with where it comes from, what is wrong with it, what it
// scores and why, who has it.
type Farmer struct {
	store.Farmer
	Facts  store.FarmFacts
	Policy farmer.Policy
	Looks  *Looks
}

// Mount names the routes.
func (h Farmer) Mount(r *Router) {
	tag := Tag("farm file")
	Get(r, "/farmers/forms", h.formsAt, Does("The forms of a household's file in a place, with hints for an app", "A JSON Schema a section; a narrower place may have fields of its own"), Open(), Limit(time.Minute, 120), tag)
	Get(r, "/me/farm-file", h.mine, Does("My household's file: every field, and where it comes from", "Of the head everything; of any other member what is not restricted and not about others"), May("farm.mine"), tag)
	Post(r, "/me/farm-file/sync", h.write, Does("Write what I know into my household's file", "As POST /farmers/sync, for the head; somebody of the village looks before it counts"), May("farm.mine"), tag)
	Post(r, "/me/farm-file/agreements", h.agree, Does("Agree to a text: to be filed, or to the two that incomes, savings and property need"), May("farm.mine"), tag)
	Post(r, "/me/farm-file/agreements/withdraw", h.disagree, Does("Withdraw what I agreed to for incomes, savings and property", "They are erased at once and count as not told, never against me"), May("farm.mine"), tag)
	Post(r, "/me/farm-file/photos", h.photo, Does("Add a picture or a scan", "JPEG or PNG, at most 4 MiB; what a camera notes besides the picture is taken out"), May("farm.mine"), Takes(blob.Max), tag)
	Post(r, "/me/farm-file/leave", h.leave, Does("Have no file any more; what it holds is erased"), May("farm.mine"), tag)
	Get(r, "/me/farm-file/score", h.score, Does("What my household scores, item by item, and why"), May("farm.mine"), tag)
	Post(r, "/me/farm-file/changes", h.ask, Does("Say that something is wrong, or ask for a change", "Somebody of the village or the township decides; both versions are shown to them side by side"), May("farm.mine"), Creates, tag)
	Get(r, "/me/farm-file/changes", h.changes, Does("What I asked for, the newest first"), May("farm.mine"), tag)
	Post(r, "/me/farm-file/changes/{id}/again", h.again, Does("Hand a change in once more after I was asked for more"), May("farm.mine"), tag)
	Post(r, "/me/farm-file/changes/{id}/withdraw", h.drop, Does("Take a change back"), May("farm.mine"), tag)
	Get(r, "/me/farm-file/shares", h.shares, Does("Which banks have my household's file, when each read it, and whether it is deleted again"), May("farm.mine"), tag)
	h.mountEvaluation(r)
}

// mineOf is the file of the household the caller heads; who is of none is told so. Errors: NotFound "farmer.no_file"; Conflict
// "identity.not_bound"; Forbidden "farmer.not_head" for anybody but the head.
func (h Farmer) mineOf(ctx context.Context, rq Request) (*farmer.File, error) {
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

type farmFormsView struct {
	Sections []farmFormView `json:"sections"`
	Texts    []textView     `json:"texts" description:"What the head agrees to: farm_file to be filed, adverse and written for what is restricted"`
}

func (h Farmer) formsAt(ctx context.Context, rq Request, in placeQuery) (farmFormsView, error) {
	forms, err := h.FormsAt(ctx, in.Place)
	if err != nil {
		return farmFormsView{}, err
	}
	v := farmFormsView{Sections: []farmFormView{}, Texts: []textView{viewText(consent.Farm, rq.Lang), viewText(consent.Adverse, rq.Lang), viewText(consent.Written, rq.Lang)}}
	for _, s := range forms.Sections() {
		v.Sections = append(v.Sections, viewFarmForm(forms[s], rq.Lang))
	}
	return v, nil
}

func (h Farmer) mine(ctx context.Context, rq Request, _ noRequest) (farmFileView, error) {
	f, leads, err := h.Mine(ctx, rq.Actor)
	if errors.Is(err, models.NotFound) {
		return farmFileView{}, models.E(models.NotFound, "farmer.no_file")
	}
	if err != nil {
		return farmFileView{}, err
	}
	forms, err := h.FormsAt(ctx, f.Village)
	if err != nil {
		return farmFileView{}, err
	}
	eyes := eyesOf{whole: leads, forms: forms, lang: rq.Lang}
	return eyes.file(f), nil
}

type farmWriteRequest struct {
	Op    string        `json:"op" validate:"required,max=64" description:"The phone's own id of this operation; the same twice changes nothing"`
	Edits []editRequest `json:"edits" validate:"required,min=1,max=200,dive"`
}

func (h Farmer) write(ctx context.Context, rq Request, in farmWriteRequest) (farmOpView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return farmOpView{}, err
	}
	c, err := h.Collect(ctx, store.Gathered{Op: in.Op, Household: f.ID, Edits: edits(in.Edits)}, h.Policy, rq.Actor)
	if err != nil {
		return farmOpView{}, err
	}
	return viewFarmOp(in.Op, c, rq.Lang), nil
}

type agreeFarmRequest struct {
	Text    string `json:"text" validate:"required,oneof=farm_file adverse written"`
	Version string `json:"version" validate:"required,max=20"`
	Hash    string `json:"hash" validate:"required,len=64" description:"Of the text that was shown"`
}

// farmText is a text as it is in force. Errors: Conflict "consent.text_outdated" when another was shown.
func farmText(in agreeFarmRequest, lang string) (farmer.Agreement, error) {
	t := map[string]consent.Text{farmer.TextFile: consent.Farm, farmer.TextAdverse: consent.Adverse, farmer.TextWritten: consent.Written}[in.Text]
	if t.ID == "" || t.Version != in.Version || t.Hash() != in.Hash {
		return farmer.Agreement{}, models.E(models.Conflict, "consent.text_outdated")
	}
	return farmer.Agreement{Text: in.Text, Version: in.Version, Hash: in.Hash, Lang: lang, How: farmer.InApp}, nil
}

func (h Farmer) agree(ctx context.Context, rq Request, in agreeFarmRequest) (farmFileView, error) {
	a, err := farmText(in, rq.Lang)
	if err != nil {
		return farmFileView{}, err
	}
	return h.change(ctx, rq, func(f *farmer.File, _ farmer.Forms) error { return f.Agree(a, rq.Actor, rq.Now) })
}

func (h Farmer) disagree(ctx context.Context, rq Request, _ noRequest) (farmFileView, error) {
	return h.change(ctx, rq, func(f *farmer.File, forms farmer.Forms) error { return f.Disagree(forms, rq.Actor, rq.Now) })
}

// change changes the caller's own file.
func (h Farmer) change(ctx context.Context, rq Request, do func(*farmer.File, farmer.Forms) error) (farmFileView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return farmFileView{}, err
	}
	forms, err := h.FormsAt(ctx, f.Village)
	if err != nil {
		return farmFileView{}, err
	}
	f, err = h.Files.UpdateFrom(ctx, f, func(f *farmer.File) error {
		if err := rq.Fresh(f.Revision); err != nil {
			return err
		}
		return do(f, forms)
	})
	if err != nil {
		return farmFileView{}, err
	}
	return eyesOf{whole: true, forms: forms, lang: rq.Lang}.file(f), nil
}

type leaveFarmRequest struct {
	Reason string `json:"reason,omitempty" validate:"max=500"`
}

func (h Farmer) leave(ctx context.Context, rq Request, in leaveFarmRequest) (farmFileView, error) {
	return h.change(ctx, rq, func(f *farmer.File, _ farmer.Forms) error { return f.Leave(in.Reason, rq.Actor, rq.Now) })
}

func (h Farmer) score(ctx context.Context, rq Request, _ noRequest) (farmScoreView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return farmScoreView{}, err
	}
	s, err := h.Scores.Get(ctx, f.ID)
	if errors.Is(err, models.NotFound) || err == nil && s.Model == "" {
		return farmScoreView{}, models.E(models.NotFound, "farmer.not_scored")
	}
	if err != nil {
		return farmScoreView{}, err
	}
	return h.scored(ctx, s, rq.Lang)
}

// scored makes a score again from what it was made from, item by item.
func (h Farmer) scored(ctx context.Context, s *farmer.Score, lang string) (farmScoreView, error) {
	m, err := h.Models.Get(ctx, s.Model)
	if err != nil {
		return farmScoreView{}, err
	}
	sc, err := m.Scorer()
	if err != nil {
		return farmScoreView{}, err
	}
	r, err := sc.Score(s.Input())
	if err != nil {
		return farmScoreView{}, err
	}
	return viewFarmScore(sc.Set(), r, s.On, lang), nil
}

func (h Farmer) shares(ctx context.Context, rq Request, in PageQuery) (List[farmShareView], error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return List[farmShareView]{}, err
	}
	page, err := h.Shares.Find(ctx, store.FarmSharesOf(f.ID).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[farmShareView]{}, err
	}
	return Listed(page, viewFarmShare(rq.Lang)), nil
}

// aboutHead is a look at a household's file: it is about the head.
func aboutHead(rq Request, f *farmer.File, purpose string, fields ...string) access.Look {
	return access.Look{
		Subject: models.Subject{Kind: models.PersonSubject, Ref: f.Seat, Person: f.Person}, Fields: fields, About: f.ID,
		Purpose: rq.purposeOr(purpose), Case: rq.caseOr(f.ID),
	}
}

// sectionsOf are the names of the sections that a file has something in, as the log of looks names them.
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
func (h Farmer) Portions() []Portion {
	return []Portion{
		Single("farm", false, func(ctx context.Context, rq Request) (farmFileView, error) { return h.mine(ctx, rq, noRequest{}) }),
		Single("farmScore", false, func(ctx context.Context, rq Request) (farmScoreView, error) { return h.score(ctx, rq, noRequest{}) }),
		Listing("farmChanges", false, Optional(h.changes)),
		Listing("farmEvaluations", false, Optional(h.evaluations)),
		Listing("farmShares", false, Optional(h.shares)),
	}
}
