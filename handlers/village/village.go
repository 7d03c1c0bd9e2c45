// Package village serves the evaluation of credit villages and towns (信用村镇).
package village

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/division"
	"xinyi/models/flow"
	"xinyi/models/score"
	"xinyi/models/village"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves credit villages and towns: everybody reads schemes, rounds, the ranking and the map; the village applies, the
// township scores, the county and the city decide.
type Handler struct {
	usecase.Village
	Log    *api.AccessLog
	Policy village.Policy
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("villages")
	api.Get(r, "/village-schemes", h.schemes, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/village-schemes/{id}", api.OneRelease[api.ByID](h.released()), api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/village-rounds", h.rounds, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/village-rounds/{id}", h.round, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/village-rounds/{id}/ranking", h.ranking, api.Open(), api.Limit(time.Minute, 60), tag)
	api.Get(r, "/villages/map", h.places, api.Open(), api.Limit(time.Minute, 60), tag)
	h.mountOffice(r)
	h.mountEntries(r)
	h.mountSheet(r)
}

// name is what people call a place.
func (h Handler) name(ctx context.Context, code models.Region) string {
	d, err := h.Divisions.Get(ctx, string(code))
	if err != nil {
		return string(code)
	}
	return d.DisplayName
}

type levelRequest struct {
	Level village.Level `query:"level" validate:"required,known"`
	api.PageQuery
}

type schemeView struct {
	api.ReleaseView
	ID       string                    `json:"id"`
	Level    village.Level             `json:"level"`
	No       int                       `json:"version"`
	Set      *score.Set                `json:"set,omitempty"`
	Sources  map[string]village.Source `json:"sources,omitempty" description:"Where an indicator's fact comes from: AUTO counted, MANUAL looked at with evidence, SURVEY said by residents"`
	Calendar *village.Calendar         `json:"calendar,omitempty"`
	Terms    *termsView                `json:"terms,omitempty"`
	Steps    []stepView                `json:"steps,omitempty"`
}

type termsView struct {
	SampleBP     int    `json:"sampleBp"`
	SampleLeast  int    `json:"sampleLeast"`
	WrongBP      int    `json:"wrongBp"`
	BlindBP      int    `json:"blindBp"`
	Tolerance    string `json:"tolerance" description:"Points"`
	LeastAnswers int    `json:"leastAnswers"`
	NoticeDays   int    `json:"noticeWorkingDays"`
	AnswerDays   int    `json:"answerWorkingDays"`
	PlaqueMonths int    `json:"plaqueMonths"`
	AnnualDays   int    `json:"annualReviewDaysBefore"`
	GraceDays    int    `json:"graceDays"`
}

type stepView struct {
	Code  string        `json:"code"`
	Title string        `json:"title"`
	Roles []models.Role `json:"roles"`
	Level int           `json:"codeLength,omitempty"`
	Rule  flow.Rule     `json:"rule"`
	N     int           `json:"n,omitempty"`
	Days  int           `json:"workingDays,omitempty"`
}

func viewSteps(steps []flow.Step, lang string) []stepView {
	out := make([]stepView, len(steps))
	for i, s := range steps {
		out[i] = stepView{s.Code, s.In(lang), s.Roles, int(s.Level), s.Rule, s.N, s.Days}
	}
	return out
}

func viewScheme(rq api.Request) func(*village.Scheme) schemeView {
	return func(s *village.Scheme) schemeView {
		return schemeView{ReleaseView: api.ViewRelease(s, rq.Actor), ID: s.ID, Level: s.Level, No: s.No}
	}
}

// released are the schemes, whole.
func (h Handler) released() api.Releases[village.Scheme, schemeView] {
	return api.Releases[village.Scheme, schemeView]{Repo: h.Schemes, View: wholeVillageScheme}
}

func wholeVillageScheme(_ context.Context, rq api.Request, s *village.Scheme) (v schemeView, err error) {
	v = viewScheme(rq)(s)
	if v.Set, err = s.Read(); err != nil {
		return v, err
	}
	t := s.Terms
	v.Sources, v.Calendar, v.Steps = s.Sources, &s.Calendar, viewSteps(s.Flow.Steps, rq.Lang)
	v.Terms = &termsView{t.SampleBP, t.SampleLeast, t.WrongBP, t.BlindBP, t.Tolerance.String(), t.LeastAnswers, t.Notice.Days,
		t.Notice.Answer, t.PlaqueMonths, t.AnnualDays, t.GraceDays}
	return v, nil
}

