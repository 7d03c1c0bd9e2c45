package farmer

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/notice"
	"xinyi/store"
)

func (h Handler) mountEvaluation(r *api.Router) {
	tag := api.Tag("farm file")
	api.Post(r, "/me/farm-file/evaluations", h.apply, file.MayFarmMine, api.Creates, tag, api.Quota(api.Applications))
	api.Get(r, "/me/farm-file/evaluations", h.evaluations, file.MayFarmMine, tag)
	api.Get(r, "/me/farm-file/evaluations/{id}", h.evaluation, file.MayFarmMine, tag)
	api.Post(r, "/me/farm-file/evaluations/{id}/withdraw", h.quit, file.MayFarmMine, tag)
	api.Post(r, "/me/farm-file/evaluations/{id}/appeal", h.appeal, file.MayFarmMine, tag)
	api.Get(r, "/me/farm-reviews/{id}", h.asked, mayFarmReview, tag)
	api.Post(r, "/me/farm-reviews/{id}", h.answer, mayFarmReview, tag)
	api.Get(r, "/farmers/certificates/{no}", h.certificate, api.Open(), api.Limit(time.Minute, 60), tag)
}

type evalView struct {
	ID        string                 `json:"id"`
	Household string                 `json:"householdId"`
	Village   models.Region          `json:"village"`
	Step      farmer.EvaluationState `json:"step"`
	Until     models.Day             `json:"until,omitempty" description:"Of what goes on now"`
	Invited   int                    `json:"peersInvited"`
	Answered  int                    `json:"peersAnswered"`
	Counted   int                    `json:"peersCounted" description:"Once they are opened"`
	Score     *api.FarmScoreView     `json:"score,omitempty"`
	NoticeID  string                 `json:"noticeId,omitempty"`
	No        string                 `json:"certificateNo,omitempty"`
	Since     models.Day             `json:"since,omitempty"`
	Grade     string                 `json:"grade,omitempty" description:"As certified"`
	Title     bool                   `json:"creditHousehold"`
	Why       string                 `json:"why,omitempty"`
	Late      bool                   `json:"late,omitempty" description:"The township did not keep to its days"`
	Revision  int64                  `json:"revision"`
}

// Revised is what ETag shows.
func (v evalView) Revised() int64 { return v.Revision }

func viewEval(e *farmer.Evaluation, today models.Day, lang string) evalView {
	v := evalView{
		ID: e.ID, Household: e.Household, Village: e.Village, Step: e.State, Until: e.Until, Invited: len(e.Peers), Counted: e.Valid, NoticeID: e.Notice,
		No: e.No, Since: e.Since, Grade: e.Grade, Title: e.Title(today), Late: e.Late, Revision: e.Revision,
	}
	for _, p := range e.Peers {
		if p.State != farmer.PeerInvited {
			v.Answered++
		}
	}
	if v.Why = api.Say(e.Why, lang, nil); v.Why == "" {
		v.Why = e.Why
	}
	return v
}

// explained is an evaluation with its result, item by item.
func (h Handler) explained(ctx context.Context, e *farmer.Evaluation, rq api.Request) (evalView, error) {
	v := viewEval(e, models.DayOf(rq.Now), rq.Lang)
	if e.Result == nil {
		return v, nil
	}
	m, err := h.Models.Get(ctx, e.Result.Set)
	if err != nil {
		return v, err
	}
	set, err := m.Read()
	if err != nil {
		return v, err
	}
	shown := api.ViewFarmScore(set, *e.Result, models.DayOf(e.UpdatedAt), rq.Lang)
	v.Score = &shown
	return v, nil
}

// applies starts an evaluation; one a household goes on at a time.
func (h Handler) applies(ctx context.Context, rq api.Request, f *farmer.File) (*farmer.Evaluation, error) {
	e, err := f.Evaluate(rq.NewID(), f.Label(), h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return nil, err
	}
	err = h.Evaluations.Insert(ctx, e)
	if errors.Is(err, models.Conflict) {
		if e, err = h.Evaluations.Get(ctx, e.ID); errors.Is(err, models.NotFound) {
			err = models.E(models.Conflict, "farmer.eval_goes_on")
		}
	}
	return e, err
}

