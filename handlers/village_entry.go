package handlers

import (
	"context"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/flow"
	"xinyi/models/score"
	"xinyi/models/village"
	"xinyi/store"
)

func (h Village) mountEntries(r *Router) {
	tag := Tag("village entries")
	Post(r, "/village-entries", h.start, Does("Begin a village's, or a town's, application in an open round"), May("village.apply"), Creates, tag)
	Get(r, "/village-entries", h.entries, Does("Entries of my place in a state, by village, or those of a round"), May("village.read"), tag)
	Get(r, "/village-entries/{id}", h.entry, Does("One, with what it is decided on, item by item"), May("village.read"), tag)
	Post(r, "/village-entries/{id}/apply", h.apply, Does("File it with the number of households that live there, or file it anew after it was sent back",
		"The roster needs evidence, and is never below the households on file"), May("village.apply"), tag)
	Post(r, "/village-entries/{id}/withdraw", h.quit, Does("Take it back, or give a plaque up"), May("village.apply"), tag)
	Post(r, "/village-entries/{id}/votes", h.vote, Does("One word on the step that is due", "Nobody who filed it, nobody twice, nobody in two steps; votes are only ever added"), May("village.vote"), tag)
	Get(r, "/village-entries/{id}/sample", h.sample, Does("The households that are looked at on the spot, drawn by the round's seed and the root of what was frozen"), May("village.vote"), Reveals, tag)
	Put(r, "/village-entries/{id}/sample/{household}", h.check, Does("Note what was found at a household of the sample"), May("village.vote"), Reveals, tag)
	Post(r, "/village-entries/{id}/renew", h.renew, Does("The yearly review, on what is known now", "Below the line there are 90 days to mend; then this takes the plaque down"), May("village.decide"), tag)
	Post(r, "/village-entries/{id}/revoke", h.revoke, Does("Take a plaque down at once, for something that was false"), May("village.decide"), tag)
}

type villageEntryView struct {
	ID       string                `json:"id"`
	Round    string                `json:"round"`
	Level    village.Level         `json:"level" enum:"VILLAGE,TOWN"`
	Year     int                   `json:"year"`
	Village  models.Region         `json:"village"`
	Label    string                `json:"villageName"`
	State    village.State         `json:"state" enum:"DRAFT,APPLIED,REVIEW,PRELIM,NOTICE,DECISION,CERTIFIED,ANNUAL,GRACE,REVOKED,REJECTED,WITHDRAWN"`
	Scheme   string                `json:"scheme"`
	CutOff   models.Day            `json:"cutOff"`
	Roster   int64                 `json:"households,omitempty" description:"On the roster, as declared"`
	Evidence []villageEvidenceView `json:"evidence,omitempty"`
	Missing  []string              `json:"missing,omitempty" description:"Indicators of the sheet nothing was written of"`
	Clashes  int                   `json:"conflicts,omitempty"`
	Second   *villageSecondView    `json:"second,omitempty" description:"The entry was drawn to be scored by somebody who does not see the first sheet"`
	Hidden   bool                  `json:"hidden,omitempty" description:"The sheet and the score are kept from me until the second sheet is whole"`
	Facts    map[string]int64      `json:"facts,omitempty"`
	Score    *villageScoreView     `json:"score,omitempty"`
	Course   *villageCourseView    `json:"course,omitempty"`
	Sample   *villageSampleCount   `json:"sample,omitempty"`
	Notice   string                `json:"noticeId,omitempty"`
	Stars    int                   `json:"stars" description:"Of the plaque that is up"`
	Was      int                   `json:"starsBefore,omitempty"`
	No       string                `json:"plaqueNo,omitempty"`
	Since    models.Day            `json:"since,omitempty"`
	Until    models.Day            `json:"until,omitempty" description:"Of what goes on: the plaque's year, the time to mend"`
	Late     bool                  `json:"late,omitempty" description:"An office did not keep to its days; no place loses anything by it"`
	Why      string                `json:"why,omitempty"`
	Root     string                `json:"root,omitempty"`
	Revision int64                 `json:"revision"`
}

// Revised is what ETag shows.
func (v villageEntryView) Revised() int64 { return v.Revision }

