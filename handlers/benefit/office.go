package benefit

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/benefit"
	"xinyi/models/release"
	"xinyi/store"
)

func (h Desk) mountOffice(r *api.Router) {
	tag := api.Tag("benefits")
	api.Get(r, "/benefits/versions", h.waiting, mayApprove, tag)
	api.Get(r, "/benefits/versions/{id}", h.tried, mayApprove, tag)
	api.Post(r, "/benefits/versions/{id}/approve", api.OnRelease(h.inRegion(), h.approve), mayApprove, tag)
	api.Get(r, "/benefits/breaches", h.breaches, mayDecide, api.Reveals, tag)
	api.Post(r, "/benefits/breaches/{id}/decide", h.decide, mayDecide, tag)
	api.Get(r, "/benefits/metrics", h.metrics, mayMetrics, tag)
}

type stateRequest struct {
	State release.State `query:"state" validate:"omitempty,known" description:"TRIED unless said"`
	api.PageQuery
}

func (h Desk) waiting(ctx context.Context, rq api.Request, in stateRequest) (api.List[offerVersionView], error) {
	if in.State == "" {
		in.State = release.Tried
	}
	return h.released().Page(ctx, rq, store.VersionsIn(rq.Actor.Region, in.State).Page(in.Limit, in.Cursor))
}

type triedView struct {
	offerVersionView
	Offer      string          `json:"offer"`
	Provider   string          `json:"provider"`
	Rule       api.RuleView    `json:"rule"`
	Conditions []needView      `json:"conditions"`
	Trial      *simulationView `json:"trial,omitempty"`
}

// inRegion are the versions the caller's office answers for. Errors: NotFound for any other.
func (h Desk) inRegion() api.Releases[benefit.Version, offerVersionView] {
	r := h.released()
	r.Mine = api.InPlace(func(v *benefit.Version) models.Region { return v.Region })
	return r
}

func (h Desk) tried(ctx context.Context, rq api.Request, in api.ByID) (triedView, error) {
	v, err := h.Versions.Get(ctx, in.ID)
	if err == nil {
		err = h.inRegion().Mine(rq, v)
	}
	if err != nil {
		return triedView{}, err
	}
	out := triedView{offerVersionView: viewOfferVersion(rq)(v), Offer: v.Offer, Provider: v.Provider, Conditions: []needView{}}
	if v.Rule != nil {
		out.Rule = api.RuleView{ID: v.Rule.ID, Version: v.No, Hash: v.Rule.Hash(), Engine: ""}
		o := &benefit.Offer{Terms: v.Terms}
		for _, c := range v.Rule.Clauses {
			words := clauseWords(o, models.Clause{ID: c.ID}, rq.Lang)
			out.Conditions = append(out.Conditions, needView{c.ID, words.Label, words.Remedy, c.Expr, c.Basis, api.ChangeableBy(c.ChangeableBy),
				c.AnyOf})
		}
	}
	if v.Trial == "" {
		return out, nil
	}
	s, err := h.Simulations.Get(ctx, v.Trial)
	if err != nil {
		return out, err
	}
	trial := h.viewSimulation(s, v.Terms, rq.Lang)
	out.Trial = &trial
	return out, nil
}

func (h Desk) approve(_ context.Context, rq api.Request, _ api.ByID) (func(*benefit.Version) error, error) {
	return func(v *benefit.Version) error { return v.Approve(h.Policy, rq.Actor, rq.Now) }, nil
}

type breachView struct {
	claimView
	Provider string `json:"provider"`
	Name     string `json:"holder" personal:"true" description:"Masked"`
}

func (h Desk) breaches(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[breachView], error) {
	page, err := h.Claims.Find(ctx, store.ClaimsQueued(rq.Actor.Region).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[breachView]{}, err
	}
	looks := make([]access.Access, len(page.Items))
	for i, c := range page.Items {
		looks[i] = access.Access{Subject: c.Subject(), Fields: []string{"benefit.breach"}, About: c.ID, Purpose: "benefit.breach", Case: c.ID}
	}
	if err := h.Log.Note(ctx, rq, looks...); err != nil {
		return api.List[breachView]{}, err
	}
	view := viewClaim(rq.Lang)
	return api.Listed(page, func(c *benefit.Claim) breachView { return breachView{view(c), c.Provider, c.Name.String()} }), nil
}