func (h Handler) apply(ctx context.Context, rq api.Request, _ api.NoRequest) (evalView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return evalView{}, err
	}
	e, err := h.applies(ctx, rq, f)
	if err != nil {
		return evalView{}, err
	}
	return viewEval(e, models.DayOf(rq.Now), rq.Lang), nil
}

func (h Handler) evaluations(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[evalView], error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return api.List[evalView]{}, err
	}
	return api.Found(ctx, h.Evaluations, store.EvaluationsOf(f.ID), in,
		func(e *farmer.Evaluation) evalView { return viewEval(e, models.DayOf(rq.Now), rq.Lang) })
}

// myEvaluation is one of the caller's household. Errors: NotFound.
func (h Handler) myEvaluation(ctx context.Context, rq api.Request, id string) (*farmer.Evaluation, error) {
	e, err := h.Evaluations.Get(ctx, id)
	if err == nil && (e.Person == "" || e.Person != rq.Actor.Person) {
		err = models.E(models.NotFound, "not_found")
	}
	return e, err
}

func (h Handler) evaluation(ctx context.Context, rq api.Request, in api.ByID) (evalView, error) {
	e, err := h.myEvaluation(ctx, rq, in.ID)
	if err != nil {
		return evalView{}, err
	}
	return h.explained(ctx, e, rq)
}

func (h Handler) onMyEvaluation(ctx context.Context, rq api.Request, id string, do func(*farmer.Evaluation) error) (evalView, error) {
	if _, err := h.myEvaluation(ctx, rq, id); err != nil {
		return evalView{}, err
	}
	e, err := api.Change(ctx, rq, h.Evaluations, id, do)
	if err != nil {
		return evalView{}, err
	}
	return viewEval(e, models.DayOf(rq.Now), rq.Lang), nil
}

func (h Handler) quit(ctx context.Context, rq api.Request, in api.ByID) (evalView, error) {
	return h.onMyEvaluation(ctx, rq, in.ID, func(e *farmer.Evaluation) error { return e.Withdraw(rq.Actor, rq.Now) })
}

func (h Handler) appeal(ctx context.Context, rq api.Request, in api.ReasonRequest) (evalView, error) {
	return h.onMyEvaluation(ctx, rq, in.ID, func(e *farmer.Evaluation) error { return e.Object(in.Reason, h.Policy, rq.Actor, rq.Now) })
}

type reviewView struct {
	ID        string           `json:"id"`
	Village   models.Region    `json:"village"`
	Label     string           `json:"household" description:"The head, masked"`
	Until     models.Day       `json:"until"`
	State     farmer.PeerState `json:"state"`
	Questions []api.NamedCode  `json:"questions" description:"Each is answered 0, 1 or 2"`
}

// review is an evaluation the caller was asked about. Errors: NotFound for anybody else.
func (h Handler) review(ctx context.Context, rq api.Request, id string) (*farmer.Evaluation, farmer.PeerState, error) {
	e, err := h.Evaluations.Get(ctx, id)
	if err != nil {
		return nil, "", err
	}
	for _, p := range e.Peers {
		if p.Person == rq.Actor.Person {
			return e, p.State, nil
		}
	}
	return nil, "", models.E(models.NotFound, "not_found")
}

func viewReview(e *farmer.Evaluation, s farmer.PeerState, lang string) reviewView {
	v := reviewView{ID: e.ID, Village: e.Village, Label: e.Label, Until: e.Until, State: s, Questions: []api.NamedCode{}}
	for _, q := range farmer.Questions {
		v.Questions = append(v.Questions, api.NamedCode{Code: q, Name: api.Say("farmer.question_"+q, lang, nil)})
	}
	return v
}

func (h Handler) asked(ctx context.Context, rq api.Request, in api.ByID) (reviewView, error) {
	e, state, err := h.review(ctx, rq, in.ID)
	if err != nil {
		return reviewView{}, err
	}
	return viewReview(e, state, rq.Lang), nil
}

type peerAnswerRequest struct {
	api.ByID
	Answers map[string]int `json:"answers,omitempty" validate:"max=20,dive,gte=0,lte=2"`
	Recused bool           `json:"recused,omitempty"`
}

