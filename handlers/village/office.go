package village

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/jury"
	"xinyi/models/notice"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/models/village"
	"xinyi/store"
)

func (h Handler) mountOffice(r *api.Router) {
	tag := api.Tag("village office")
	api.Post(r, "/village-schemes", h.draft, maySchemes, api.Creates, tag)
	api.Put(r, "/village-schemes/{id}", api.OnRelease(api.Citywide(h.released()), h.edit), maySchemes, tag)
	api.Post(r, "/village-schemes/{id}/publish", api.OnRelease(api.Citywide(h.released()), api.Simply[api.ByID]((*village.Scheme).Publish)),
		maySchemes, tag)
	api.Post(r, "/village-schemes/{id}/drop", api.OnRelease(api.Citywide(h.released()), api.Simply[api.ByID]((*village.Scheme).Drop)),
		maySchemes, tag)
	api.Post(r, "/village-rounds", h.open, mayRounds, api.Creates, tag)
	api.Get(r, "/village-rounds/{id}/statistics", h.statistics, mayStatistics, tag)
	api.Post(r, "/village-notices", h.show, mayRounds, api.Creates, tag)
}

type planRequest struct {
	Plan string `json:"plan" text:"raw" validate:"required,max=200000" description:"JSON: set, sources, calendar, terms, flow"`
}

type draftRequest struct {
	Level village.Level `json:"level" validate:"required,known"`
	planRequest
}

// planOf reads a plan as strictly as a body. Errors: Invalid "village.scheme".
func planOf(text string) (p village.Plan, err error) {
	if err := json.Unmarshal([]byte(text), &p, json.RejectUnknownMembers(true), json.MatchCaseInsensitiveNames(true)); err != nil {
		e := models.Bad("/plan", "score_json", "village.scheme")
		e.Err = err
		return p, e
	}
	return p, nil
}

// below puts a fault's pointers below another.
func below(at string, err error) error {
	var e *models.Error
	if errors.As(err, &e) && e.Code == models.Invalid {
		for i := range e.Fields {
			e.Fields[i].Pointer = at + e.Fields[i].Pointer
		}
	}
	return err
}

func (h Handler) draft(ctx context.Context, rq api.Request, in draftRequest) (v schemeView, err error) {
	no, err := api.Following(ctx, rq, h.Schemes, store.VillageSchemesOf(in.Level), func(s *village.Scheme) (int, models.Region) {
		return s.No,
			s.City
	})
	if err != nil {
		return v, err
	}
	p, err := planOf(in.Plan)
	if err != nil {
		return v, err
	}
	s, err := village.NewScheme(in.Level, no, p, rq.Actor, rq.Now)
	return h.released().Keep(ctx, rq, s, below("/plan", err))
}

type editRequest struct {
	api.ByID
	planRequest
}

func (h Handler) edit(_ context.Context, rq api.Request, in editRequest) (func(*village.Scheme) error, error) {
	p, err := planOf(in.Plan)
	return func(s *village.Scheme) error { return below("/plan", s.Edit(p, rq.Actor)) }, err
}

type roundRequest struct {
	County models.Region `json:"county" validate:"required,numeric,len=6"`
	Year   int           `json:"year" validate:"required,gte=2020,lte=2100"`
	Level  village.Level `json:"level" validate:"required,known"`
	Opens  models.Day    `json:"opens,omitempty" validate:"omitempty,day"`
	CutOff models.Day    `json:"cutOff,omitempty" validate:"omitempty,day"`
	Ends   models.Day    `json:"ends,omitempty" validate:"omitempty,day"`
	Days   int           `json:"days,omitempty" validate:"gte=0,lte=366" description:"From the opening, today unless said, to the cut-off, instead of the calendar's days"`
}

// dates are the days a request names.
func (in roundRequest) dates(today models.Day) village.Dates {
	d := village.Dates{Opens: in.Opens, CutOff: in.CutOff, Ends: in.Ends}
	if in.Days == 0 {
		return d
	}
	if d.Opens == "" {
		d.Opens = today
	}
	if d.CutOff == "" {
		d.CutOff = d.Opens.Add(in.Days)
	}
	if d.Ends == "" {
		d.Ends = d.CutOff.AddMonths(1)
	}
	return d
}

func (h Handler) open(ctx context.Context, rq api.Request, in roundRequest) (roundView, error) {
	s, err := h.Schemes.First(ctx, store.VillageSchemesAt(release.InForce, in.Level))
	if missing(err) {
		return roundView{}, models.E(models.Conflict, "village.no_scheme")
	}
	if err != nil {
		return roundView{}, err
	}
	r, err := s.NewRound(village.RoundPlan{County: in.County, Year: in.Year, Dates: in.dates(models.DayOf(rq.Now)), Seed: rand.Text()},
		rq.Actor, rq.Now)
	if err != nil {
		return roundView{}, err
	}
	if err := h.Rounds.Insert(ctx, r); models.CodeOf(err) == models.Conflict {
		return roundView{}, models.E(models.Conflict, "village.round_exists")
	} else if err != nil {
		return roundView{}, err
	}
	return h.viewRound(ctx, rq.Lang)(r), nil
}

type showRequest struct {
	Round   string   `json:"round" validate:"required,max=64"`
	Entries []string `json:"entries,omitempty" validate:"max=2000,dive,max=64" description:"Absent: all that are ready"`
}

// AboutVillages is what notices of credit villages and towns are about.
const AboutVillages = "village.entry"

