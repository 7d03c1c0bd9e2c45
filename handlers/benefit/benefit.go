// Package benefit serves 信易+: offers, claims, codes, the counter.
package benefit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/rule"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves 信易+ for those who are honest: what there is, what they may have and why, and what they claim.
type Handler struct {
	usecase.Benefit
	Facts  usecase.BenefitFacts
	Policy benefit.Policy
	Board  *Board
	Log    *api.AccessLog
	Seals  models.Seals
	Issuer string

	Decisions usecase.Decision
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("benefits")
	api.Get(r, "/scenes", h.scenes, api.Open(), tag, api.Limit(time.Minute, 60))
	api.Get(r, "/offers/{id}", h.offer, api.Open(), tag, api.Limit(time.Minute, 120))
	api.Get(r, "/me/offers", h.mine, mayMine, tag)
	api.Put(r, "/me/offers/{id}/saved", h.save, mayMine, tag)
	api.Delete(r, "/me/offers/{id}/saved", h.unsave, mayMine, tag)
	api.Post(r, "/offers/{id}/eligibility", h.eligibility, mayMine, tag)
	api.Get(r, "/me/band", h.band, mayMine, tag)
	api.Put(r, "/me/band", h.choose, mayMine, tag)

	api.Post(r, "/offers/{id}/claims", h.hold, mayMine, api.Creates, tag, api.Quota(api.Claims))
	api.Post(r, "/me/claims/{id}/confirm", h.confirm, mayMine, tag)
	api.Get(r, "/me/claims", h.claims, mayMine, tag)
	api.Get(r, "/me/claims/{id}", h.claim, mayMine, tag)
	api.Post(r, "/me/claims/{id}/cancel", h.cancel, mayMine, tag)
	api.Post(r, "/me/claims/{id}/code", h.code, mayMine, api.Answers(201), api.Limit(time.Minute, 10), tag, api.Quota(api.Papers))
	api.Post(r, "/me/claims/{id}/objection", h.object, mayMine, tag)
	api.Post(r, "/offers/{id}/waits", h.wait, mayMine, api.Creates, tag, api.Quota(api.Claims))
	api.Get(r, "/me/waits", h.waits, mayMine, tag)
	api.Post(r, "/me/waits/{id}/leave", h.leave, mayMine, tag)
}

type sceneView struct {
	Code   string               `json:"code"`
	Name   string               `json:"name" personal:"false"`
	Field  string               `json:"field" description:"One of the eleven fields of the city's plan"`
	For    []models.SubjectKind `json:"for"`
	Forms  []benefit.Form       `json:"forms"`
	Public bool                 `json:"publicService" description:"Of a public service, which everybody gets without it"`
	Served string               `json:"servedBy,omitempty" description:"The part of this service that serves the scene itself"`
	Offers int                  `json:"offers" description:"That may be claimed now"`
}

func (h Handler) scenes(ctx context.Context, rq api.Request, _ api.NoRequest) (api.List[sceneView], error) {
	posts, err := h.Board.all(ctx, h.Offers, rq.Now)
	if err != nil {
		return api.List[sceneView]{}, err
	}
	offers := map[string]int{}
	for _, p := range posts {
		offers[p.offer.Scene]++
	}
	out := api.List[sceneView]{Items: []sceneView{}}
	_, err = h.Scenes.Each(ctx, store.All(), func(s *benefit.Scene) error {
		out.Items = append(out.Items, sceneView{s.ID, s.Name.In(rq.Lang), s.Field, s.Subjects, s.Forms, s.Public, s.Served, offers[s.ID]})
		return nil
	})
	return out, err
}

// offerRow is an offer in a list.
type offerRow struct {
	ID       string          `json:"id"`
	Scene    string          `json:"scene"`
	Field    string          `json:"field"`
	Name     string          `json:"name" personal:"false"`
	Provider string          `json:"provider"`
	Form     benefit.Form    `json:"form"`
	Regions  []models.Region `json:"regions"`
	From     models.Day      `json:"from"`
	Until    models.Day      `json:"until"`
	CapFen   models.Fen      `json:"capFen" description:"The most one use saves, 0: no bound"`
}

func rowOfOffer(o *benefit.Offer, lang string) offerRow {
	t := o.Terms
	return offerRow{o.ID, o.Scene, o.Field, t.Name.In(lang), o.By, t.Form, t.Regions, t.From, t.Until, t.Cap}
}

type offerView struct {
	offerRow
	State     benefit.State      `json:"state"`
	For       models.SubjectKind `json:"for"`
	Details   string             `json:"details"`
	Otherwise string             `json:"otherwise,omitempty" description:"How everybody gets the service without it"`
	Quota     quotaView          `json:"quota"`
	GoodDays  int                `json:"goodDays" description:"A claim is good so many days after the day of claiming"`
	BringDays int                `json:"bringDays,omitempty" description:"What is lent is to be brought back within so many days"`
	Consent   agreeText          `json:"consent"`
	Rule      api.RuleView       `json:"rule"`
	Needs     []needView         `json:"conditions"`
}