func (h Handler) schemes(ctx context.Context, rq api.Request, in levelRequest) (api.List[schemeView], error) {
	return api.Found(ctx, h.Schemes, store.VillageSchemesOf(in.Level), in.PageQuery, viewScheme(rq))
}

type roundView struct {
	ID       string             `json:"id"`
	County   models.Region      `json:"county"`
	Place    string             `json:"countyName"`
	Year     int                `json:"year"`
	Level    village.Level      `json:"level"`
	State    village.RoundState `json:"state"`
	Scheme   string             `json:"scheme"`
	Hash     string             `json:"schemeHash"`
	Opens    models.Day         `json:"opens"`
	CutOff   models.Day         `json:"cutOff" description:"The last day to apply; facts are as of its end"`
	Ends     models.Day         `json:"ends"`
	Applied  int                `json:"applied"`
	Job      *api.JobView       `json:"job,omitempty" description:"The freezing, in entries"`
	Rows     int64              `json:"households,omitempty" description:"Rows of households read by the freezing"`
	FrozenAt *time.Time         `json:"frozenAt,omitempty"`
	Commit   string             `json:"commitment,omitempty" description:"SHA-256 of the seed"`
	Seed     string             `json:"seed,omitempty"`
}

func (h Handler) viewRound(ctx context.Context, lang string) func(*village.Round) roundView {
	return func(r *village.Round) roundView {
		v := roundView{
			ID: r.ID, County: r.County, Place: h.name(ctx, r.County), Year: r.Year, Level: r.Level, State: r.State, Scheme: r.Scheme, Hash: r.Hash,
			Opens: r.Opens, CutOff: r.CutOff, Ends: r.Ends, Applied: len(r.Filed),
		}
		if r.State != village.Planned {
			v.Commit = r.Commit
		}
		if r.Reviews() {
			v.Seed = r.Seed.Reveal()
		}
		if r.Busy() || r.Reviews() {
			job := api.ViewJob(store.VillageRounds.Job, r, lang)
			v.Job, v.Rows, v.FrozenAt = &job, r.Progress.Households, r.Progress.DoneAt
		}
		return v
	}
}

type placeRequest struct {
	Place models.Region `query:"place" validate:"required,division,min=4"`
	api.PageQuery
}

func (h Handler) rounds(ctx context.Context, rq api.Request, in placeRequest) (api.List[roundView], error) {
	return api.Found(ctx, h.Rounds, store.VillageRoundsIn(in.Place.County()), in.PageQuery, h.viewRound(ctx, rq.Lang))
}

func (h Handler) round(ctx context.Context, rq api.Request, in api.ByID) (roundView, error) {
	r, err := h.Rounds.Get(ctx, in.ID)
	if err != nil {
		return roundView{}, err
	}
	return h.viewRound(ctx, rq.Lang)(r), nil
}

type rankView struct {
	Rank   int           `json:"rank" description:"Equal points, equal rank"`
	Entry  string        `json:"entryId"`
	Place  models.Region `json:"village"`
	Label  string        `json:"villageName"`
	Points string        `json:"points"`
	Stars  int           `json:"stars" description:"As scored; the plaque's once it is up"`
	State  village.State `json:"state"`
	No     string        `json:"plaqueNo,omitempty"`
}

// told are the states of entries that everybody was shown.
var told = []village.State{village.Shown, village.Deciding, village.Certified, village.Annual, village.Grace, village.Revoked,
	village.Rejected}

func (h Handler) ranking(ctx context.Context, _ api.Request, in api.ByID) (api.List[rankView], error) {
	if _, err := h.Rounds.Get(ctx, in.ID); err != nil {
		return api.List[rankView]{}, err
	}
	var all []*village.Entry
	for _, s := range told {
		_, err := h.Entries.Each(ctx, store.VillageEntriesOf(in.ID, s), func(e *village.Entry) error {
			if e.Result != nil && e.Notice != "" { // what never came to a notice is nobody's business
				all = append(all, e)
			}
			return nil
		})
		if err != nil {
			return api.List[rankView]{}, err
		}
	}
	slices.SortFunc(all, func(a, b *village.Entry) int {
		return cmp.Or(cmp.Compare(b.Result.Total, a.Result.Total), cmp.Compare(a.Village, b.Village))
	})
	v := api.List[rankView]{Items: []rankView{}}
	for i, e := range all {
		row := rankView{i + 1, e.ID, e.Village, e.Name, e.Result.Total.String(), village.StarsOf(e.Result.Grade), e.State, e.No}
		if e.Title() {
			row.Stars = e.Stars
		}
		if i > 0 && all[i-1].Result.Total == e.Result.Total {
			row.Rank = v.Items[i-1].Rank
		}
		v.Items = append(v.Items, row)
	}
	return v, nil
}