type villageEvidenceView struct {
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

type villageSecondView struct {
	Missing []string `json:"missing"`
	Differ  []string `json:"differ,omitempty" description:"Indicators on which the two sheets do not agree"`
}

type villageCourseView struct {
	Steps []villageStepView `json:"steps"`
	At    string            `json:"step,omitempty" description:"That is due"`
	Due   models.Day        `json:"due,omitempty"`
	Late  bool              `json:"late,omitempty"`
	Back  bool              `json:"sentBack,omitempty"`
	Votes []villageVoteView `json:"votes"`
}

type villageVoteView struct {
	Step    string        `json:"step"`
	Round   int           `json:"round"`
	Role    models.Role   `json:"role"`
	Verdict flow.Verdict  `json:"verdict" enum:"APPROVE,REJECT,REVISE,RECUSE"`
	Note    string        `json:"note,omitempty"`
	At      time.Time     `json:"at"`
	Office  models.Region `json:"office"`
}

type villageSampleCount struct {
	Size    int `json:"size"`
	Checked int `json:"checked"`
	Wrong   int `json:"wrong"`
}

func viewVillageEvidence(x village.Evidence) villageEvidenceView {
	v := villageEvidenceView{ID: x.ID, About: x.About, Type: x.Type, Size: x.Size, Hash: x.Hash, Place: x.Place, Taken: x.Taken}
	if x.Spot != nil {
		v.Lat, v.Lon = &x.Spot.Lat, &x.Spot.Lon
	}
	return v
}

func viewVillageCourse(c *flow.Course, lang string) *villageCourseView {
	if c == nil {
		return nil
	}
	v := &villageCourseView{Steps: viewVillageSteps(c.Steps, lang), Due: c.Due, Late: c.Late, Back: c.Back, Votes: []villageVoteView{}}
	if s := c.Step(); s != nil {
		v.At = s.Code
	}
	for _, x := range c.Votes {
		v.Votes = append(v.Votes, villageVoteView{x.Step, x.Round, x.By.Role, x.Verdict, x.Note, x.At, x.By.Region})
	}
	return v
}

// viewEntryRow is an entry in a list.
func (h Village) viewEntryRow(rq Request) func(*village.Entry) villageEntryView {
	return func(e *village.Entry) villageEntryView {
		v := villageEntryView{
			ID: e.ID, Round: e.Round, Level: e.Level, Year: e.Year, Village: e.Village, Label: e.Name, State: e.State, Scheme: e.Scheme, CutOff: e.CutOff,
			Roster: e.Roster, Notice: e.Notice, Stars: e.Stars, Was: e.Was, No: e.No, Since: e.Since, Until: e.Until, Late: e.Late, Root: e.Root,
			Course: viewVillageCourse(e.Course, rq.Lang), Revision: e.Revision, Clashes: len(e.First.Clashes()),
		}
		if v.Why = say(e.Why, rq.Lang, nil); v.Why == "" {
			v.Why = e.Why
		}
		if len(e.Sample) > 0 {
			v.Sample = &villageSampleCount{Size: len(e.Sample)}
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
func (h Village) seen(ctx context.Context, rq Request, e *village.Entry) (villageEntryView, error) {
	v := h.viewEntryRow(rq)(e)
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return v, err
	}
	for _, x := range e.Evidence {
		v.Evidence = append(v.Evidence, viewVillageEvidence(x))
	}
	v.Missing, v.Hidden = e.First.Missing(s), e.Hidden(s, rq.Actor)
	if e.Blind {
		v.Second = &villageSecondView{Missing: e.Second.Missing(s)}
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
	v.Score, v.Facts = viewVillageScore(set, *e.Result, models.DayOf(e.UpdatedAt), rq.Lang), e.Facts
	return v, nil
}

type villageScoreView struct {
	Scheme     string        `json:"scheme"`
	Hash       string        `json:"schemeHash"`
	Points     string        `json:"points" description:"Of 100, with two decimals"`
	Stars      int           `json:"stars" description:"As scored; a town's is one"`
	Good       bool          `json:"good" description:"It earns the title, and no condition fails"`
	Failed     []string      `json:"failed" description:"Indicators that fail: none of the points help"`
	Dimensions []farmDimView `json:"dimensions"`
}

// viewVillageScore is a result, item by item. A condition that gives no points is kept or fails.
func viewVillageScore(set *score.Set, r score.Result, on models.Day, lang string) *villageScoreView {
	v := &villageScoreView{
		Scheme: r.Set, Hash: r.Hash, Points: r.Total.String(), Stars: village.StarsOf(r.Grade), Good: r.Good, Failed: append([]string{}, r.Failed...),
		Dimensions: viewFarmScore(set, r, on, lang).Dimensions,
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
			d.Items[i].Explain = say(key, lang, nil)
		}
	}
	return v
}

type villageEntryRequest struct {
	Round   string        `json:"round" validate:"required,max=64"`
	Village models.Region `json:"village" validate:"required,division,min=9" description:"Of a round of towns the town"`
}

func (h Village) start(ctx context.Context, rq Request, in villageEntryRequest) (villageEntryView, error) {
	r, s, err := h.roundOf(ctx, in.Round)
	if err != nil {
		return villageEntryView{}, err
	}
	d, err := h.Divisions.Get(ctx, string(in.Village))
	if missing(err) {
		return villageEntryView{}, models.Bad("/village", "village_place", "village.no_village")
	}
	if err != nil {
		return villageEntryView{}, err
	}
	id := rq.NewID()
	e, err := village.NewEntry(id, r, s, village.Place{Code: in.Village, Name: d.DisplayName}, h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return villageEntryView{}, err
	}
	if err := h.Entries.Insert(ctx, e); models.CodeOf(err) == models.Conflict {
		if e, err = h.Entries.Get(ctx, id); missing(err) {
			return villageEntryView{}, models.E(models.Conflict, "village.entered")
		} else if err != nil {
			return villageEntryView{}, err
		}
	} else if err != nil {
		return villageEntryView{}, err
	}
	return h.seen(ctx, rq, e)
}

type villageEntriesRequest struct {
	State village.State `query:"state" validate:"required,oneof=DRAFT APPLIED REVIEW PRELIM NOTICE DECISION CERTIFIED ANNUAL GRACE REVOKED REJECTED WITHDRAWN"`
	Round string        `query:"round" validate:"omitempty,max=64"`
	Place models.Region `query:"place" validate:"omitempty,division,min=4"`
	PageQuery
}

func (h Village) entries(ctx context.Context, rq Request, in villageEntriesRequest) (List[villageEntryView], error) {
	at, err := placeWithin(rq, in.Place)
	if err != nil {
		return List[villageEntryView]{}, err
	}
	q := store.VillageEntriesAt(at, in.State)
	if in.Round != "" {
		q = store.VillageEntriesOf(in.Round, in.State).And("village", store.Prefix, at)
	}
	page, err := h.Entries.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return List[villageEntryView]{}, err
	}
	return Listed(page, h.viewEntryRow(rq)), nil
}

// ours is an entry of the caller's place; a village is shown its town's. Errors: NotFound.
func (h Village) ours(ctx context.Context, rq Request, id string) (*village.Entry, error) {
	e, err := h.Entries.Get(ctx, id)
	if err == nil && !rq.Actor.Region.Contains(e.Village) {
		err = models.E(models.NotFound, "not_found")
	}
	return e, err
}

func (h Village) entry(ctx context.Context, rq Request, in byID) (villageEntryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return villageEntryView{}, err
	}
	return h.seen(ctx, rq, e)
}

// on changes an entry in the caller's place and shows it.
func (h Village) on(ctx context.Context, rq Request, id string, do func(*village.Entry, *village.Scheme) error) (villageEntryView, error) {
	e, err := h.ours(ctx, rq, id)
	if err != nil {
		return villageEntryView{}, err
	}
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return villageEntryView{}, err
	}
	e, err = h.Entries.Update(ctx, id, func(e *village.Entry) error {
		if err := rq.Fresh(e.Revision); err != nil {
			return err
		}
		return do(e, s)
	})
	if err != nil {
		return villageEntryView{}, err
	}
	return h.seen(ctx, rq, e)
}

