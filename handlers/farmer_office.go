package handlers

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/farmer"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/store"
)

func (h FarmDesk) mountOffice(r *Router) {
	tag := Tag("farm office")
	Get(r, "/farmers/forms/{section}/versions", h.formVersions, Does("The versions of a section's form in a place"), May("farm.office"), tag)
	Post(r, "/farmers/forms", h.draftForm, Does("Draft the next version of a section's form", "A JSON Schema; fields of what is never collected are refused. A county may have fields of its own"), May("farm.office"), Creates, tag)
	Post(r, "/farmers/forms/{id}/publish", onRelease(h.releasedForms(), simply[byID]((*farmer.Form).Publish)), Does("Put a form in force", "A second person does; files that are filled in stay at their version until they are changed"), May("farm.office"), tag)
	Post(r, "/farmers/forms/{id}/retire", onRelease(h.releasedForms(), simply[byID]((*farmer.Form).Retire)), Does("Take a form out of use"), May("farm.office"), tag)

	Get(r, "/farmers/models", h.modelList, Does("The models households are scored by, the newest first"), May("farm.read"), tag)
	Get(r, "/farmers/models/{id}", oneRelease[byID](h.released()), Does("A model: every indicator, its bands, its source"), May("farm.read"), tag)
	Post(r, "/farmers/models", h.draftModel, Does("Draft the next model"), May("farm.models"), Creates, tag)
	Put(r, "/farmers/models/{id}", onRelease(h.released(), h.editModel), Does("Change a draft"), May("farm.models"), tag)
	Post(r, "/farmers/models/{id}/validate", onRelease(h.released(), h.validateModel), Does("Fix a draft; from here it never changes", "Every fault is named"), May("farm.models"), tag)
	Post(r, "/farmers/models/{id}/simulate", h.simulateModel, Does("Try a model on every household", "It goes on by itself: how many go from which grade to which, by county; never who"), May("farm.models"), Creates, tag)
	Post(r, "/farmers/models/{id}/approve", onRelease(h.released(), h.approveModel), Does("Approve a model", "A second person, within days of its trial; else 409"), May("farm.models"), tag)
	Post(r, "/farmers/models/{id}/publish", onRelease(h.released(), h.publishModel), Does("Put a model in force from a day on", "On that day every household is scored anew"), May("farm.models"), tag)
	Post(r, "/farmers/models/{id}/withdraw", onRelease(h.released(), simply[byID]((*farmer.Model).Drop)), Does("Give a model up that is not in force"), May("farm.models"), tag)
	Get(r, "/farmers/models/{id}/runs", h.runs, Does("The trials of a model, or the runs that wrote its grades, the newest first"), May("farm.read"), tag)
	Get(r, "/farmers/metrics", h.metrics, Does("Households of a place: filed, by grade, credit households"), May("farm.read"), tag)
}

type formVersionsRequest struct {
	Section string        `path:"section"`
	Place   models.Region `query:"place" validate:"required,numeric,min=4,max=12"`
	PageQuery
}

type formVersionView struct {
	farmFormView
	releaseView
}

// releasedForms are the forms. A change is seen at once by who fills them in.
func (h FarmDesk) releasedForms() releases[farmer.Form, formVersionView] {
	return releases[farmer.Form, formVersionView]{repo: h.Forms, then: h.Forget, view: func(_ context.Context, rq Request, f *farmer.Form) (formVersionView, error) {
		s, err := f.Read()
		if err != nil {
			return formVersionView{}, err
		}
		return formVersionView{viewFarmForm(s, rq.Lang), viewRelease(f, rq.Actor)}, nil
	}}
}

func (h FarmDesk) formVersions(ctx context.Context, rq Request, in formVersionsRequest) (List[formVersionView], error) {
	return h.releasedForms().page(ctx, rq, store.FarmFormsOf(in.Section, in.Place).Page(in.Limit, in.Cursor))
}

type formTitle struct {
	ZH string `json:"zh" validate:"required,max=120"`
	EN string `json:"en" validate:"required,max=120"`
}

