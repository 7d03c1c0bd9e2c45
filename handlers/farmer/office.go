package farmer

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/farmer"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/store"
)

func (h Desk) mountOffice(r *api.Router) {
	tag := api.Tag("farm office")
	api.Get(r, "/farmers/forms/{section}/versions", h.formVersions, mayFarmOffice, tag)
	api.Post(r, "/farmers/forms", h.draftForm, mayFarmOffice, api.Creates, tag)
	api.Post(r, "/farmers/forms/{id}/publish", api.OnRelease(h.releasedForms(), api.Simply[api.ByID]((*farmer.Form).Publish)), mayFarmOffice,
		tag)
	api.Post(r, "/farmers/forms/{id}/retire", api.OnRelease(h.releasedForms(), api.Simply[api.ByID]((*farmer.Form).Retire)), mayFarmOffice,
		tag)

	api.Get(r, "/farmers/models", h.modelList, mayFarmRead, tag)
	api.Get(r, "/farmers/models/{id}", api.OneRelease[api.ByID](h.released()), mayFarmRead, tag)
	api.Post(r, "/farmers/models", h.draftModel, mayFarmModels, api.Creates, tag)
	api.Put(r, "/farmers/models/{id}", api.OnRelease(h.released(), h.editModel), mayFarmModels, tag)
	api.Post(r, "/farmers/models/{id}/validate", api.OnRelease(h.released(), h.validateModel), mayFarmModels, tag)
	api.Post(r, "/farmers/models/{id}/simulate", h.simulateModel, mayFarmModels, api.Creates, tag)
	api.Post(r, "/farmers/models/{id}/approve", api.OnRelease(h.released(), h.approveModel), mayFarmModels, tag)
	api.Post(r, "/farmers/models/{id}/publish", api.OnRelease(h.released(), h.publishModel), mayFarmModels, tag)
	api.Post(r, "/farmers/models/{id}/withdraw", api.OnRelease(h.released(), api.Simply[api.ByID]((*farmer.Model).Drop)), mayFarmModels, tag)
	api.Get(r, "/farmers/models/{id}/runs", h.runs, mayFarmRead, tag)
	api.Get(r, "/farmers/metrics", h.metrics, mayFarmRead, tag)
}

type formVersionsRequest struct {
	Section string        `path:"section"`
	Place   models.Region `query:"place" validate:"required,numeric,min=4,max=12"`
	api.PageQuery
}

type formVersionView struct {
	formView
	api.ReleaseView
}

// releasedForms are the forms. A change is seen at once by who fills them in.
func (h Desk) releasedForms() api.Releases[farmer.Form, formVersionView] {
	place := api.InPlace(func(f *farmer.Form) models.Region { return f.Region })
	return api.Releases[farmer.Form, formVersionView]{Repo: h.Forms, Mine: place, Then: h.Forget,
		View: func(_ context.Context, rq api.Request, f *farmer.Form) (formVersionView, error) {
			s, err := f.Read()
			if err != nil {
				return formVersionView{}, err
			}
			return formVersionView{viewForm(s, rq.Lang), api.ViewRelease(f, rq.Actor)}, nil
		}}
}

func (h Desk) formVersions(ctx context.Context, rq api.Request, in formVersionsRequest) (api.List[formVersionView], error) {
	if err := api.Holds(rq, in.Place); err != nil {
		return api.List[formVersionView]{}, err
	}
	return h.releasedForms().Page(ctx, rq, store.FarmFormsOf(in.Section, in.Place).Page(in.Limit, in.Cursor))
}

type draftFormRequest struct {
	Section string        `json:"section" validate:"required,max=40"`
	Region  models.Region `json:"region" validate:"required,numeric,min=4,max=9"`
	Title   models.Words  `json:"title"`
	Rows    int           `json:"rows" validate:"gte=0,lte=60"`
	Scope   string        `json:"scope" validate:"required,max=40" description:"A scope of consent"`
	Order   int           `json:"order" validate:"gte=0,lte=1000"`
	Schema  string        `json:"schema" text:"raw" validate:"required,max=60000"`
}