type villageApplyRequest struct {
	byID
	Households int64 `json:"households,omitempty" validate:"gte=0,lte=20000" description:"That live in the village; of a town nothing"`
}

func (h Village) apply(ctx context.Context, rq Request, in villageApplyRequest) (villageEntryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return villageEntryView{}, err
	}
	files, err := h.FilesIn(ctx, e.Village)
	if err != nil {
		return villageEntryView{}, err
	}
	return h.on(ctx, rq, in.ID, func(e *village.Entry, _ *village.Scheme) error {
		return e.Apply(in.Households, files, rq.Actor, rq.Now)
	})
}

func (h Village) quit(ctx context.Context, rq Request, in reasonRequest) (villageEntryView, error) {
	return h.on(ctx, rq, in.ID, func(e *village.Entry, _ *village.Scheme) error { return e.Withdraw(in.Reason, rq.Actor, rq.Now) })
}

type villageVoteRequest struct {
	byID
	Verdict flow.Verdict `json:"verdict" validate:"required,oneof=APPROVE REJECT REVISE RECUSE"`
	Note    string       `json:"note,omitempty" validate:"max=500"`
}

func (h Village) vote(ctx context.Context, rq Request, in villageVoteRequest) (villageEntryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return villageEntryView{}, err
	}
	r, err := h.Rounds.Get(ctx, e.Round)
	if err != nil {
		return villageEntryView{}, err
	}
	if e.State == village.InReview && !r.Reviews() { // the draws are not made yet
		return villageEntryView{}, models.E(models.Conflict, "village.round_closing")
	}
	sv, err := h.SurveyOf(ctx, e.ID)
	if err != nil {
		return villageEntryView{}, err
	}
	return h.on(ctx, rq, in.ID, func(e *village.Entry, s *village.Scheme) error {
		return e.Vote(in.Verdict, in.Note, s, sv, rq.Actor, rq.Now)
	})
}

