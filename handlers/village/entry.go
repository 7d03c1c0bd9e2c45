package village

import (
	"context"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/flow"
	"xinyi/models/score"
	"xinyi/models/village"
	"xinyi/store"
)

func (h Handler) mountEntries(r *api.Router) {
	tag := api.Tag("village entries")
	api.Post(r, "/village-entries", h.start, mayApply, api.Creates, tag)
	api.Get(r, "/village-entries", h.entries, mayRead, tag)
	api.Get(r, "/village-entries/{id}", h.entry, mayRead, tag)
	api.Post(r, "/village-entries/{id}/apply", h.apply, mayApply, tag)
	api.Post(r, "/village-entries/{id}/withdraw", h.quit, mayApply, tag)
	api.Post(r, "/village-entries/{id}/votes", h.vote, mayVote, tag)
	api.Get(r, "/village-entries/{id}/sample", h.sample, mayVote, api.Reveals, tag)
	api.Put(r, "/village-entries/{id}/sample/{household}", h.check, mayVote, api.Reveals, tag)
	api.Post(r, "/village-entries/{id}/renew", h.renew, mayDecide, tag)
	api.Post(r, "/village-entries/{id}/revoke", h.revoke, mayDecide, tag)
}

type entryView struct {
	ID       string           `json:"id"`
	Round    string           `json:"round"`
	Level    village.Level    `json:"level"`
	Year     int              `json:"year"`
	Village  models.Region    `json:"village"`
	Label    string           `json:"villageName"`
	State    village.State    `json:"state"`
	Scheme   string           `json:"scheme"`
	CutOff   models.Day       `json:"cutOff"`
	Roster   int64            `json:"households,omitempty" description:"On the roster, as declared"`
	Evidence []evidenceView   `json:"evidence,omitempty"`
	Missing  []string         `json:"missing,omitempty" description:"Indicators of the sheet nothing was written of"`
	Clashes  int              `json:"conflicts,omitempty"`
	Second   *secondView      `json:"second,omitempty" description:"The entry was drawn to be scored by somebody who does not see the first sheet"`
	Hidden   bool             `json:"hidden,omitempty" description:"The sheet and the score are kept from me until the second sheet is whole"`
	Facts    map[string]int64 `json:"facts,omitempty"`
	Score    *scoreView       `json:"score,omitempty"`
	Course   *courseView      `json:"course,omitempty"`
	Sample   *sampleCount     `json:"sample,omitempty"`
	Notice   string           `json:"noticeId,omitempty"`
	Stars    int              `json:"stars" description:"Of the plaque that is up"`
	Was      int              `json:"starsBefore,omitempty"`
	No       string           `json:"plaqueNo,omitempty"`
	Since    models.Day       `json:"since,omitempty"`
	Until    models.Day       `json:"until,omitempty" description:"Of what goes on: the plaque's year, the time to mend"`
	Late     bool             `json:"late,omitempty" description:"An office did not keep to its days; no place loses anything by it"`
	Why      string           `json:"why,omitempty"`
	Root     string           `json:"root,omitempty"`
	Revision int64            `json:"revision"`
}

// Revised is what ETag shows.
func (v entryView) Revised() int64 { return v.Revision }

type evidenceView struct {
	ID    string        `json:"id"`
	About string        `json:"about"`
	Type  string        `json:"type"`
	Size  int           `json:"size"`
	Hash  string        `json:"sha256"`
	Place models.Region `json:"place,omitempty"`
	Lat   *int64        `json:"latMicro,omitempty"`
	Lon   *int64        `json:"lonMicro,omitempty"`
	Taken time.Time     `json:"takenAt"`
}

type secondView struct {
	Missing []string `json:"missing"`
	Differ  []string `json:"differ,omitempty" description:"Indicators on which the two sheets do not agree"`
}

type courseView struct {
	Steps []stepView     `json:"steps"`
	At    string         `json:"step,omitempty" description:"That is due"`
	Due   models.Day     `json:"due,omitempty"`
	Late  bool           `json:"late,omitempty"`
	Back  bool           `json:"sentBack,omitempty"`
	Votes []api.VoteView `json:"votes"`
}