func (h Handler) answer(ctx context.Context, rq api.Request, in peerAnswerRequest) (reviewView, error) {
	if _, _, err := h.review(ctx, rq, in.ID); err != nil {
		return reviewView{}, err
	}
	e, err := h.Evaluations.Update(ctx, in.ID, func(e *farmer.Evaluation) error { return e.Answer(in.Answers, in.Recused, rq.Actor, rq.Now) })
	if err != nil {
		return reviewView{}, err
	}
	state := farmer.PeerGiven
	if in.Recused {
		state = farmer.PeerRecused
	}
	return viewReview(e, state, rq.Lang), nil
}

type certificateAt struct {
	No string `path:"no"`
}

type certificateView struct {
	Genuine bool          `json:"genuine"`
	Good    bool          `json:"inForce"`
	Label   string        `json:"household,omitempty" description:"The head, masked"`
	Village models.Region `json:"village,omitempty"`
	Grade   string        `json:"grade,omitempty"`
	Since   models.Day    `json:"since,omitempty"`
	Until   models.Day    `json:"until,omitempty"`
}

func (h Handler) certificate(ctx context.Context, rq api.Request, in certificateAt) (certificateView, error) {
	e, err := h.Evaluations.First(ctx, store.EvaluationNamed(in.No))
	if errors.Is(err, models.NotFound) || err == nil && e.No == "" {
		return certificateView{}, nil
	}
	if err != nil {
		return certificateView{}, err
	}
	return certificateView{true, e.Title(models.DayOf(rq.Now)), e.Label, e.Village, e.Grade, e.Since, e.Until}, nil
}

// Evaluation serves evaluations for the village, the township and the county.
type Evaluation struct{ Desk }

// Mount names the routes.
func (h Evaluation) Mount(r *api.Router) {
	tag := api.Tag("farm evaluation")
	api.Post(r, "/farmers/files/{id}/evaluations", h.start, mayFarmWrite, api.Creates, api.Reveals, tag)
	api.Get(r, "/farmers/evaluations", h.at, mayFarmRead, api.Reveals, tag)
	api.Get(r, "/farmers/evaluations/{id}", h.read, mayFarmRead, api.Reveals, tag)
	api.Post(r, "/farmers/evaluations/{id}/peers", h.invite, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/evaluations/{id}/propose", h.propose, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/evaluations/{id}/reject", h.reject, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/evaluations/{id}/certify", h.certify, mayFarmCertify, api.Reveals, tag)
	api.Post(r, "/farmers/evaluations/{id}/renew", h.renew, mayFarmCertify, api.Reveals, tag)
	api.Post(r, "/farmers/evaluations/{id}/revoke", h.revoke, mayFarmCertify, api.Reveals, tag)
	api.Post(r, "/farmers/evaluations/{id}/appeal/decide", h.decide, mayFarmAppeals, api.Reveals, tag)
	api.Post(r, "/farmers/notices", h.show, mayFarmWrite, api.Creates, tag)
}

// see is an evaluation as staff see it, once the look is logged.
func (h Evaluation) see(ctx context.Context, rq api.Request, e *farmer.Evaluation) (evalView, error) {
	f, err := h.Files.Get(ctx, e.Household)
	if err != nil {
		return evalView{}, err
	}
	if err := h.Log.Note(ctx, rq, file.AboutHead(rq, f, "farmer.evaluation", "farm.score", "farm.evaluation")); err != nil {
		return evalView{}, err
	}
	return h.explained(ctx, e, rq)
}

func (h Evaluation) start(ctx context.Context, rq api.Request, in api.ByID) (evalView, error) {
	f, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return evalView{}, err
	}
	e, err := h.applies(ctx, rq, f)
	if err != nil {
		return evalView{}, err
	}
	return h.see(ctx, rq, e)
}

type evalsRequest struct {
	Step  farmer.EvaluationState `query:"step" validate:"required,oneof=PEERS SCORED PRELIM NOTICE REVIEW CERTIFIED ANNUAL GRACE APPEALED REJECTED REVOKED"`
	Place models.Region          `query:"place" validate:"omitempty,numeric,min=4,max=12"`
	api.PageQuery
}

type evalRow struct {
	evalView
	Name string `json:"household" personal:"true" description:"The head, masked"`
}