type villageSampledView struct {
	Row       int           `json:"row" description:"Of what was frozen, from 0"`
	Household string        `json:"householdId"`
	No        string        `json:"no,omitempty" description:"Household number in the village"`
	Found     village.Check `json:"found,omitempty" enum:"CONFIRMED,WRONG"`
	Note      string        `json:"note,omitempty"`
	At        *time.Time    `json:"at,omitempty"`
}

// sampled are households of the sample, once the looks are logged.
func (h Village) sampled(ctx context.Context, rq Request, e *village.Entry, only string) (List[villageSampledView], error) {
	v := List[villageSampledView]{Items: []villageSampledView{}}
	var looks []access.Look
	for _, x := range e.Sample {
		if only != "" && x.Household != only {
			continue
		}
		row := villageSampledView{Row: x.Row, Household: x.Household, Found: x.State, Note: x.Note, At: x.At}
		f, err := h.Farm.Files.Get(ctx, x.Household)
		switch {
		case missing(err):
		case err != nil:
			return v, err
		default:
			row.No = f.No
			looks = append(looks, aboutHead(rq, f, "village.sample", "farm.household"))
		}
		v.Items = append(v.Items, row)
	}
	return v, h.Looks.Look(ctx, rq, looks...)
}

func (h Village) sample(ctx context.Context, rq Request, in byID) (List[villageSampledView], error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return List[villageSampledView]{}, err
	}
	return h.sampled(ctx, rq, e, "")
}

type villageCheckRequest struct {
	byID
	Household string        `path:"household" validate:"required,max=64"`
	Found     village.Check `json:"found" validate:"required,oneof=CONFIRMED WRONG"`
	Note      string        `json:"note,omitempty" validate:"max=500"`
}

func (h Village) check(ctx context.Context, rq Request, in villageCheckRequest) (villageSampledView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return villageSampledView{}, err
	}
	e, err := h.Entries.Update(ctx, in.ID, func(e *village.Entry) error { return e.Check(in.Household, in.Found, in.Note, rq.Actor, rq.Now) })
	if err != nil {
		return villageSampledView{}, err
	}
	list, err := h.sampled(ctx, rq, e, in.Household)
	if err != nil {
		return villageSampledView{}, err
	}
	i := slices.IndexFunc(list.Items, func(v villageSampledView) bool { return v.Household == in.Household })
	return list.Items[i], nil
}

func (h Village) renew(ctx context.Context, rq Request, in byID) (villageEntryView, error) {
	e, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return villageEntryView{}, err
	}
	facts, err := h.Facts(ctx, e, rq.Now)
	if err != nil {
		return villageEntryView{}, err
	}
	return h.on(ctx, rq, in.ID, func(e *village.Entry, s *village.Scheme) error { return e.Renew(facts, s, rq.Actor, rq.Now) })
}

func (h Village) revoke(ctx context.Context, rq Request, in reasonRequest) (villageEntryView, error) {
	return h.on(ctx, rq, in.ID, func(e *village.Entry, _ *village.Scheme) error { return e.Revoke(in.Reason, rq.Actor, rq.Now) })
}