type sampleCount struct {
	Size    int `json:"size"`
	Checked int `json:"checked"`
	Wrong   int `json:"wrong"`
}

func viewEvidence(x village.Evidence) evidenceView {
	v := evidenceView{ID: x.ID, About: x.About, Type: x.Type, Size: x.Size, Hash: x.Hash, Place: x.Place, Taken: x.Taken}
	if x.Spot != nil {
		v.Lat, v.Lon = &x.Spot.Lat, &x.Spot.Lon
	}
	return v
}

func viewCourse(c *flow.Course, lang string) *courseView {
	if c == nil {
		return nil
	}
	v := &courseView{Steps: viewSteps(c.Steps, lang), Due: c.Due, Late: c.Late, Back: c.Back, Votes: api.ViewVotes(c)}
	if s := c.Step(); s != nil {
		v.At = s.Code
	}
	return v
}

// viewEntryRow is an entry in a list.
func (h Handler) viewEntryRow(rq api.Request) func(*village.Entry) entryView {
	return func(e *village.Entry) entryView {
		v := entryView{
			ID: e.ID, Round: e.Round, Level: e.Level, Year: e.Year, Village: e.Village, Label: e.Name, State: e.State, Scheme: e.Scheme, CutOff: e.CutOff,
			Roster: e.Roster, Notice: e.Notice, Stars: e.Stars, Was: e.Was, No: e.No, Since: e.Since, Until: e.Until, Late: e.Late, Root: e.Root,
			Course: viewCourse(e.Course, rq.Lang), Revision: e.Revision, Clashes: len(e.First.Clashes()),
		}
		if v.Why = api.Say(e.Why, rq.Lang, nil); v.Why == "" {
			v.Why = e.Why
		}
		if len(e.Sample) > 0 {
			v.Sample = &sampleCount{Size: len(e.Sample)}
		}
		for _, x := range e.Sample {
			if x.State != "" {
				v.Sample.Checked++
			}
			if x.State == village.Wrong {
				v.Sample.Wrong++
			}
		}
		return v
	}
}

// seen is an entry as staff see it, with its score explained.
func (h Handler) seen(ctx context.Context, rq api.Request, e *village.Entry) (entryView, error) {
	v := h.viewEntryRow(rq)(e)
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return v, err
	}
	for _, x := range e.Evidence {
		v.Evidence = append(v.Evidence, viewEvidence(x))
	}
	v.Missing, v.Hidden = e.First.Missing(s), e.Hidden(s, rq.Actor)
	if e.Blind {
		v.Second = &secondView{Missing: e.Second.Missing(s)}
		if !v.Hidden {
			v.Second.Differ = e.Differ(s)
		}
	}
	if e.Result == nil || v.Hidden {
		return v, nil
	}
	set, err := s.Read()
	if err != nil {
		return v, err
	}
	v.Score, v.Facts = viewScore(set, *e.Result, models.DayOf(e.UpdatedAt), rq.Lang), e.Facts
	return v, nil
}

type scoreView struct {
	Scheme     string            `json:"scheme"`
	Hash       string            `json:"schemeHash"`
	Points     string            `json:"points" description:"Of 100, with two decimals"`
	Stars      int               `json:"stars" description:"As scored; a town's is one"`
	Good       bool              `json:"good" description:"It earns the title, and no condition fails"`
	Failed     []string          `json:"failed" description:"Indicators that fail: none of the points help"`
	Dimensions []api.FarmDimView `json:"dimensions"`
}

// viewScore is a result, item by item. A condition that gives no points is kept or fails.
func viewScore(set *score.Set, r score.Result, on models.Day, lang string) *scoreView {
	v := &scoreView{
		Scheme: r.Set, Hash: r.Hash, Points: r.Total.String(), Stars: village.StarsOf(r.Grade), Good: r.Good, Failed: append([]string{}, r.Failed...),
		Dimensions: api.ViewFarmScore(set, r, on, lang).Dimensions,
	}
	for _, d := range v.Dimensions {
		for i := range d.Items {
			key := ""
			switch it := d.Items[i]; {
			case slices.Contains(r.Failed, it.Code):
				key = "village.explain_failed"
			case it.Max == score.Points(0).String() && it.Value != nil:
				key = "village.explain_kept"
			default:
				continue
			}
			d.Items[i].Explain = api.Say(key, lang, nil)
		}
	}
	return v
}