type mapRequest struct {
	Place models.Region `query:"place" validate:"required,division,min=4,max=9"`
}

type mapView struct {
	Place models.Region `json:"place"`
	Label string        `json:"placeName"`
	mapCounts
	Inside []mapRow `json:"inside"`
}

type mapRow struct {
	Place models.Region `json:"place"`
	Label string        `json:"placeName"`
	mapCounts
}

type mapCounts struct {
	Villages int `json:"villages" description:"Villages, by their codes"`
	Credit   int `json:"creditVillages" description:"With a plaque today"`
	One      int `json:"oneStar"`
	Two      int `json:"twoStars"`
	Three    int `json:"threeStars"`
	Towns    int `json:"creditTowns"`
}

func (c *mapCounts) add(e *village.Entry) {
	if e.Level == village.OfTowns {
		c.Towns++
		return
	}
	c.Credit++
	switch e.Stars {
	case 1:
		c.One++
	case 2:
		c.Two++
	case 3:
		c.Three++
	}
}

// places counts plaques; no household is in it.
func (h Handler) places(ctx context.Context, _ api.Request, in mapRequest) (mapView, error) {
	v := mapView{Place: in.Place, Label: h.name(ctx, in.Place), Inside: []mapRow{}}
	rows := map[models.Region]*mapRow{}
	_, err := h.Divisions.Each(ctx, store.DivisionsIn(in.Place), func(d *division.Division) error {
		row := &mapRow{Place: d.Region(), Label: d.DisplayName}
		if h.Policy.Rural(d.Region(), village.OfVillages) {
			row.Villages, v.Villages = 1, v.Villages+1
		}
		rows[row.Place] = row
		return nil
	})
	if err != nil {
		return v, err
	}
	if err := h.villagesBelow(ctx, in.Place, rows, &v); err != nil {
		return v, err
	}
	_, err = h.Entries.Each(ctx, store.VillageEntriesTitled(in.Place), func(e *village.Entry) error {
		v.add(e)
		for at := e.Village; len(at) > len(in.Place); at = at.Parent() {
			if row := rows[at]; row != nil {
				row.add(e)
			}
		}
		return nil
	})
	for _, row := range rows {
		v.Inside = append(v.Inside, *row)
	}
	slices.SortFunc(v.Inside, func(a, b mapRow) int { return cmp.Compare(a.Place, b.Place) })
	return v, err
}

// villagesBelow counts villages of the places inside a place that is wider than a town.
func (h Handler) villagesBelow(ctx context.Context, at models.Region, rows map[models.Region]*mapRow, v *mapView) error {
	if len(at) >= 9 {
		return nil
	}
	for _, row := range rows {
		towns := []models.Region{row.Place}
		if len(row.Place) == 6 {
			towns = nil
			if _, err := h.Divisions.Each(ctx, store.DivisionsIn(row.Place), func(d *division.Division) error {
				towns = append(towns, d.Region())
				return nil
			}); err != nil {
				return err
			}
		}
		for _, town := range towns {
			list, err := h.villagesOf(ctx, town)
			if err != nil {
				return err
			}
			row.Villages, v.Villages = row.Villages+len(list), v.Villages+len(list)
		}
	}
	return nil
}

// villagesOf are the villages of a town that may apply.
func (h Handler) villagesOf(ctx context.Context, town models.Region) (list []models.Region, err error) {
	_, err = h.Divisions.Each(ctx, store.DivisionsIn(town), func(d *division.Division) error {
		if h.Policy.Rural(d.Region(), village.OfVillages) {
			list = append(list, d.Region())
		}
		return nil
	})
	return list, err
}

// roundOf is a round. Errors: NotFound.
func (h Handler) roundOf(ctx context.Context, id string) (*village.Round, *village.Scheme, error) {
	r, err := h.Rounds.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	s, err := h.Schemes.Get(ctx, r.Scheme)
	return r, s, err
}

// missing says whether err is that something is not there.
func missing(err error) bool { return errors.Is(err, models.NotFound) }
