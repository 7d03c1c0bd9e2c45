package village

import (
	"context"
	"slices"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/village"
)

func (h Handler) mountSheet(r *api.Router) {
	tag := api.Tag("village entries")
	api.Get(r, "/village-entries/{id}/scores", h.sheet, mayRead, tag)
	api.Put(r, "/village-entries/{id}/scores", h.write, mayScore, tag)
	api.Post(r, "/village-entries/{id}/evidence", h.attach, mayEvidence, api.Takes(blob.Max), tag, api.Quota(api.Uploads))
	api.Get(r, "/village-entries/{id}/evidence/{evidence}", h.exhibit, mayRead, tag)
	api.Post(r, "/village-entries/{id}/survey", h.answer, maySurvey, api.Creates, tag, api.Quota(api.Ballots))
	api.Post(r, "/bank/village-figures", h.figure, mayFigures, tag)
}

type writeRequest struct {
	api.ByID
	Second bool        `json:"second,omitempty" description:"The second sheet of an entry that was drawn"`
	Writes []writeItem `json:"writes" validate:"required,min=1,max=100,dive"`
}

type writeItem struct {
	Op        string     `json:"op" validate:"required,max=64" description:"Of the phone's own, once for each indicator"`
	Indicator string     `json:"indicator" validate:"required,max=40"`
	Value     int64      `json:"value" validate:"gte=0,lte=1000000"`
	Note      string     `json:"note,omitempty" validate:"max=500"`
	Evidence  []string   `json:"evidence,omitempty" validate:"max=20,dive,max=64"`
	Wrote     time.Time  `json:"writtenAt" validate:"required" description:"By the phone's clock"`
	Seen      *time.Time `json:"seen,omitempty" description:"writtenAt of what the phone showed; absent: nothing"`
	Settles   []string   `json:"settles,omitempty" validate:"max=20,dive,max=64" description:"Operations in conflict that this decides"`
}

type verdictView struct {
	Op        string          `json:"op"`
	Indicator string          `json:"indicator"`
	Outcome   village.Outcome `json:"outcome"`
	Code      string          `json:"code,omitempty"`
	Message   string          `json:"message,omitempty"`
	Other     *writeView      `json:"other,omitempty" description:"What stands, or was overwritten"`
}

type writeView struct {
	Op        string    `json:"op"`
	Indicator string    `json:"indicator"`
	Value     int64     `json:"value"`
	Note      string    `json:"note,omitempty"`
	Evidence  []string  `json:"evidence,omitempty"`
	Wrote     time.Time `json:"writtenAt"`
}

type sheetView struct {
	Verdicts  []verdictView `json:"verdicts,omitempty"`
	Stands    []writeView   `json:"stands"`
	Conflicts []writeView   `json:"conflicts"`
	Missing   []string      `json:"missing"`
}

func viewWrite(w village.Write) writeView {
	return writeView{w.Op, w.Indicator, w.Value, w.Note, w.Evidence, w.Wrote}
}

func viewSheet(sheet *village.Sheet, s *village.Scheme) sheetView {
	v := sheetView{Stands: []writeView{}, Conflicts: []writeView{}, Missing: []string{}}
	for _, w := range sheet.Stands() {
		v.Stands = append(v.Stands, viewWrite(w))
	}
	slices.SortFunc(v.Stands, func(a, b writeView) int { return strings.Compare(a.Indicator, b.Indicator) })
	for _, w := range sheet.Clashes() {
		v.Conflicts = append(v.Conflicts, viewWrite(w))
	}
	v.Missing = append(v.Missing, sheet.Missing(s)...)
	return v
}

type sheetRequest struct {
	api.ByID
	Second bool `query:"second"`
}