type draftFormRequest struct {
	Section string        `json:"section" validate:"required,max=40"`
	Region  models.Region `json:"region" validate:"required,numeric,min=4,max=9"`
	Title   formTitle     `json:"title"`
	Rows    int           `json:"rows" validate:"gte=0,lte=60"`
	Scope   string        `json:"scope" validate:"required,max=40" description:"A scope of consent"`
	Order   int           `json:"order" validate:"gte=0,lte=1000"`
	Schema  string        `json:"schema" validate:"required,max=60000"`
}

func (h FarmDesk) draftForm(ctx context.Context, rq Request, in draftFormRequest) (v formVersionView, err error) {
	no, err := following(ctx, h.Forms, store.FarmFormsOf(in.Section, in.Region), func(f *farmer.Form) int { return f.No })
	if err != nil {
		return v, err
	}
	d := farmer.FormDraftOf{Section: in.Section, Region: in.Region, Name: farmer.Words{ZH: in.Title.ZH, EN: in.Title.EN}, Rows: in.Rows, Scope: in.Scope, Order: in.Order, Schema: in.Schema}
	f, err := farmer.NewForm(no, d, farmer.Look{Forbidden: catalogue.Forbidden, Restricted: catalogue.Restricted}, rq.Actor, rq.Now)
	return h.releasedForms().keep(ctx, rq, f, err)
}

type farmModelView struct {
	releaseView
	ID    string       `json:"id"`
	No    int          `json:"version"`
	Trial *farmRunView `json:"trial,omitempty"`
	Set   *score.Set   `json:"set,omitempty"`
}

func viewFarmModel(rq Request) func(*farmer.Model) farmModelView {
	return func(m *farmer.Model) farmModelView {
		return farmModelView{releaseView: viewRelease(m, rq.Actor), ID: m.ID, No: m.No}
	}
}

func (h FarmDesk) modelList(ctx context.Context, rq Request, in PageQuery) (List[farmModelView], error) {
	page, err := h.Models.Find(ctx, store.FarmModelsAll().Page(in.Limit, in.Cursor))
	if err != nil {
		return List[farmModelView]{}, err
	}
	return Listed(page, viewFarmModel(rq)), nil
}

// released are the models, whole.
func (h FarmDesk) released() releases[farmer.Model, farmModelView] {
	return releases[farmer.Model, farmModelView]{repo: h.Models, view: h.whole}
}

// whole is a model with its set and its last trial.
func (h FarmDesk) whole(ctx context.Context, rq Request, m *farmer.Model) (v farmModelView, err error) {
	v = viewFarmModel(rq)(m)
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
	trial := viewFarmRun(run)
	v.Trial = &trial
	return v, nil
}