func (h Handler) show(ctx context.Context, rq api.Request, in showRequest) (api.PublicNoticeView, error) {
	r, s, err := h.roundOf(ctx, in.Round)
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	if err := api.Scoped(rq, r.County); err != nil {
		return api.PublicNoticeView{}, err
	}
	id := rq.NewID()
	if n, err := h.Notices.Get(ctx, id); err == nil { // the same request, once more
		return api.ViewPublicNotice(n), nil
	}
	lines, err := h.ready(ctx, r, in)
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	title := api.Say("village.notice_title_"+string(r.Level), "zh",
		map[string]string{"year": api.Itoa(r.Year), "county": h.name(ctx, r.County)})
	n, err := notice.New(id, notice.Draft{About: AboutVillages, Title: title, Region: r.County, Level: models.County, Lines: lines},
		s.Terms.Notice, rq.Actor, rq.Now)
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	if err := store.Existing(h.Notices.Insert(ctx, n)); err != nil {
		return api.PublicNoticeView{}, err
	}
	return api.ViewPublicNotice(n), nil
}

// ready are the lines of a round's entries that may be shown. Errors: Conflict "village.not_ready" for one named that may not.
func (h Handler) ready(ctx context.Context, r *village.Round, in showRequest) ([]notice.Line, error) {
	var lines []notice.Line
	add := func(e *village.Entry) error {
		if len(lines) < notice.MaxLines {
			lines = append(lines, notice.Line{Ref: e.ID, Label: e.Name, Text: e.Result.Grade + " " + e.Result.Total.String()})
		}
		return nil
	}
	if len(in.Entries) == 0 {
		_, err := h.Entries.Each(ctx, store.VillageEntriesOf(r.ID, village.Prelim), add)
		return lines, err
	}
	for _, id := range in.Entries {
		e, err := h.Entries.Get(ctx, id)
		if err != nil || e.Round != r.ID || e.State != village.Prelim {
			return nil, errors.Join(models.E(models.Conflict, "village.not_ready"), err)
		}
		if err := add(e); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

type statisticsView struct {
	Round    string         `json:"round"`
	States   map[string]int `json:"states"`
	Late     int            `json:"late" description:"Entries an office was late with"`
	Drawn    int            `json:"secondSheets" description:"Entries drawn to be scored twice"`
	Whole    int            `json:"secondSheetsWhole"`
	Compared int            `json:"indicatorsCompared"`
	Agree    int            `json:"indicatorsAgree"`
	Scorers  []scorerView   `json:"scorers"`
}

type scorerView struct {
	Scorer   string `json:"scorer" description:"Account"`
	Compared int    `json:"compared" description:"Indicators that somebody else scored too"`
	Agree    int    `json:"agree"`
	Drift    string `json:"drift" description:"Points above the others, on the mean of those compared; a minus: below"`
}

// drift is how one scorer lies to the others.
type drift struct {
	pairs [][2]score.Points
	sum   score.Points
}

// statistics compares the two sheets of each entry that was drawn, and is whole.
func (h Handler) statistics(ctx context.Context, rq api.Request, in api.ByID) (statisticsView, error) {
	v := statisticsView{Round: in.ID, States: map[string]int{}, Scorers: []scorerView{}}
	r, s, err := h.roundOf(ctx, in.ID)
	if err != nil {
		return v, err
	}
	if err := api.Scoped(rq, r.County); err != nil {
		return v, err
	}
	var all [][2]score.Points
	by := map[string]*drift{}
	_, err = h.Entries.Each(ctx, store.VillageEntriesOfRound(r.ID), func(e *village.Entry) error {
		v.States[string(e.State)]++
		if e.Late {
			v.Late++
		}
		if !e.Blind {
			return nil
		}
		if v.Drawn++; len(e.Second.Missing(s)) > 0 {
			return nil
		}
		v.Whole++
		return compared(e, s, &all, by)
	})
	if err != nil {
		return v, err
	}
	v.Agree, v.Compared = jury.Agreement(all, s.Terms.Tolerance)
	for _, who := range slices.SortedFunc(maps.Keys(by), cmp.Compare) {
		d := by[who]
		row := scorerView{Scorer: who, Drift: mean(d.sum, len(d.pairs)).String()}
		row.Agree, row.Compared = jury.Agreement(d.pairs, s.Terms.Tolerance)
		v.Scorers = append(v.Scorers, row)
	}
	return v, nil
}

// compared adds what the two sheets of an entry say of the same indicators.
func compared(e *village.Entry, s *village.Scheme, all *[][2]score.Points, by map[string]*drift) error {
	first, err := e.First.Points(s)
	if err != nil {
		return err
	}
	second, err := e.Second.Points(s)
	if err != nil {
		return err
	}
	note := func(who string, mine, other score.Points) {
		d := by[who]
		if d == nil {
			d = &drift{}
			by[who] = d
		}
		d.pairs, d.sum = append(d.pairs, [2]score.Points{mine, other}), d.sum+mine-other
	}
	a, b := e.First.Stands(), e.Second.Stands()
	for code, p := range first {
		q, there := second[code]
		if !there {
			continue
		}
		*all = append(*all, [2]score.Points{p, q})
		note(a[code].By, p, q)
		note(b[code].By, q, p)
	}
	return nil
}

// mean is a sum over n, rounded half away from zero.
func mean(sum score.Points, n int) score.Points {
	d := score.Points(2 * max(n, 1))
	if sum < 0 {
		return -((-2*sum + d/2) / d)
	}
	return (2*sum + d/2) / d
}