type quotaView struct {
	Total     int            `json:"total" description:"0: no bound"`
	Daily     int            `json:"daily" description:"0: no bound"`
	PerPerson int            `json:"perPerson"`
	Period    benefit.Period `json:"period"`
}

type agreeText struct {
	Text string `json:"text"`
	Hash string `json:"hash" description:"What agree names"`
}

// needView is a condition anybody can read.
type needView struct {
	ID           string           `json:"id"`
	Label        string           `json:"label"`
	Remedy       string           `json:"remedy,omitempty"`
	Expression   string           `json:"expression" description:"As it is evaluated, in the Common Expression Language"`
	Basis        string           `json:"basis"`
	ChangeableBy api.ChangeableBy `json:"changeableBy"`
	AnyOf        string           `json:"anyOf,omitempty" description:"Of the conditions that name the same, one is enough"`
}

// agreeing is the text of an offer somebody agrees to.
func agreeing(t benefit.Terms, lang string) agreeText {
	return agreeText{t.Consent.In(lang), rule.Digest([]string{t.Consent.ZH, t.Consent.EN})}
}

func (h Handler) viewOffer(o *benefit.Offer, lang string) (offerView, error) {
	p, err := h.Board.program(o)
	if err != nil {
		return offerView{}, err
	}
	t := o.Terms
	v := offerView{
		offerRow: rowOfOffer(o, lang), State: o.State, For: o.Subject, Details: t.Details.In(lang), Otherwise: t.Otherwise.In(lang), Quota: quotaView(t.Quota),
		GoodDays: t.Good, BringDays: t.Bring, Consent: agreeing(t, lang), Rule: api.RuleView{ID: p.Rule().ID, Version: o.Active, Hash: p.Hash(), Engine: rule.Engine}, Needs: []needView{},
	}
	for _, c := range p.Rule().Clauses {
		words := clauseWords(o, models.Clause{ID: c.ID}, lang)
		v.Needs = append(v.Needs, needView{c.ID, words.Label, words.Remedy, c.Expr, c.Basis, api.ChangeableBy(c.ChangeableBy), c.AnyOf})
	}
	return v, nil
}

// shownOffer is an offer that is or was in force. Errors: NotFound.
func (h Handler) shownOffer(ctx context.Context, id string) (*benefit.Offer, error) {
	o, err := h.Offers.Get(ctx, id)
	if err == nil && o.Active == 0 {
		err = models.E(models.NotFound, "not_found")
	}
	return o, err
}

func (h Handler) offer(ctx context.Context, rq api.Request, in api.ByID) (offerView, error) {
	o, err := h.shownOffer(ctx, in.ID)
	if err != nil {
		return offerView{}, err
	}
	return h.viewOffer(o, rq.Lang)
}

type myOffersRequest struct {
	Scene string `query:"scene" validate:"omitempty,max=8"`
	Saved bool   `query:"saved"`
	All   bool   `query:"all" description:"Also what is far from where I live"`
	api.PageQuery
}

// myOffer is an offer with how its rule comes out for whoever asks.
type myOffer struct {
	offerRow
	Eligible api.Outcome `json:"eligible"`
	Missing  []string    `json:"missing" description:"The conditions that do not hold, in words"`
	Saved    bool        `json:"saved"`
	Near     bool        `json:"near"`
	rank     int
}

func (h Handler) mine(ctx context.Context, rq api.Request, in myOffersRequest) (api.List[myOffer], error) {
	p, err := h.Refresh(ctx, rq.Actor, h.Facts, h.Policy)
	if err != nil {
		return api.List[myOffer]{}, err
	}
	posts, err := h.Board.all(ctx, h.Offers, rq.Now)
	if err != nil {
		return api.List[myOffer]{}, err
	}
	open, err := h.openBreaches(ctx, p)
	if err != nil {
		return api.List[myOffer]{}, err
	}
	today := models.DayOf(rq.Now)
	facts := p.Facts(today, 0, h.Policy)
	var all []myOffer
	for _, post := range posts {
		o := post.offer
		saved, near := slices.Contains(p.Saved, o.ID), o.Terms.Near(p.Region)
		if o.Subject != p.Kind || in.Scene != "" && o.Scene != in.Scene || in.Saved && !saved || !in.Saved && !in.All && !near ||
			o.Open(today) != nil {
			continue
		}
		facts[benefit.FactBreaches] = open[o.Provider+"/"+o.Scene]
		outcome, err := post.program.Outcome(facts)
		if err != nil {
			return api.List[myOffer]{}, err
		}
		v := myOffer{offerRow: rowOfOffer(o, rq.Lang), Eligible: api.Outcome(outcome), Saved: saved, Near: near, Missing: []string{}}
		v.rank = slices.Index([]string{models.Pass, models.Unknown, models.Fail}, outcome) * 2
		if !near {
			v.rank++
		}
		all = append(all, v)
	}
	slices.SortStableFunc(all, func(a, b myOffer) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Scene, b.Scene), cmp.Compare(a.ID, b.ID))
	})
	return h.missing(part(all, in.PageQuery), posts, facts, open, rq.Lang)
}