// sheet shows one of the two sheets; while a second one is written, each to whoever wrote it alone.
func (h Handler) sheet(ctx context.Context, rq api.Request, in sheetRequest) (sheetView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return sheetView{}, err
	}
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return sheetView{}, err
	}
	sheet := &e.First
	if in.Second {
		sheet = &e.Second
	}
	if e.Sealed(s) && !slices.Contains(sheet.Scorers(), rq.Actor.Person) {
		return sheetView{}, models.E(models.Forbidden, "village.hidden")
	}
	return viewSheet(sheet, s), nil
}

func (h Handler) write(ctx context.Context, rq api.Request, in writeRequest) (sheetView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return sheetView{}, err
	}
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return sheetView{}, err
	}
	writes := make([]village.Write, len(in.Writes))
	for i, w := range in.Writes {
		writes[i] = village.Write{Op: w.Op, Indicator: w.Indicator, Value: w.Value, Note: w.Note, Evidence: w.Evidence, Wrote: w.Wrote,
			Seen: w.Seen, Settles: w.Settles}
	}
	var verdicts []village.Verdict
	e, err = h.Entries.Update(ctx, in.ID, func(e *village.Entry) (err error) {
		verdicts, err = e.Write(village.Sync{Second: in.Second, Writes: writes, Skew: time.Duration(h.Policy.SkewMinutes) * time.Minute}, s,
			rq.Actor, rq.Now)
		return err
	})
	if err != nil {
		return sheetView{}, err
	}
	sheet := &e.First
	if in.Second {
		sheet = &e.Second
	}
	v := viewSheet(sheet, s)
	for _, x := range verdicts {
		row := verdictView{Op: x.Op, Indicator: x.Indicator, Outcome: x.Outcome, Code: x.Code}
		if x.Code != "" {
			row.Message = api.Say("field."+x.Code, rq.Lang, nil)
		}
		if x.Other != nil {
			other := viewWrite(*x.Other)
			row.Other = &other
		}
		v.Verdicts = append(v.Verdicts, row)
	}
	return v, nil
}

type evidenceRequest struct {
	api.ByID
	About string        `query:"about" validate:"required,max=40" description:"An indicator of the sheet, or roster"`
	Place models.Region `query:"place" validate:"omitempty,division,min=9"`
	Lat   *int64        `query:"latMicro" validate:"omitempty,gte=-90000000,lte=90000000" description:"Millionths of a degree, WGS 84"`
	Lon   *int64        `query:"lonMicro" validate:"omitempty,gte=-180000000,lte=180000000"`
	Taken time.Time     `query:"takenAt" validate:"required"`
	Data  []byte        `body:"raw"`
}

func (h Handler) attach(ctx context.Context, rq api.Request, in evidenceRequest) (evidenceView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return evidenceView{}, err
	}
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return evidenceView{}, err
	}
	data, kind, err := api.CleanPaper(ctx, in.Data, models.Bad("", "village_evidence_kind", "village.evidence_kind"))
	if err != nil {
		return evidenceView{}, err
	}
	b, err := blob.New(models.Derived("villageproof", e.ID, in.About, blob.Hash(in.Data)), e.ID, kind, data, time.Time{})
	if err != nil {
		return evidenceView{}, err
	}
	x := village.Evidence{ID: b.ID, About: in.About, Type: kind, Size: b.Size, Hash: b.Hash, Place: in.Place, Taken: in.Taken}
	switch {
	case in.Lat != nil && in.Lon != nil:
		x.Spot = &village.Spot{Lat: *in.Lat, Lon: *in.Lon}
	case in.Lat != nil || in.Lon != nil:
		return evidenceView{}, models.Bad("#query/lonMicro", "required", "village.evidence")
	}
	probe := *e
	if err := probe.Attach(x, s, rq.Actor, rq.Now); err != nil { // before a byte is kept
		return evidenceView{}, err
	}
	if err := api.KeepOnce(h.Blobs.Insert(ctx, b)); err != nil {
		return evidenceView{}, err
	}
	e, err = h.Entries.Update(ctx, e.ID, func(e *village.Entry) error { return e.Attach(x, s, rq.Actor, rq.Now) })
	if err != nil {
		return evidenceView{}, err
	}
	i := slices.IndexFunc(e.Evidence, func(o village.Evidence) bool { return o.ID == x.ID })
	return viewEvidence(e.Evidence[i]), nil
}