func (h Evaluation) at(ctx context.Context, rq api.Request, in evalsRequest) (api.List[evalRow], error) {
	place, err := api.PlaceWithin(rq, in.Place)
	if err != nil {
		return api.List[evalRow]{}, err
	}
	page, err := h.Evaluations.Find(ctx, store.EvaluationsAt(place, in.Step).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[evalRow]{}, err
	}
	looks := api.Personal(rq, "farmer.evaluation", []string{"name", "farm.evaluation"}, page.Items,
		func(e *farmer.Evaluation) (string, string) { return e.ID, e.Person })
	if err := h.Log.Note(ctx, rq, looks...); err != nil {
		return api.List[evalRow]{}, err
	}
	return api.Listed(page, func(e *farmer.Evaluation) evalRow {
		return evalRow{viewEval(e, models.DayOf(rq.Now), rq.Lang), e.Label}
	}), nil
}

// evaluationOf is an evaluation in the caller's place. Errors: NotFound.
func (h Evaluation) evaluationOf(ctx context.Context, rq api.Request, id string) (*farmer.Evaluation, error) {
	return api.Ours(ctx, rq, h.Evaluations, id, func(e *farmer.Evaluation) models.Region { return e.Village })
}

func (h Evaluation) read(ctx context.Context, rq api.Request, in api.ByID) (evalView, error) {
	e, err := h.evaluationOf(ctx, rq, in.ID)
	if err != nil {
		return evalView{}, err
	}
	return h.see(ctx, rq, e)
}

// on changes an evaluation in the caller's place and shows it.
func (h Evaluation) on(ctx context.Context, rq api.Request, id string, do func(*farmer.Evaluation) error) (evalView, error) {
	if _, err := h.evaluationOf(ctx, rq, id); err != nil {
		return evalView{}, err
	}
	e, err := h.Evaluations.Update(ctx, id, func(e *farmer.Evaluation) error {
		if err := rq.Fresh(e.Revision); err != nil {
			return err
		}
		return do(e)
	})
	if err != nil {
		return evalView{}, err
	}
	return h.see(ctx, rq, e)
}

type inviteRequest struct {
	api.ByID
	Households []string `json:"households" validate:"required,min=1,max=30,dive,required,max=64" description:"Files of neighbours whose heads have an account"`
}

func (h Evaluation) invite(ctx context.Context, rq api.Request, in inviteRequest) (evalView, error) {
	e, err := h.evaluationOf(ctx, rq, in.ID)
	if err != nil {
		return evalView{}, err
	}
	var heads []string
	for _, id := range in.Households {
		f, err := h.ours(ctx, rq, id)
		switch {
		case errors.Is(err, models.NotFound), err == nil && f.Person == "":
			return evalView{}, models.Bad("/households", "farmer_no_account", "farmer.peer_unknown")
		case err != nil:
			return evalView{}, err
		case f.ID == e.Household:
			return evalView{}, models.Bad("/households", "farmer_kin", "farmer.peer_kin")
		}
		heads = append(heads, f.Person)
	}
	return h.on(ctx, rq, e.ID, func(e *farmer.Evaluation) error { return e.Invite(heads, h.Policy, rq.Actor, rq.Now) })
}

func (h Evaluation) propose(ctx context.Context, rq api.Request, in api.ByID) (evalView, error) {
	return h.on(ctx, rq, in.ID, func(e *farmer.Evaluation) error { return e.Propose(rq.Actor, rq.Now) })
}

func (h Evaluation) reject(ctx context.Context, rq api.Request, in api.ReasonRequest) (evalView, error) {
	return h.on(ctx, rq, in.ID, func(e *farmer.Evaluation) error { return e.Reject(in.Reason, rq.Actor, rq.Now) })
}

func (h Evaluation) certify(ctx context.Context, rq api.Request, in api.ByID) (evalView, error) {
	return h.on(ctx, rq, in.ID, func(e *farmer.Evaluation) error {
		return e.Certify(certificateNo(e, rq), h.Policy, rq.Actor, rq.Now)
	})
}

// certificateNo is the number of a household's certificate: XYH, the county, the year and twelve digits that nobody can guess.
func certificateNo(e *farmer.Evaluation, rq api.Request) string {
	return "XYH" + string(e.Village.County()) + string(models.DayOf(rq.Now))[:4] + models.Derived("certificate", e.ID)[:12]
}