type entryRequest struct {
	Round   string        `json:"round" validate:"required,max=64"`
	Village models.Region `json:"village" validate:"required,division,min=9" description:"Of a round of towns the town"`
}

func (h Handler) start(ctx context.Context, rq api.Request, in entryRequest) (entryView, error) {
	r, s, err := h.roundOf(ctx, in.Round)
	if err == nil {
		err = api.Holds(rq, r.County)
	}
	if err != nil {
		return entryView{}, err
	}
	d, err := h.Divisions.Get(ctx, string(in.Village))
	if missing(err) {
		return entryView{}, models.Bad("/village", "village_place", "village.no_village")
	}
	if err != nil {
		return entryView{}, err
	}
	id := rq.NewID()
	e, err := r.NewEntry(s, village.Place{Entry: id, Code: in.Village, Name: d.DisplayName}, h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return entryView{}, err
	}
	if err := h.Entries.Insert(ctx, e); models.CodeOf(err) == models.Conflict {
		if e, err = h.Entries.Get(ctx, id); missing(err) {
			return entryView{}, models.E(models.Conflict, "village.entered")
		} else if err != nil {
			return entryView{}, err
		}
	} else if err != nil {
		return entryView{}, err
	}
	return h.seen(ctx, rq, e)
}

type entriesRequest struct {
	State village.State `query:"state" validate:"required,known"`
	Round string        `query:"round" validate:"omitempty,max=64"`
	Place models.Region `query:"place" validate:"omitempty,division,min=4"`
	api.PageQuery
}

func (h Handler) entries(ctx context.Context, rq api.Request, in entriesRequest) (api.List[entryView], error) {
	at, err := api.PlaceWithin(rq, in.Place)
	if err != nil {
		return api.List[entryView]{}, err
	}
	q := store.VillageEntriesAt(at, in.State)
	if in.Round != "" {
		q = store.VillageEntriesOf(in.Round, in.State).And("village", store.Prefix, at)
	}
	return api.Found(ctx, h.Entries, q, in.PageQuery, h.viewEntryRow(rq))
}

// ours is an entry of the caller's place; a village is shown its town's. Errors: NotFound.
func (h Handler) ours(ctx context.Context, rq api.Request, id string) (*village.Entry, error) {
	return api.Ours(ctx, rq, h.Entries, id, func(e *village.Entry) models.Region { return e.Village })
}

func (h Handler) entry(ctx context.Context, rq api.Request, in api.ByID) (entryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return entryView{}, err
	}
	return h.seen(ctx, rq, e)
}

// on changes an entry in the caller's place and shows it.
func (h Handler) on(ctx context.Context, rq api.Request, id string, do func(*village.Entry, *village.Scheme) error) (entryView, error) {
	e, err := h.ours(ctx, rq, id)
	if err != nil {
		return entryView{}, err
	}
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return entryView{}, err
	}
	e, err = h.Entries.Update(ctx, id, func(e *village.Entry) error {
		if err := rq.Fresh(e.Revision); err != nil {
			return err
		}
		return do(e, s)
	})
	if err != nil {
		return entryView{}, err
	}
	return h.seen(ctx, rq, e)
}

type applyRequest struct {
	api.ByID
	Households int64 `json:"households,omitempty" validate:"gte=0,lte=20000" description:"That live in the village; of a town nothing"`
}

func (h Handler) apply(ctx context.Context, rq api.Request, in applyRequest) (entryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return entryView{}, err
	}
	files, err := h.FilesIn(ctx, e.Village)
	if err != nil {
		return entryView{}, err
	}
	return h.on(ctx, rq, in.ID, func(e *village.Entry, _ *village.Scheme) error {
		return e.Apply(in.Households, files, rq.Actor, rq.Now)
	})
}