type exhibitRequest struct {
	api.ByID
	Evidence string `path:"evidence" validate:"required,max=64"`
}

func (h Handler) exhibit(ctx context.Context, rq api.Request, in exhibitRequest) (api.Paper, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return api.Paper{}, err
	}
	if !slices.ContainsFunc(e.Evidence, func(x village.Evidence) bool { return x.ID == in.Evidence }) {
		return api.Paper{}, models.E(models.NotFound, "not_found")
	}
	b, err := h.Blobs.Get(ctx, in.Evidence)
	if err != nil {
		return api.Paper{}, err
	}
	return api.Paper{Kind: b.Type, Body: b.Bytes()}, nil
}

type answerRequest struct {
	api.ByID
	Satisfied bool `json:"satisfied"`
}

type answerView struct {
	Taken bool `json:"taken"`
}

func (h Handler) answer(ctx context.Context, rq api.Request, in answerRequest) (answerView, error) {
	e, err := h.Entries.Get(ctx, in.ID)
	if err != nil {
		return answerView{}, err
	}
	lives, err := h.lives(ctx, rq, e.Village)
	if err != nil {
		return answerView{}, err
	}
	if !lives {
		return answerView{}, api.NotYours(nil)
	}
	a, err := village.NewAnswer(e, in.Satisfied, lives && e.Level == village.OfVillages, rq.Actor)
	if err != nil {
		return answerView{}, err
	}
	if err := h.Answers.Insert(ctx, a); models.CodeOf(err) == models.Conflict {
		return answerView{}, models.E(models.Conflict, "village.answered")
	} else if err != nil {
		return answerView{}, err
	}
	return answerView{true}, nil
}

// lives says whether the caller lives in a village: by the account, or by the household's file.
func (h Handler) lives(ctx context.Context, rq api.Request, at models.Region) (bool, error) {
	if rq.Actor.Region == at {
		return true, nil
	}
	sub, err := h.Farm.Subjects.Of(ctx, rq.Actor)
	if err != nil {
		return false, nil //nolint:nilerr // without a real name there is no household
	}
	seat, err := h.Farm.Seats.Get(ctx, sub.Ref)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f, err := h.Farm.Files.Get(ctx, seat.Household)
	if missing(err) {
		return false, nil
	}
	return err == nil && f.Village == at, err
}

type figureRequest struct {
	Village models.Region `json:"village" validate:"required,numeric,len=12"`
	Day     models.Day    `json:"day" validate:"required,day"`
	Balance models.Fen    `json:"balanceFen" validate:"fen"`
	Bad     models.Fen    `json:"badFen" validate:"fen" description:"Of the balance: not paid back as promised"`
	NewBad  models.Fen    `json:"newBadFen" validate:"fen" description:"Of it: within the twelve months up to the day"`
}

type figureView struct {
	Village models.Region `json:"village"`
	Day     models.Day    `json:"day"`
	Balance models.Fen    `json:"balanceFen"`
	Bad     models.Fen    `json:"badFen"`
	NewBad  models.Fen    `json:"newBadFen"`
}

func (h Handler) figure(ctx context.Context, rq api.Request, in figureRequest) (figureView, error) {
	f, err := village.NewFigure(village.Figure{Village: in.Village, Day: in.Day, Balance: in.Balance, Bad: in.Bad, NewBad: in.NewBad},
		rq.Actor, rq.Now)
	if err != nil {
		return figureView{}, err
	}
	if err := h.Figures.Insert(ctx, f); models.CodeOf(err) == models.Conflict {
		_, err = h.Figures.Update(ctx, f.ID, func(old *village.Figure) error {
			old.Publish(f)
			return nil
		})
		if err != nil {
			return figureView{}, err
		}
	} else if err != nil {
		return figureView{}, err
	}
	return figureView(in), nil
}