// renew looks at what is known now, and then decides.
func (h Evaluation) renew(ctx context.Context, rq api.Request, in api.ByID) (evalView, error) {
	e, err := h.evaluationOf(ctx, rq, in.ID)
	if err != nil {
		return evalView{}, err
	}
	f, err := h.Files.Get(ctx, e.Household)
	if err != nil {
		return evalView{}, err
	}
	s, err := h.Rate(ctx, f, h.Facts, h.Policy)
	if err != nil {
		return evalView{}, err
	}
	sc, err := h.Scorer(ctx)
	if err != nil || sc == nil {
		return evalView{}, errors.Join(err, models.E(models.Conflict, "farmer.not_scored"))
	}
	r, err := sc.Score(s.Input())
	if err != nil {
		return evalView{}, err
	}
	t := farmer.Known{Village: s.Village, Facts: s.Facts, Open: s.Open, Grounds: s.Grounds}
	return h.on(ctx, rq, e.ID, func(e *farmer.Evaluation) error {
		if err := e.Score(t, r); err != nil {
			return err
		}
		return e.Renew(h.Policy, rq.Actor, rq.Now)
	})
}

func (h Evaluation) revoke(ctx context.Context, rq api.Request, in api.ReasonRequest) (evalView, error) {
	return h.on(ctx, rq, in.ID, func(e *farmer.Evaluation) error { return e.Revoke(in.Reason, rq.Actor, rq.Now) })
}

type appealDecisionRequest struct {
	api.ByID
	Upheld bool   `json:"upheld"`
	Reason string `json:"reason" validate:"required,max=500"`
}

func (h Evaluation) decide(ctx context.Context, rq api.Request, in appealDecisionRequest) (evalView, error) {
	return h.on(ctx, rq, in.ID, func(e *farmer.Evaluation) error { return e.Decide(in.Upheld, in.Reason, rq.Actor, rq.Now) })
}

type showRequest struct {
	Village     models.Region `json:"village" validate:"required,numeric,len=12"`
	Evaluations []string      `json:"evaluations,omitempty" validate:"max=2000,dive,max=64" description:"Absent: all that are ready"`
}

// AboutHouseholds is what notices of credit households are about.
const AboutHouseholds = "farmer.household"

func (h Evaluation) show(ctx context.Context, rq api.Request, in showRequest) (api.PublicNoticeView, error) {
	if _, err := api.PlaceWithin(rq, in.Village); err != nil {
		return api.PublicNoticeView{}, err
	}
	id := rq.NewID()
	if n, err := h.Notices.Get(ctx, id); err == nil { // the same request, once more
		return api.ViewPublicNotice(n), nil
	}
	lines, err := h.ready(ctx, in)
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	title := api.Say("farmer.notice_title", "zh", map[string]string{"year": string(models.DayOf(rq.Now))[:4]})
	n, err := notice.New(id, notice.Draft{About: AboutHouseholds, Title: title, Region: in.Village, Lines: lines}, h.Policy.Notice, rq.Actor,
		rq.Now)
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	if err := store.Existing(h.Notices.Insert(ctx, n)); err != nil {
		return api.PublicNoticeView{}, err
	}
	return api.ViewPublicNotice(n), nil
}

// ready are the lines of a village's evaluations that may be shown. Errors: Conflict "farmer.not_ready" for one named that may not.
func (h Evaluation) ready(ctx context.Context, in showRequest) ([]notice.Line, error) {
	var lines []notice.Line
	add := func(e *farmer.Evaluation) error {
		if len(lines) < notice.MaxLines {
			lines = append(lines, notice.Line{Ref: e.ID, Person: e.Person, Label: e.Label, Text: e.Result.Grade})
		}
		return nil
	}
	if len(in.Evaluations) == 0 {
		_, err := h.Evaluations.Each(ctx, store.EvaluationsAt(in.Village, farmer.Prelim), add)
		return lines, err
	}
	for _, id := range in.Evaluations {
		e, err := h.Evaluations.Get(ctx, id)
		if err != nil || e.Village != in.Village || e.State != farmer.Prelim {
			return nil, errors.Join(models.E(models.Conflict, "farmer.not_ready"), err)
		}
		if err := add(e); err != nil {
			return nil, err
		}
	}
	return lines, nil
}