type decideBreachRequest struct {
	api.ByID
	Right   *bool  `json:"right" validate:"required" description:"The person is right: the breach is off"`
	Finding string `json:"finding" validate:"required,max=1000"`
}

func (h Desk) decide(ctx context.Context, rq api.Request, in decideBreachRequest) (api.None, error) {
	_, err := h.Claims.Update(ctx, in.ID, func(c *benefit.Claim) error {
		if c.Queue == "" {
			return api.NotYours(nil)
		}
		if err := api.Scoped(rq, models.Region(c.Queue)); err != nil {
			return err
		}
		return c.Decide(*in.Right, in.Finding, rq.Actor, rq.Now)
	})
	return api.None{}, err
}

type metricsView struct {
	Days        int                     `json:"days" description:"The span that is counted, today included"`
	Scenes      int                     `json:"scenesInUse" description:"With at least one use in it"`
	Wanted      int                     `json:"scenesWanted" description:"The city's plan: more than this many"`
	Reached     bool                    `json:"reached"`
	Users       int64                   `json:"users"`
	Uses        int64                   `json:"uses"`
	Saved       models.Fen              `json:"savedFen"`
	Fields      []string                `json:"fields" description:"Of the plan's eleven, those with a scene in use"`
	FieldsTotal int                     `json:"fieldsTotal"`
	Online      int                     `json:"offersOnline"`
	ByScene     map[string]sceneMetrics `json:"byScene"`
}

type sceneMetrics struct {
	Uses  int64      `json:"uses"`
	Saved models.Fen `json:"savedFen"`
}

// metrics are those of the offers an office answers for, and of the people of its region.
func (h Desk) metrics(ctx context.Context, rq api.Request, _ api.NoRequest) (metricsView, error) {
	since := models.DayOf(rq.Now).Add(1 - h.Policy.UseDays)
	v := metricsView{Days: h.Policy.UseDays, Wanted: h.Policy.ScenesWanted, Fields: []string{}, FieldsTotal: len(benefit.Fields),
		ByScene: map[string]sceneMetrics{}}
	if err := h.uses(ctx, rq, since, &v); err != nil {
		return v, err
	}
	users, err := h.Profiles.CountBy(ctx, "region", store.ProfilesSince(since))
	if err != nil {
		return v, err
	}
	for region, n := range users {
		if api.Covers(rq.Actor, models.Region(region)) {
			v.Users += n
		}
	}
	posts, err := h.Board.all(ctx, h.Offers, rq.Now)
	if err != nil {
		return v, err
	}
	for _, p := range posts {
		if api.Covers(rq.Actor, p.offer.Region) {
			v.Online++
		}
	}
	v.Scenes = len(v.ByScene)
	v.Reached = v.Scenes > v.Wanted
	fields := map[string]bool{}
	_, err = h.Scenes.Each(ctx, store.All(), func(s *benefit.Scene) error {
		if _, used := v.ByScene[s.ID]; used {
			fields[s.Field] = true
		}
		return nil
	})
	for _, f := range benefit.Fields {
		if fields[f] {
			v.Fields = append(v.Fields, f)
		}
	}
	return v, err
}

// uses adds up what was used since a day of offers in the caller's region.
func (h Desk) uses(ctx context.Context, rq api.Request, since models.Day, v *metricsView) error {
	_, err := h.Tallies.Each(ctx, store.TalliesSince(since), func(t *benefit.Tally) (err error) {
		scenes := t.Scenes
		if !t.Counted() { // today, and yesterday until it is counted
			if scenes, err = h.Used(ctx, t.Day); err != nil {
				return err
			}
		}
		for key, uses := range scenes {
			place, scene := benefit.UsesOf(key)
			if uses.Uses == 0 || !api.Covers(rq.Actor, place) {
				continue
			}
			m := v.ByScene[scene]
			v.ByScene[scene] = sceneMetrics{m.Uses + uses.Uses, m.Saved + uses.Saved}
			v.Uses, v.Saved = v.Uses+uses.Uses, v.Saved+uses.Saved
		}
		return nil
	})
	return err
}