func (h Desk) draftForm(ctx context.Context, rq api.Request, in draftFormRequest) (v formVersionView, err error) {
	no, err := api.Following(ctx, rq, h.Forms, store.FarmFormsOf(in.Section, in.Region),
		func(f *farmer.Form) (int, models.Region) { return f.No, f.Region })
	if err != nil {
		return v, err
	}
	d := farmer.FormDraftOf{Section: in.Section, Region: in.Region, Name: in.Title, Rows: in.Rows, Scope: in.Scope, Order: in.Order,
		Schema: in.Schema}
	f, err := farmer.NewForm(no, d, farmer.Screening{Forbidden: catalogue.Forbidden, Restricted: catalogue.Restricted}, rq.Actor, rq.Now)
	return h.releasedForms().Keep(ctx, rq, f, err)
}

type modelView struct {
	api.ReleaseView
	ID    string     `json:"id"`
	No    int        `json:"version"`
	Trial *runView   `json:"trial,omitempty"`
	Set   *score.Set `json:"set,omitempty"`
}

func viewModel(rq api.Request) func(*farmer.Model) modelView {
	return func(m *farmer.Model) modelView {
		return modelView{ReleaseView: api.ViewRelease(m, rq.Actor), ID: m.ID, No: m.No}
	}
}

func (h Desk) modelList(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[modelView], error) {
	return api.Found(ctx, h.Models, store.FarmModelsIn(rq.Actor.Region), in, viewModel(rq))
}

// released are the models, whole.
func (h Desk) released() api.Releases[farmer.Model, modelView] {
	return api.Citywide(api.Releases[farmer.Model, modelView]{Repo: h.Models, View: h.whole})
}

// whole is a model with its set and its last trial.
func (h Desk) whole(ctx context.Context, rq api.Request, m *farmer.Model) (v modelView, err error) {
	v = viewModel(rq)(m)
	if v.Set, err = m.Read(); err != nil {
		return v, err
	}
	run, err := h.Runs.First(ctx, store.FarmRunsOf(m.ID, farmer.Simulate))
	if errors.Is(err, models.NotFound) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	trial := viewRun(rq.Lang)(run)
	v.Trial = &trial
	return v, nil
}

type modelRequest struct {
	Set string `json:"set" text:"raw" validate:"required,max=200000" description:"JSON, as GET shows it"`
}

// setOf reads a set as strictly as a body. Errors: Invalid "score.set_invalid".
func setOf(text string) (s score.Set, err error) {
	if err := json.Unmarshal([]byte(text), &s, json.RejectUnknownMembers(true)); err != nil {
		e := models.Bad("/set", "score_json", "score.set_invalid")
		e.Err = err
		return s, e
	}
	return s, nil
}

func (h Desk) draftModel(ctx context.Context, rq api.Request, in modelRequest) (v modelView, err error) {
	no, err := api.Following(ctx, rq, h.Models, store.FarmModelsAll(), func(m *farmer.Model) (int, models.Region) { return m.No, m.City })
	if err != nil {
		return v, err
	}
	set, err := setOf(in.Set)
	if err != nil {
		return v, err
	}
	m, err := farmer.NewModel(no, set, rq.Actor, rq.Now)
	return h.released().Keep(ctx, rq, m, err)
}

type editModelRequest struct {
	api.ByID
	modelRequest
}

func (h Desk) editModel(_ context.Context, rq api.Request, in editModelRequest) (func(*farmer.Model) error, error) {
	set, err := setOf(in.Set)
	return func(m *farmer.Model) error { return m.Edit(set, rq.Actor) }, err
}

func (h Desk) validateModel(ctx context.Context, rq api.Request, _ api.ByID) (func(*farmer.Model) error, error) {
	forms, err := h.FormsAt(ctx, rq.Actor.Region)
	return func(m *farmer.Model) error { return m.Validate(forms, rq.Actor, rq.Now) }, err
}