// missing says of the offers of a page what does not hold.
func (h Handler) missing(page api.List[myOffer], posts []posted, facts map[string]any, open map[string]int,
	lang string) (api.List[myOffer], error) {
	for i := range page.Items {
		v := &page.Items[i]
		if v.Eligible == models.Pass {
			continue
		}
		at := slices.IndexFunc(posts, func(p posted) bool { return p.offer.ID == v.ID })
		facts[benefit.FactBreaches] = open[posts[at].offer.Provider+"/"+v.Scene]
		result, err := posts[at].program.Eval(facts)
		if err != nil {
			return page, err
		}
		for _, c := range result.Clauses {
			if c.Outcome != models.Pass {
				v.Missing = append(v.Missing, clauseWords(posts[at].offer, c, lang).Label)
			}
		}
	}
	return page, nil
}

// part is a page of what was put together in memory; the cursor is how many came before.
func part[V any](all []V, page api.PageQuery) api.List[V] {
	from, err := strconv.Atoi(page.Cursor)
	if err != nil || from < 0 || from > len(all) {
		from = 0
	}
	limit := page.Limit
	if limit == 0 {
		limit = store.DefaultPage
	}
	to := min(from+limit, len(all))
	out := api.List[V]{Items: append([]V{}, all[from:to]...)}
	if to < len(all) {
		out.NextCursor = strconv.Itoa(to)
	}
	return out
}

// openBreaches counts somebody's open breaches by provider and scene.
func (h Handler) openBreaches(ctx context.Context, p *benefit.Profile) (map[string]int, error) {
	open := map[string]int{}
	page, err := h.Claims.Find(ctx, store.ClaimsKeptBy(p.ID).Page(store.MaxPage, ""))
	for _, c := range page.Items {
		open[c.Provider+"/"+c.Scene]++
	}
	return open, err
}

func (h Handler) save(ctx context.Context, rq api.Request, in api.ByID) (api.None, error) {
	if _, err := h.shownOffer(ctx, in.ID); err != nil {
		return api.None{}, err
	}
	return api.None{}, h.keepInMind(ctx, rq, in.ID, true)
}

func (h Handler) unsave(ctx context.Context, rq api.Request, in api.ByID) (api.None, error) {
	return api.None{}, h.keepInMind(ctx, rq, in.ID, false)
}

func (h Handler) keepInMind(ctx context.Context, rq api.Request, offer string, on bool) error {
	if _, err := h.Refresh(ctx, rq.Actor, h.Facts, h.Policy); err != nil {
		return err
	}
	_, err := h.Profiles.Update(ctx, usecase.Holder(rq.Actor), func(p *benefit.Profile) error {
		changed, err := p.Save(offer, on)
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	return err
}

type bandView struct {
	Band     string         `json:"band" enum:"C,B,A,AA"`
	OptedOut bool           `json:"optedOut"`
	Honours  []honourView   `json:"honours" description:"Good things it comes from; nothing lowers it below C"`
	OnTime   int            `json:"billsPaidOnTime"`
	Points   map[string]int `json:"pointsNeeded"`
}

type honourView struct {
	Record string     `json:"record"`
	Level  int        `json:"level" description:"1 town, 2 county, 3 city, 4 province, 5 nation"`
	Until  models.Day `json:"until"`
}

func (h Handler) viewBand(p *benefit.Profile) bandView {
	v := bandView{Band: p.Band.String(), OptedOut: p.OptedOut, Honours: []honourView{}, OnTime: p.Standing.OnTime, Points: map[string]int{}}
	for i, n := range h.Policy.BandPoints {
		v.Points[benefit.Bands[i+1]] = n
	}
	for _, x := range p.Honours {
		v.Honours = append(v.Honours, honourView{x.Record, x.Level, x.Ends(h.Policy.HonourMonths)})
	}
	return v
}

func (h Handler) band(ctx context.Context, rq api.Request, _ api.NoRequest) (bandView, error) {
	p, err := h.Refresh(ctx, rq.Actor, h.Facts, h.Policy)
	if err != nil {
		return bandView{}, err
	}
	return h.viewBand(p), nil
}

type bandRequest struct {
	OptOut *bool `json:"optOut" validate:"required"`
}

func (h Handler) choose(ctx context.Context, rq api.Request, in bandRequest) (bandView, error) {
	if _, err := h.Refresh(ctx, rq.Actor, h.Facts, h.Policy); err != nil {
		return bandView{}, err
	}
	p, err := h.Profiles.Update(ctx, usecase.Holder(rq.Actor), func(p *benefit.Profile) error {
		if !p.Choose(*in.OptOut, h.Policy, rq.Now) {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return bandView{}, err
	}
	return h.viewBand(p), nil
}

// trimmed is a code as people type it: capitals, without blanks and dashes.
func trimmed(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "O", "0", "o", "0", "I", "1", "i", "1", "L", "1", "l", "1").Replace(code))
}

// Portions are what an export holds of benefits.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{
		api.Single("band", false, func(ctx context.Context, rq api.Request) (bandView, error) { return h.band(ctx, rq, api.NoRequest{}) }),
		api.Listing("claims", true, h.claims),
		api.Listing("waits", true, h.waits),
	}
}
