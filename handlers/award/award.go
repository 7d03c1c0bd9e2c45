// Package award serves awards of honest people and firms: programmes, nominations, experts, the vote, honours (诚信典型).
package award

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/award"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves the choice of honest people and firms: programmes here, nominees in award_nominee.go, the office in
// award_desk.go, experts in award_score.go, the vote in award_vote.go, awards in award_honour.go.
type Handler struct {
	usecase.Award
	Facts  usecase.AwardFacts
	Policy award.Policy
	Log    *api.AccessLog
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("award programmes")
	api.Get(r, "/award-programmes", h.programmes, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/award-programmes/drafts", h.drafts, mayOffice, tag)
	api.Get(r, "/award-programmes/{id}", h.programme, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Post(r, "/award-programmes", h.write, mayOffice, api.Creates, tag)
	api.Put(r, "/award-programmes/{id}", api.OnRelease(h.released(), h.rewrite), mayOffice, tag)
	api.Post(r, "/award-programmes/{id}/publish", api.OnRelease(h.released(), h.publish), mayOffice, tag)
	api.Post(r, "/award-programmes/{id}/cancel", api.OnRelease(h.released(), h.cancel), mayOffice, tag)
	h.mountNominee(r)
	h.mountDesk(r)
	h.mountScore(r)
	h.mountVote(r)
	h.mountHonour(r)
}

type programmeView struct {
	ID         string               `json:"id"`
	Kind       award.Kind           `json:"kind"`
	Year       int                  `json:"year"`
	Title      models.Words         `json:"title" personal:"false"`
	State      award.ProgrammeState `json:"state"`
	Level      int                  `json:"level" description:"1 town, 2 county, 3 city, 4 province, 5 nation"`
	Region     models.Region        `json:"region"`
	Office     string               `json:"office"`
	Industry   string               `json:"industry,omitempty"`
	Opens      models.Day           `json:"opens"`
	Closes     models.Day           `json:"closes,omitempty" description:"Last day of nominations"`
	VoteFrom   models.Day           `json:"voteFrom,omitempty" description:"The earliest: it waits for whatever is on the way"`
	VoteUntil  models.Day           `json:"voteUntil,omitempty"`
	Waits      bool                 `json:"waits,omitempty" description:"The vote was due, and something was on the way"`
	Categories []award.Category     `json:"categories"`
	Criteria   []award.Criterion    `json:"criteria" description:"What experts give points for, 100 together"`
	Weights    award.Weights        `json:"weights" description:"Basis points, 10000 together; the public at most 2000"`
	Terms      award.Terms          `json:"terms"`
	Vetting    []award.Condition    `json:"vetting" description:"What the records are asked, in the Common Expression Language"`
	RuleHash   string               `json:"ruleHash"`
	Measures   []award.Plan         `json:"measures"`
	Asked      []string             `json:"departments" description:"Units that are asked for an opinion"`
	Experts    int                  `json:"experts" description:"How many may be drawn"`
	Commit     string               `json:"commit,omitempty" description:"SHA-256 of the seed by which experts are drawn"`
	Seed       string               `json:"seed,omitempty" description:"Once seats are given: anybody can draw again"`
	Revision   int64                `json:"revision"`
}

// Revised is what ETag shows.
func (v programmeView) Revised() int64 { return v.Revision }

func viewProgramme(p *award.Programme) programmeView {
	v := programmeView{
		ID: p.ID, Kind: p.Kind, Year: p.Year, Title: p.Title, State: p.State, Level: p.Level, Region: p.Region, Office: p.Unit, Industry: p.Industry, Opens: p.Opens,
		Closes: p.Closes, VoteFrom: p.VoteFrom, VoteUntil: p.VoteUntil, Waits: p.Waits, Categories: p.Categories, Criteria: p.Criteria, Weights: p.Weights,
		Terms: p.Terms, Vetting: p.Vetting, RuleHash: p.Rule().Hash(), Measures: p.Measures, Asked: p.Departments, Experts: len(p.Experts), Commit: p.Commit,
		Revision: p.Revision,
	}
	if p.State == award.Selected || p.State == award.Done {
		v.Seed = p.Seed.Reveal()
	}
	if v.Measures == nil {
		v.Measures = []award.Plan{}
	}
	if v.Asked == nil {
		v.Asked = []string{}
	}
	return v
}

type programmesRequest struct {
	Place models.Region `query:"place" validate:"required,numeric,min=4,max=12"`
	api.PageQuery
}

func (h Handler) programmes(ctx context.Context, _ api.Request, in programmesRequest) (api.List[programmeView], error) {
	q := store.AwardProgrammesIn(in.Place)
	return api.Sifted(ctx, h.Programmes, q, in.PageQuery, func(p *award.Programme) (programmeView, bool, error) {
		return viewProgramme(p), p.State != award.Drafted, nil
	})
}

func (h Handler) drafts(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[programmeView], error) {
	q := store.AwardProgrammesIn(rq.Actor.Region)
	return api.Sifted(ctx, h.Programmes, q, in, func(p *award.Programme) (programmeView, bool, error) {
		return viewProgramme(p), p.State == award.Drafted, nil
	})
}

func (h Handler) programme(ctx context.Context, _ api.Request, in api.ByID) (programmeView, error) {
	p, err := h.Programmes.Get(ctx, in.ID)
	if err == nil && p.State == award.Drafted {
		err = api.NotYours(nil)
	}
	if err != nil {
		return programmeView{}, err
	}
	return viewProgramme(p), nil
}

type programmeRequest struct {
	Kind       award.Kind        `json:"kind" validate:"required,known"`
	Year       int               `json:"year" validate:"gte=2000,lte=2200"`
	Title      models.Words      `json:"title"`
	Level      int               `json:"level" validate:"gte=1,lte=5"`
	Industry   string            `json:"industry,omitempty" validate:"omitempty,max=40"`
	Office     string            `json:"office" validate:"required,max=120" description:"The office, as people call it"`
	Opens      models.Day        `json:"opens,omitempty" validate:"omitempty,day" description:"First day of nominations; absent: today"`
	Categories []award.Category  `json:"categories" validate:"required,min=1,max=20,dive"`
	Criteria   []award.Criterion `json:"criteria,omitempty" validate:"max=20,dive"`
	Weights    *award.Weights    `json:"weights,omitempty"`
	Terms      *award.Terms      `json:"terms,omitempty"`
	Vetting    []award.Condition `json:"vetting,omitempty" validate:"max=30,dive"`
	Asked      []string          `json:"departments,omitempty" validate:"max=40,dive,required,max=64"`
	Measures   []award.Plan      `json:"measures,omitempty" validate:"max=30,dive"`
}

// call is the request with the standard where it says nothing.
func (in programmeRequest) call(now time.Time) award.Call {
	c := award.Call{
		Kind: in.Kind, Year: in.Year, Title: in.Title, Level: in.Level, Industry: in.Industry, Unit: in.Office, Opens: in.Opens,
		Categories: in.Categories, Criteria: in.Criteria, Weights: award.StandardWeights, Terms: award.StandardTerms, Vetting: in.Vetting,
		Departments: in.Asked, Measures: in.Measures,
	}
	if c.Opens == "" {
		c.Opens = models.DayOf(now)
	}
	if in.Weights != nil {
		c.Weights = *in.Weights
	}
	if in.Terms != nil {
		c.Terms = *in.Terms
	}
	criteria, vetting := award.PersonCriteria, award.PersonVetting
	if in.Kind == award.Unit {
		criteria, vetting = award.UnitCriteria, award.UnitVetting
	}
	if len(c.Criteria) == 0 {
		c.Criteria = criteria
	}
	if len(c.Vetting) == 0 {
		c.Vetting = vetting
	}
	return c
}

func (h Handler) write(ctx context.Context, rq api.Request, in programmeRequest) (programmeView, error) {
	p, err := award.NewProgramme(rq.NewID(), in.call(rq.Now), rq.Actor, rq.Now)
	if err == nil {
		err = store.Existing(h.Programmes.Insert(ctx, p))
	}
	if err != nil {
		return programmeView{}, err
	}
	return viewProgramme(p), nil
}

// released are the programmes of the caller's place. Errors: NotFound for another's.
func (h Handler) released() api.Releases[award.Programme, programmeView] {
	return api.Releases[award.Programme, programmeView]{
		Repo: h.Programmes, View: func(_ context.Context, _ api.Request, p *award.Programme) (programmeView, error) {
			return viewProgramme(p), nil
		},
		Mine: api.InPlace(func(p *award.Programme) models.Region { return p.Region }),
	}
}

type rewriteProgrammeRequest struct {
	api.ByID
	programmeRequest
}

func (h Handler) rewrite(_ context.Context, rq api.Request, in rewriteProgrammeRequest) (func(*award.Programme) error, error) {
	return func(p *award.Programme) error { return p.Edit(in.call(rq.Now), rq.Actor, rq.Now) }, nil
}

func (h Handler) publish(_ context.Context, rq api.Request, _ api.ByID) (func(*award.Programme) error, error) {
	var random [16]byte
	_, err := rand.Read(random[:])
	return func(p *award.Programme) error { return p.Publish(hex.EncodeToString(random[:]), rq.Actor, rq.Now) }, err
}

func (h Handler) cancel(_ context.Context, rq api.Request, in api.ReasonRequest) (func(*award.Programme) error, error) {
	return func(p *award.Programme) error { return p.Cancel(in.Reason, rq.Actor, rq.Now) }, nil
}

// Portions are what an export holds of awards.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("nominations", true, h.mine), api.Listing("awards", true, h.honours)}
}