// inForce is the model in force, "" none.
func (h Desk) inForce(ctx context.Context) (string, error) {
	m, err := h.Models.First(ctx, store.FarmModelsAt(release.InForce))
	if errors.Is(err, models.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return m.ID, nil
}

func (h Desk) simulateModel(ctx context.Context, rq api.Request, in api.ByID) (runView, error) {
	m, err := api.Ours(ctx, rq, h.Models, in.ID, func(m *farmer.Model) models.Region { return m.City })
	if err != nil {
		return runView{}, err
	}
	against, err := h.inForce(ctx)
	if err != nil {
		return runView{}, err
	}
	total, err := h.Scores.Count(ctx, store.All())
	if err != nil {
		return runView{}, err
	}
	run, err := m.NewRun(rq.NewID(), farmer.RunPlan{Kind: farmer.Simulate, Against: against, Total: total}, rq.Actor, rq.Now)
	if err == nil {
		err = store.Existing(h.Runs.Insert(ctx, run))
	}
	if err != nil {
		return runView{}, err
	}
	return viewRun(rq.Lang)(run), nil
}

func (h Desk) approveModel(_ context.Context, rq api.Request, _ api.ByID) (func(*farmer.Model) error, error) {
	return func(m *farmer.Model) error { return m.Approve(h.Policy, rq.Actor, rq.Now) }, nil
}

type publishModelRequest struct {
	api.ByID
	Begins models.Day `json:"begins" validate:"required,day"`
}

func (h Desk) publishModel(ctx context.Context, rq api.Request, in publishModelRequest) (func(*farmer.Model) error, error) {
	against, err := h.inForce(ctx)
	return func(m *farmer.Model) error { return m.Publish(in.Begins, against, h.Policy, rq.Actor, rq.Now) }, err
}

type runView struct {
	ID      string          `json:"id"`
	Kind    farmer.RunKind  `json:"kind"`
	State   farmer.RunState `json:"state"`
	Model   string          `json:"model"`
	Against string          `json:"against,omitempty"`
	Job     api.JobView     `json:"job" description:"Households"`
	Wrote   int64           `json:"wrote" description:"Households that carry the model's grade now"`
	Shifts  []shiftView     `json:"shifts" description:"Once it is done; a count below five is -1"`
	DoneAt  *time.Time      `json:"doneAt,omitempty"`
}

type shiftView struct {
	County models.Region `json:"county"`
	From   string        `json:"from"`
	To     string        `json:"to"`
	Count  int64         `json:"count"`
	Gain   int64         `json:"gain"`
	Lose   int64         `json:"lose"`
}

// fewest is the least count that is shown.
const fewest = 5

// veiled hides a count of a few.
func veiled(n int64) int64 {
	if n > 0 && n < fewest {
		return -1
	}
	return n
}

func viewRun(lang string) func(*farmer.Run) runView {
	return func(r *farmer.Run) runView {
		v := runView{r.ID, r.Kind, r.State, r.Of, r.Against, api.ViewJob(store.FarmRuns.Job, r, lang), r.Wrote, []shiftView{}, r.DoneAt}
		if r.State == farmer.RunDone {
			for _, s := range r.Shifts {
				v.Shifts = append(v.Shifts, shiftView{s.County, s.From, s.To, veiled(s.Count), veiled(s.Gain), veiled(s.Lose)})
			}
		}
		return v
	}
}

type runsRequest struct {
	api.ByID
	Kind farmer.RunKind `query:"kind" validate:"required,known"`
	api.PageQuery
}

func (h Desk) runs(ctx context.Context, rq api.Request, in runsRequest) (api.List[runView], error) {
	if _, err := h.released().One(ctx, rq, in.ID); err != nil {
		return api.List[runView]{}, err
	}
	return api.Found(ctx, h.Runs, store.FarmRunsOf(in.ID, in.Kind), in.PageQuery, viewRun(rq.Lang))
}

type metricsRequest struct {
	Place models.Region `query:"place" validate:"omitempty,numeric,min=4,max=12"`
}

type metricsView struct {
	Place  models.Region    `json:"place"`
	Filed  int64            `json:"filed"`
	States map[string]int64 `json:"states"`
	Grades map[string]int64 `json:"grades" description:"Of scored households; a count below five is -1"`
	Titled int64            `json:"creditHouseholds" description:"Certified, or under their yearly review"`
}

func (h Desk) metrics(ctx context.Context, rq api.Request, in metricsRequest) (v metricsView, err error) {
	if v.Place, err = api.PlaceWithin(rq, in.Place); err != nil {
		return v, err
	}
	v.States = map[string]int64{}
	for _, s := range []farmer.State{farmer.Draft, farmer.Submitted, farmer.Verified} {
		if v.States[string(s)], err = h.Files.Count(ctx, store.FarmFilesAt(v.Place, s)); err != nil {
			return v, err
		}
		v.Filed += v.States[string(s)]
	}
	if v.Grades, err = h.Scores.CountBy(ctx, "grade", store.FarmScoresIn(v.Place)); err != nil {
		return v, err
	}
	for grade, n := range v.Grades {
		v.Grades[grade] = veiled(n)
	}
	for _, s := range []farmer.EvaluationState{farmer.Certified, farmer.Annual, farmer.Grace} {
		n, err := h.Evaluations.Count(ctx, store.EvaluationsAt(v.Place, s))
		if err != nil {
			return v, err
		}
		v.Titled += n
	}
	return v, nil
}