type modelRequest struct {
	Set string `json:"set" validate:"required,max=200000" description:"JSON, as GET shows it"`
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

func (h FarmDesk) draftModel(ctx context.Context, rq Request, in modelRequest) (v farmModelView, err error) {
	no, err := following(ctx, h.Models, store.FarmModelsAll(), func(m *farmer.Model) int { return m.No })
	if err != nil {
		return v, err
	}
	set, err := setOf(in.Set)
	if err != nil {
		return v, err
	}
	m, err := farmer.NewModel(no, set, rq.Actor, rq.Now)
	return h.released().keep(ctx, rq, m, err)
}

type editModelRequest struct {
	byID
	modelRequest
}

func (h FarmDesk) editModel(_ context.Context, rq Request, in editModelRequest) (func(*farmer.Model) error, error) {
	set, err := setOf(in.Set)
	return func(m *farmer.Model) error { return m.Edit(set, rq.Actor) }, err
}

func (h FarmDesk) validateModel(ctx context.Context, rq Request, _ byID) (func(*farmer.Model) error, error) {
	forms, err := h.FormsAt(ctx, rq.Actor.Region)
	return func(m *farmer.Model) error { return m.Validate(forms, rq.Actor, rq.Now) }, err
}

// inForce is the model in force, "" none.
func (h FarmDesk) inForce(ctx context.Context) (string, error) {
	m, err := h.Models.First(ctx, store.FarmModelsAt(release.InForce))
	if errors.Is(err, models.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return m.ID, nil
}

func (h FarmDesk) simulateModel(ctx context.Context, rq Request, in byID) (farmRunView, error) {
	m, err := h.Models.Get(ctx, in.ID)
	if err != nil {
		return farmRunView{}, err
	}
	against, err := h.inForce(ctx)
	if err != nil {
		return farmRunView{}, err
	}
	total, err := h.Scores.Count(ctx, store.All())
	if err != nil {
		return farmRunView{}, err
	}
	run, err := farmer.NewRun(rq.NewID(), farmer.Simulate, m, against, total, rq.Actor, rq.Now)
	if err == nil {
		err = existing(h.Runs.Insert(ctx, run))
	}
	if err != nil {
		return farmRunView{}, err
	}
	return viewFarmRun(run), nil
}

func (h FarmDesk) approveModel(_ context.Context, rq Request, _ byID) (func(*farmer.Model) error, error) {
	return func(m *farmer.Model) error { return m.Approve(h.Policy, rq.Actor, rq.Now) }, nil
}

type publishModelRequest struct {
	byID
	Begins models.Day `json:"begins" validate:"required,day"`
}

func (h FarmDesk) publishModel(ctx context.Context, rq Request, in publishModelRequest) (func(*farmer.Model) error, error) {
	against, err := h.inForce(ctx)
	return func(m *farmer.Model) error { return m.Publish(in.Begins, against, h.Policy, rq.Actor, rq.Now) }, err
}

type farmRunView struct {
	ID      string          `json:"id"`
	Kind    farmer.RunKind  `json:"kind" enum:"SIMULATE,RATE"`
	State   farmer.RunState `json:"state" enum:"RUNNING,DONE"`
	Model   string          `json:"model"`
	Against string          `json:"against,omitempty"`
	Total   int64           `json:"total"`
	Seen    int64           `json:"seen"`
	Wrote   int64           `json:"wrote" description:"Households that carry the model's grade now"`
	Shifts  []farmShiftView `json:"shifts" description:"Once it is done; a count below five is -1"`
	DoneAt  *time.Time      `json:"doneAt,omitempty"`
}

type farmShiftView struct {
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

func viewFarmRun(r *farmer.Run) farmRunView {
	v := farmRunView{r.ID, r.Kind, r.State, r.Of, r.Against, r.Total, r.Seen, r.Wrote, []farmShiftView{}, r.DoneAt}
	if r.State == farmer.RunDone {
		for _, s := range r.Shifts {
			v.Shifts = append(v.Shifts, farmShiftView{s.County, s.From, s.To, veiled(s.Count), veiled(s.Gain), veiled(s.Lose)})
		}
	}
	return v
}

type runsRequest struct {
	byID
	Kind farmer.RunKind `query:"kind" validate:"required,oneof=SIMULATE RATE"`
	PageQuery
}

func (h FarmDesk) runs(ctx context.Context, _ Request, in runsRequest) (List[farmRunView], error) {
	page, err := h.Runs.Find(ctx, store.FarmRunsOf(in.ID, in.Kind).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[farmRunView]{}, err
	}
	return Listed(page, viewFarmRun), nil
}

type farmMetricsRequest struct {
	Place models.Region `query:"place" validate:"omitempty,numeric,min=4,max=12"`
}

type farmMetricsView struct {
	Place  models.Region    `json:"place"`
	Filed  int64            `json:"filed"`
	States map[string]int64 `json:"states"`
	Grades map[string]int64 `json:"grades" description:"Of scored households; a count below five is -1"`
	Titled int64            `json:"creditHouseholds" description:"Certified, or under their yearly review"`
}

func (h FarmDesk) metrics(ctx context.Context, rq Request, in farmMetricsRequest) (v farmMetricsView, err error) {
	if v.Place, err = placeWithin(rq, in.Place); err != nil {
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
	for _, s := range []farmer.Step{farmer.Certified, farmer.Annual, farmer.Grace} {
		n, err := h.Evaluations.Count(ctx, store.EvaluationsAt(v.Place, s))
		if err != nil {
			return v, err
		}
		v.Titled += n
	}
	return v, nil
}