func (h Handler) quit(ctx context.Context, rq api.Request, in api.ReasonRequest) (entryView, error) {
	return h.on(ctx, rq, in.ID, func(e *village.Entry, _ *village.Scheme) error { return e.Withdraw(in.Reason, rq.Actor, rq.Now) })
}

func (h Handler) vote(ctx context.Context, rq api.Request, in api.VoteRequest) (entryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return entryView{}, err
	}
	r, err := h.Rounds.Get(ctx, e.Round)
	if err != nil {
		return entryView{}, err
	}
	if e.State == village.InReview && !r.Reviews() { // the draws are not made yet
		return entryView{}, models.E(models.Conflict, "village.round_closing")
	}
	sv, err := h.SurveyOf(ctx, e.ID)
	if err != nil {
		return entryView{}, err
	}
	return h.on(ctx, rq, in.ID, func(e *village.Entry, s *village.Scheme) error {
		return e.Vote(village.Word{Verdict: in.Verdict, Note: in.Note}, s, sv, rq.Actor, rq.Now)
	})
}

type sampledView struct {
	Row       int           `json:"row" description:"Of what was frozen, from 0"`
	Household string        `json:"householdId"`
	No        string        `json:"no,omitempty" description:"Household number in the village"`
	Found     village.Check `json:"found,omitempty"`
	Note      string        `json:"note,omitempty"`
	At        *time.Time    `json:"at,omitempty"`
}

// sampled are households of the sample, once the looks are logged.
func (h Handler) sampled(ctx context.Context, rq api.Request, e *village.Entry, only string) (api.List[sampledView], error) {
	v := api.List[sampledView]{Items: []sampledView{}}
	var looks []access.Access
	for _, x := range e.Sample {
		if only != "" && x.Household != only {
			continue
		}
		row := sampledView{Row: x.Row, Household: x.Household, Found: x.State, Note: x.Note, At: x.At}
		f, err := h.Farm.Files.Get(ctx, x.Household)
		switch {
		case missing(err):
		case err != nil:
			return v, err
		default:
			row.No = f.No
			looks = append(looks, file.AboutHead(rq, f, "village.sample", "farm.household"))
		}
		v.Items = append(v.Items, row)
	}
	return v, h.Log.Note(ctx, rq, looks...)
}

func (h Handler) sample(ctx context.Context, rq api.Request, in api.ByID) (api.List[sampledView], error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return api.List[sampledView]{}, err
	}
	return h.sampled(ctx, rq, e, "")
}

type checkRequest struct {
	api.ByID
	Household string        `path:"household" validate:"required,max=64"`
	Found     village.Check `json:"found" validate:"required,known"`
	Note      string        `json:"note,omitempty" validate:"max=500"`
}

func (h Handler) check(ctx context.Context, rq api.Request, in checkRequest) (sampledView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return sampledView{}, err
	}
	e, err := h.Entries.Update(ctx, in.ID, func(e *village.Entry) error { return e.Check(in.Household, in.Found, in.Note, rq.Actor, rq.Now) })
	if err != nil {
		return sampledView{}, err
	}
	list, err := h.sampled(ctx, rq, e, in.Household)
	if err != nil {
		return sampledView{}, err
	}
	i := slices.IndexFunc(list.Items, func(v sampledView) bool { return v.Household == in.Household })
	return list.Items[i], nil
}

func (h Handler) renew(ctx context.Context, rq api.Request, in api.ByID) (entryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return entryView{}, err
	}
	facts, err := h.Today(ctx, e, h.Policy, rq.Now)
	if err != nil {
		return entryView{}, err
	}
	return h.on(ctx, rq, in.ID, func(e *village.Entry, s *village.Scheme) error { return e.Renew(facts, s, rq.Actor, rq.Now) })
}

func (h Handler) revoke(ctx context.Context, rq api.Request, in api.ReasonRequest) (entryView, error) {
	return h.on(ctx, rq, in.ID, func(e *village.Entry, _ *village.Scheme) error { return e.Revoke(in.Reason, rq.Actor, rq.Now) })
}
