package handlers

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/store"
)

// BenefitDesk is the door to 信易+ for providers, who publish offers and redeem claims, and for the offices that look at both.
type BenefitDesk struct {
	Benefit
	Clients *store.Repo[identity.Client]
}

// Mount names the routes.
func (h BenefitDesk) Mount(r *Router) {
	tag := Tag("provider")
	Post(r, "/provider/offers", h.open, Does("Start an offer with its first version, a draft"), May("offers.write"), Creates, tag)
	Get(r, "/provider/offers", h.offers, Does("My offers, the newest first"), May("offers.write"), tag)
	Get(r, "/provider/offers/{id}", h.one, Does("One of my offers with its versions"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions", h.draft, Does("Draft the next version of an offer"), May("offers.write"), Creates, tag)
	Put(r, "/provider/offers/{id}/versions/{no}", h.edit, Does("Change a draft"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/validate", h.validate, Does("Make the rule of a draft; from here it never changes", "Every fault is named"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/simulate", h.simulate, Does("Try a version on everybody", "It goes on by itself: who gains and who loses by county and age, never who"), May("offers.write"), Creates, tag)
	Get(r, "/provider/offers/{id}/versions/{no}/simulation", h.simulation, Does("How far it has come, and what came out"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/publish", h.publish, Does("Publish an approved version for a day", "409 without a fresh simulation. People who would lose a claim are told before that day"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/drop", h.drop, Does("Give a version up that is not in force"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/pause", h.pause, Does("Nobody may claim for now; what is claimed may be used"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/resume", h.resume, Does("People may claim again"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/close", h.shut, Does("End an offer for good; what is claimed may be used"), May("offers.write"), tag)

	Post(r, "/provider/redemptions/check", h.check, Does("Is this code good", "Yes or no, what for, and a masked name; never a band, a score or a reason"), May("offers.redeem"), Reveals, Limit(time.Minute, 120), tag)
	Post(r, "/provider/redemptions", h.redeem, Does("Use a claim", "The provider's own number makes it happen once. A token that was checked without a network may be handed in within three days"), May("offers.redeem"), Reveals, Limit(time.Minute, 600), tag)
	Post(r, "/provider/redemptions/{id}/reverse", h.reverse, Does("Undo a use; the person has the place again, or who waits"), May("offers.redeem"), tag)
	Post(r, "/provider/redemptions/{id}/return", h.back, Does("The thing was brought back"), May("offers.redeem"), tag)
	Post(r, "/provider/redemptions/{id}/breach", h.breach, Does("The thing was not brought back by its day", "The person is told and may object; it counts with this scene of this provider alone"), May("offers.redeem"), tag)
	Get(r, "/provider/statements/{day}", h.statement, Does("My uses of a day, with the day's sums"), May("offers.redeem"), tag)

	h.mountOffice(r)
}

// needRequest is one thing an offer asks.
type needRequest struct {
	Kind         benefit.NeedKind `json:"kind" validate:"required,oneof=BAND MIN_AGE MAX_AGE REGION REAL_NAME HONOUR MEDICAL ON_TIME CUSTOM"`
	Number       int              `json:"number,omitempty" validate:"gte=0,lte=1000"`
	Text         string           `json:"text,omitempty" validate:"max=500" description:"BAND: its name. CUSTOM: an expression over birth, level, region, band, honour, honours, medical, onTime and today"`
	Regions      []models.Region  `json:"regions,omitempty" validate:"max=40,dive,division"`
	AnyOf        string           `json:"anyOf,omitempty" validate:"max=20" description:"Needs that name the same are alternatives"`
	Label        *offerWords      `json:"label,omitempty"`
	Remedy       *offerWords      `json:"remedy,omitempty"`
	Basis        string           `json:"basis,omitempty" validate:"max=200"`
	ChangeableBy string           `json:"changeableBy,omitempty" validate:"omitempty,oneof=subject department time nobody"`
}

type offerWords struct {
	ZH string `json:"zh" validate:"required,max=1000"`
	EN string `json:"en" validate:"required,max=1000"`
}

func (w *offerWords) words() benefit.Words {
	if w == nil {
		return benefit.Words{}
	}
	return benefit.Words{ZH: w.ZH, EN: w.EN}
}

type quotaRequest struct {
	Total     int            `json:"total" validate:"gte=0,lte=100000"`
	Daily     int            `json:"daily" validate:"gte=0,lte=100000"`
	PerPerson int            `json:"perPerson" validate:"gte=1,lte=100"`
	Period    benefit.Period `json:"period" validate:"required,oneof=ONCE DAY MONTH YEAR"`
}

// termsRequest is what a version says.
type termsRequest struct {
	Name      offerWords      `json:"name"`
	Details   offerWords      `json:"details"`
	Otherwise *offerWords     `json:"otherwise,omitempty" description:"Of a public service: how everybody gets it without the offer"`
	Form      benefit.Form    `json:"form" validate:"required,max=20"`
	Needs     []needRequest   `json:"needs" validate:"max=12,dive"`
	Quota     quotaRequest    `json:"quota"`
	CapFen    models.Fen      `json:"capFen" validate:"fen"`
	Regions   []models.Region `json:"regions" validate:"required,min=1,max=40,dive,division"`
	From      models.Day      `json:"from" validate:"required"`
	Until     models.Day      `json:"until" validate:"required"`
	GoodDays  int             `json:"goodDays" validate:"gte=0,lte=366"`
	BringDays int             `json:"bringDays" validate:"gte=0,lte=366"`
	Consent   offerWords      `json:"consent"`
}

func (t termsRequest) terms() benefit.Terms {
	out := benefit.Terms{
		Name: t.Name.words(), Details: t.Details.words(), Otherwise: t.Otherwise.words(), Form: t.Form, Quota: benefit.Quota(t.Quota), Cap: t.CapFen,
		Regions: t.Regions, From: t.From, Until: t.Until, Good: t.GoodDays, Bring: t.BringDays, Consent: t.Consent.words(),
	}
	for _, n := range t.Needs {
		out.Needs = append(out.Needs, benefit.Need{
			Kind: n.Kind, Number: n.Number, Text: n.Text, Regions: n.Regions, AnyOf: n.AnyOf, Label: n.Label.words(), Remedy: n.Remedy.words(),
			Basis: n.Basis, ChangeableBy: n.ChangeableBy,
		})
	}
	return out
}

type deskOfferView struct {
	ID       string             `json:"id"`
	Revision int64              `json:"revision"`
	Scene    string             `json:"scene"`
	Name     string             `json:"name" personal:"false"`
	For      models.SubjectKind `json:"for"`
	State    benefit.State      `json:"state" enum:"PREPARING,ONLINE,PAUSED,OFFLINE"`
	Active   int                `json:"activeVersion" description:"0: none is in force"`
	Why      string             `json:"reason,omitempty"`
	Versions []offerVersionView `json:"versions,omitempty"`
}

// Revised is what ETag shows.
func (v deskOfferView) Revised() int64 { return v.Revision }

type offerVersionView struct {
	ID         string        `json:"id"`
	No         int           `json:"no"`
	Stage      benefit.Stage `json:"stage" enum:"DRAFT,VALIDATED,SIMULATED,APPROVED,SCHEDULED,ACTIVE,RETIRED"`
	Name       string        `json:"name" personal:"false"`
	Hash       string        `json:"hash,omitempty"`
	Simulation string        `json:"simulation,omitempty"`
	TriedAt    *time.Time    `json:"triedAt,omitempty"`
	Begins     models.Day    `json:"begins,omitempty"`
}

func viewOfferVersion(lang string) func(*benefit.Version) offerVersionView {
	return func(v *benefit.Version) offerVersionView {
		return offerVersionView{v.ID, v.No, v.State, v.Terms.Name.In(lang), v.Hash, v.Simulation, v.TriedAt, v.Begins}
	}
}

func viewDeskOffer(lang string) func(*benefit.Offer) deskOfferView {
	return func(o *benefit.Offer) deskOfferView {
		return deskOfferView{o.ID, o.Revision, o.Scene, o.Terms.Name.In(lang), o.Subject, o.State, o.Active, o.Why, nil}
	}
}

type openOfferRequest struct {
	Scene   string             `json:"scene" validate:"required,max=8"`
	Subject models.SubjectKind `json:"for" validate:"required,oneof=PERSON ORGANISATION"`
	Terms   termsRequest       `json:"terms"`
}

func (h BenefitDesk) open(ctx context.Context, rq Request, in openOfferRequest) (deskOfferView, error) {
	s, err := h.Scenes.Get(ctx, in.Scene)
	if errors.Is(err, models.NotFound) {
		return deskOfferView{}, models.Bad("/scene", "unknown", "benefit.scene_unknown")
	}
	if err != nil {
		return deskOfferView{}, err
	}
	if !s.Takes(rq.Actor.Role, in.Terms.Form) {
		return deskOfferView{}, models.E(models.Forbidden, "benefit.scene_not_yours")
	}
	c, err := h.Clients.Get(ctx, rq.Actor.Client)
	if err != nil {
		return deskOfferView{}, err
	}
	o, err := benefit.NewOffer(rq.NewID(), s, rq.Actor.Org, c.Name, c.Region.City(), in.Subject, rq.Actor, rq.Now)
	if err != nil {
		return deskOfferView{}, err
	}
	no, err := o.Draft()
	if err == nil {
		err = existing(h.Versions.Insert(ctx, benefit.NewVersion(o, no, in.Terms.terms(), rq.Actor, rq.Now)))
	}
	if err == nil {
		err = existing(h.Offers.Insert(ctx, o))
	}
	if err != nil {
		return deskOfferView{}, err
	}
	return h.one(ctx, rq, byID{o.ID})
}

// existing takes what is there already for done: the same request, once more.
func existing(err error) error {
	if errors.Is(err, models.Conflict) {
		return nil
	}
	return err
}

func (h BenefitDesk) offers(ctx context.Context, rq Request, in PageQuery) (List[deskOfferView], error) {
	page, err := h.Offers.Find(ctx, store.OffersOf(rq.Actor.Org).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[deskOfferView]{}, err
	}
	return Listed(page, viewDeskOffer(rq.Lang)), nil
}

// mineToo is one of the caller's offers; another's is not there. Errors: NotFound.
func (h BenefitDesk) mineToo(ctx context.Context, rq Request, id string) (*benefit.Offer, error) {
	o, err := h.Offers.Get(ctx, id)
	if err == nil && o.Provider != rq.Actor.Org {
		err = models.E(models.NotFound, "not_found")
	}
	return o, err
}

func (h BenefitDesk) one(ctx context.Context, rq Request, in byID) (deskOfferView, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	if err != nil {
		return deskOfferView{}, err
	}
	page, err := h.Versions.Find(ctx, store.VersionsOf(o.ID).Page(store.MaxPage, ""))
	if err != nil {
		return deskOfferView{}, err
	}
	v := viewDeskOffer(rq.Lang)(o)
	v.Versions = Listed(page, viewOfferVersion(rq.Lang)).Items
	return v, nil
}

type draftVersionRequest struct {
	byID
	Terms termsRequest `json:"terms"`
}

func (h BenefitDesk) draft(ctx context.Context, rq Request, in draftVersionRequest) (offerVersionView, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	if err != nil {
		return offerVersionView{}, err
	}
	var no int
	o, err = h.Offers.Update(ctx, o.ID, func(o *benefit.Offer) (err error) { no, err = o.Draft(); return err })
	if err != nil {
		return offerVersionView{}, err
	}
	v := benefit.NewVersion(o, no, in.Terms.terms(), rq.Actor, rq.Now)
	if err := h.Versions.Insert(ctx, v); err != nil {
		return offerVersionView{}, err
	}
	return viewOfferVersion(rq.Lang)(v), nil
}

type versionAt struct {
	byID
	No int `path:"no" validate:"gte=1"`
}

// version is a version of one of the caller's offers, and its offer.
func (h BenefitDesk) version(ctx context.Context, rq Request, in versionAt) (*benefit.Version, *benefit.Offer, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	if err != nil {
		return nil, nil, err
	}
	v, err := h.Versions.Get(ctx, benefit.VersionID(o.ID, in.No))
	return v, o, err
}

func (h BenefitDesk) changeVersion(ctx context.Context, rq Request, in versionAt, change func(*benefit.Version, *benefit.Offer) error) (offerVersionView, error) {
	v, o, err := h.version(ctx, rq, in)
	if err != nil {
		return offerVersionView{}, err
	}
	v, err = h.Versions.Update(ctx, v.ID, func(v *benefit.Version) error {
		if err := rq.Fresh(v.Revision); err != nil {
			return err
		}
		return change(v, o)
	})
	if err != nil {
		return offerVersionView{}, err
	}
	return viewOfferVersion(rq.Lang)(v), nil
}

type editVersionRequest struct {
	versionAt
	Terms termsRequest `json:"terms"`
}

func (h BenefitDesk) edit(ctx context.Context, rq Request, in editVersionRequest) (offerVersionView, error) {
	return h.changeVersion(ctx, rq, in.versionAt, func(v *benefit.Version, _ *benefit.Offer) error { return v.Edit(in.Terms.terms(), rq.Actor) })
}

func (h BenefitDesk) validate(ctx context.Context, rq Request, in versionAt) (offerVersionView, error) {
	_, o, err := h.version(ctx, rq, in)
	if err != nil {
		return offerVersionView{}, err
	}
	s, err := h.Scenes.Get(ctx, o.Scene)
	if err != nil {
		return offerVersionView{}, err
	}
	return h.changeVersion(ctx, rq, in, func(v *benefit.Version, _ *benefit.Offer) error { return v.Validate(s, rq.Actor, rq.Now) })
}

// simulationView is a simulation with small groups left out.
type simulationView struct {
	ID      string            `json:"id"`
	State   benefit.SimState  `json:"state" enum:"COUNTING,COUNTED"`
	Against string            `json:"against,omitempty" description:"The version in force it is compared with"`
	Hash    string            `json:"hash"`
	Total   int64             `json:"total"`
	Seen    int64             `json:"seen"`
	Done    *time.Time        `json:"doneAt,omitempty"`
	Totals  simulationCounts  `json:"totals" description:"Of the groups that are shown"`
	Groups  []simulationGroup `json:"groups"`
	Hidden  int               `json:"hidden" description:"So many counts are of fewer than five people, and are not shown"`
	Budget  models.Fen        `json:"budgetFen" description:"The most it may cost over its whole time, 0: not bounded"`
}

type simulationCounts struct {
	Gain    int64 `json:"gain" description:"May have it then and not now; -1: fewer than five"`
	Lose    int64 `json:"lose"`
	Keep    int64 `json:"keep"`
	Never   int64 `json:"never"`
	Unknown int64 `json:"unknown" description:"Something about them is not known"`
}

type simulationGroup struct {
	County models.Region `json:"county"`
	Ages   string        `json:"ages"`
	simulationCounts
}

func (h BenefitDesk) viewSimulation(s *benefit.Simulation, t benefit.Terms) simulationView {
	v := simulationView{ID: s.ID, State: s.State, Against: s.Against, Hash: s.Hash, Total: s.Total, Seen: s.Seen, Done: s.DoneAt, Groups: []simulationGroup{}}
	if s.State != benefit.Counted { // parts of a count would show what came with each of them
		return v
	}
	shown := s.Show(h.Policy.Suppress)
	v.Totals, v.Hidden = simulationCounts(shown.Totals), shown.Hidden
	v.Budget = t.Budget(shown.Totals.Gain + shown.Totals.Keep)
	for _, c := range shown.Cells {
		v.Groups = append(v.Groups, simulationGroup{c.County, c.Ages, simulationCounts(c.Counts)})
	}
	return v
}

func (h BenefitDesk) simulate(ctx context.Context, rq Request, in versionAt) (simulationView, error) {
	v, o, err := h.version(ctx, rq, in)
	if err != nil {
		return simulationView{}, err
	}
	var inForce *benefit.Version
	if o.Active > 0 {
		if inForce, err = h.Versions.Get(ctx, benefit.VersionID(o.ID, o.Active)); err != nil {
			return simulationView{}, err
		}
	}
	total, err := h.Profiles.Count(ctx, store.ProfilesOf(o.Subject))
	if err != nil {
		return simulationView{}, err
	}
	s, err := benefit.NewSimulation(rq.NewID(), v, inForce, total, rq.Actor, rq.Now)
	if err == nil {
		err = existing(h.Simulations.Insert(ctx, s))
	}
	if err != nil {
		return simulationView{}, err
	}
	return h.viewSimulation(s, v.Terms), nil
}

func (h BenefitDesk) simulation(ctx context.Context, rq Request, in versionAt) (simulationView, error) {
	v, _, err := h.version(ctx, rq, in)
	if err != nil {
		return simulationView{}, err
	}
	s, err := h.Simulations.First(ctx, store.SimulationsOf(v.ID))
	if err != nil {
		return simulationView{}, err
	}
	return h.viewSimulation(s, v.Terms), nil
}

type publishRequest struct {
	versionAt
	Begins models.Day `json:"begins" validate:"required" description:"The first day; of a later version at least the days of notice ahead"`
}

func (h BenefitDesk) publish(ctx context.Context, rq Request, in publishRequest) (offerVersionView, error) {
	return h.changeVersion(ctx, rq, in.versionAt, func(v *benefit.Version, o *benefit.Offer) error {
		return v.Publish(in.Begins, o.Active > 0, h.Policy, rq.Actor, rq.Now)
	})
}

func (h BenefitDesk) drop(ctx context.Context, rq Request, in versionAt) (offerVersionView, error) {
	return h.changeVersion(ctx, rq, in, func(v *benefit.Version, _ *benefit.Offer) error { return v.Drop(rq.Actor, rq.Now) })
}

type whyRequest struct {
	byID
	Reason string `json:"reason" validate:"required,max=500" description:"People read it"`
}

func (h BenefitDesk) changeOffer(ctx context.Context, rq Request, id string, change func(*benefit.Offer) error) (deskOfferView, error) {
	if _, err := h.mineToo(ctx, rq, id); err != nil {
		return deskOfferView{}, err
	}
	o, err := h.Offers.Update(ctx, id, func(o *benefit.Offer) error {
		if err := rq.Fresh(o.Revision); err != nil {
			return err
		}
		return change(o)
	})
	if err != nil {
		return deskOfferView{}, err
	}
	return viewDeskOffer(rq.Lang)(o), nil
}

func (h BenefitDesk) pause(ctx context.Context, rq Request, in whyRequest) (deskOfferView, error) {
	return h.changeOffer(ctx, rq, in.ID, func(o *benefit.Offer) error { return o.Pause(in.Reason, rq.Actor, rq.Now) })
}

func (h BenefitDesk) resume(ctx context.Context, rq Request, in byID) (deskOfferView, error) {
	return h.changeOffer(ctx, rq, in.ID, func(o *benefit.Offer) error { return o.Resume(rq.Actor, rq.Now) })
}

func (h BenefitDesk) shut(ctx context.Context, rq Request, in whyRequest) (deskOfferView, error) {
	return h.changeOffer(ctx, rq, in.ID, func(o *benefit.Offer) error { return o.Close(in.Reason, rq.Actor, rq.Now) })
}

// counterRequest is what somebody shows at the counter.
type counterRequest struct {
	Code  string `json:"code,omitempty" validate:"required_without=Token,max=16"`
	Token string `json:"token,omitempty" validate:"max=2000"`
}

// good is what a provider sees of a claim.
type goodView struct {
	Good   bool       `json:"good" description:"It may be used now"`
	Claim  string     `json:"claim"`
	Offer  string     `json:"offer"`
	What   string     `json:"what"`
	Name   string     `json:"name" personal:"true" description:"Masked"`
	CapFen models.Fen `json:"capFen"`
}

// shown finds the claim somebody shows, as of a moment. Errors: NotFound, Conflict "benefit.code_expired", Invalid "benefit.token_bad".
func (h BenefitDesk) shown(ctx context.Context, rq Request, in counterRequest, at time.Time) (*benefit.Claim, error) {
	id := ""
	if in.Token != "" {
		said, err := h.verify(in.Token, rq.Actor.Org, at)
		if err != nil {
			return nil, err
		}
		id = said.ID
	} else {
		code, err := h.Codes.Get(ctx, benefit.CodeID(rq.Actor.Org, trimmed(in.Code)))
		if errors.Is(err, models.NotFound) {
			return nil, models.E(models.NotFound, "benefit.code_unknown")
		}
		if err == nil {
			err = code.Good(rq.Now)
		}
		if err != nil {
			return nil, err
		}
		id = code.Claim
	}
	c, err := h.Claims.Get(ctx, id)
	if err == nil && c.Provider != rq.Actor.Org {
		err = models.E(models.NotFound, "not_found")
	}
	return c, err
}

// look notes that a provider sees who shows a code.
func (h BenefitDesk) look(ctx context.Context, rq Request, c *benefit.Claim) error {
	return h.Looks.Look(ctx, rq, access.Look{
		Subject: models.Subject{Kind: models.PersonSubject, Person: c.Person}, Fields: []string{"benefit.name"}, About: c.ID, Purpose: "benefit.use", Case: c.ID,
	})
}

// entitled decides anew whether the holder of a claim may have its offer, and answers the decision.
func (h BenefitDesk) entitled(ctx context.Context, rq Request, c *benefit.Claim) (*judged, error) {
	o, err := h.Offers.Get(ctx, c.Offer)
	if err != nil {
		return nil, err
	}
	holder := models.Actor{Person: c.Person, Role: models.Resident}
	if c.Kind == models.Organisation {
		holder = models.Actor{Person: c.Person, Role: models.Business, Org: c.Holder}
	}
	return h.judge(ctx, rq, o, holder)
}

func (h BenefitDesk) check(ctx context.Context, rq Request, in counterRequest) (goodView, error) {
	c, err := h.shown(ctx, rq, in, rq.Now)
	if err != nil {
		return goodView{}, errors.Join(err, h.Looks.Look(ctx, rq))
	}
	j, err := h.entitled(ctx, rq, c)
	if err == nil {
		err = h.look(ctx, rq, c)
	}
	if err != nil {
		return goodView{}, err
	}
	good := j.result.Outcome == models.Pass && c.Usable(rq.Now) == nil
	return goodView{good, c.ID, c.Offer, c.Title.In(rq.Lang), c.Name.String(), c.Cap}, nil
}

// offline is how long after its check a token may be handed in.
const offline = 72 * time.Hour

type redeemRequest struct {
	counterRequest
	No     string     `json:"no" validate:"required,max=64" description:"The provider's own number of this use"`
	Amount models.Fen `json:"amountFen" validate:"fen" description:"What was bought"`
	Saved  models.Fen `json:"savedFen" validate:"fen" description:"Of it, what the offer saved"`
	UsedAt *time.Time `json:"usedAt,omitempty" description:"Of a token that was checked without a network: when"`
}

func (h BenefitDesk) redeem(ctx context.Context, rq Request, in redeemRequest) (goodView, error) {
	at := rq.Now
	if in.UsedAt != nil {
		if at = in.UsedAt.UTC().Truncate(time.Millisecond); in.Token == "" || at.After(rq.Now) || rq.Now.Sub(at) > offline {
			return goodView{}, errors.Join(models.Bad("/usedAt", "benefit_offline", "benefit.token_bad"), h.Looks.Look(ctx, rq))
		}
	}
	c, err := h.used(ctx, rq, in)
	if err == nil && c == nil {
		c, err = h.shown(ctx, rq, in.counterRequest, at)
	}
	if err != nil {
		return goodView{}, errors.Join(err, h.Looks.Look(ctx, rq))
	}
	j, err := h.entitled(ctx, rq, c)
	if err == nil {
		err = h.look(ctx, rq, c)
	}
	if err != nil {
		return goodView{}, err
	}
	if j.result.Outcome != models.Pass && in.UsedAt == nil && c.State == benefit.Claimed {
		return goodView{}, models.E(models.Conflict, "benefit.no_more") // why is nobody's business at a counter
	}
	c, err = h.Claims.Update(ctx, c.ID, func(c *benefit.Claim) error {
		return c.Redeem(benefit.Use{No: in.No, Amount: in.Amount, Saved: in.Saved, Decision: j.decision.ID}, rq.Actor, at)
	})
	if err != nil {
		return goodView{}, err
	}
	return goodView{true, c.ID, c.Offer, c.Title.In(rq.Lang), c.Name.String(), c.Cap}, nil
}

// used is the claim the provider's number was used for, nil for none. Errors: Conflict "benefit.number_used" for another claim's.
func (h BenefitDesk) used(ctx context.Context, rq Request, in redeemRequest) (*benefit.Claim, error) {
	c, err := h.Claims.First(ctx, store.ClaimUsed(rq.Actor.Org+"/"+in.No))
	if errors.Is(err, models.NotFound) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	if err != nil {
		return nil, err
	}
	if in.Token == "" {
		code, err := h.Codes.Get(ctx, benefit.CodeID(rq.Actor.Org, trimmed(in.Code)))
		if err != nil || code.Claim != c.ID {
			return nil, models.E(models.Conflict, "benefit.number_used")
		}
		return c, nil
	}
	said, err := h.verify(in.Token, rq.Actor.Org, *c.UsedAt)
	if err != nil || said.ID != c.ID {
		return nil, models.E(models.Conflict, "benefit.number_used")
	}
	return c, nil
}

type redemptionView struct {
	Claim  string             `json:"claim"`
	No     string             `json:"no"`
	Offer  string             `json:"offer"`
	Scene  string             `json:"scene"`
	State  benefit.ClaimState `json:"state" enum:"USED,RETURNED,BREACHED,SETTLED,CANCELLED"`
	UsedAt *time.Time         `json:"usedAt"`
	Amount models.Fen         `json:"amountFen"`
	Saved  models.Fen         `json:"savedFen"`
	Due    models.Day         `json:"bringBackBy,omitempty"`
}

func viewRedemption(c *benefit.Claim) redemptionView {
	return redemptionView{c.ID, c.No, c.Offer, c.Scene, c.State, c.UsedAt, c.Amount, c.Saved, c.Due}
}

func (h BenefitDesk) changeUse(ctx context.Context, rq Request, id string, change func(*benefit.Claim) error) (redemptionView, error) {
	c, err := h.Claims.Update(ctx, id, func(c *benefit.Claim) error {
		if c.Provider != rq.Actor.Org || c.UsedAt == nil {
			return models.E(models.NotFound, "not_found")
		}
		return change(c)
	})
	if err != nil {
		return redemptionView{}, err
	}
	return viewRedemption(c), nil
}

func (h BenefitDesk) reverse(ctx context.Context, rq Request, in whyRequest) (redemptionView, error) {
	return h.changeUse(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Reverse(in.Reason, rq.Actor, rq.Now) })
}

func (h BenefitDesk) back(ctx context.Context, rq Request, in byID) (redemptionView, error) {
	return h.changeUse(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Return(rq.Actor, rq.Now) })
}

func (h BenefitDesk) breach(ctx context.Context, rq Request, in whyRequest) (redemptionView, error) {
	return h.changeUse(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Breaks(in.Reason, rq.Actor, rq.Now) })
}

type dayRequest struct {
	Day models.Day `path:"day" validate:"required"`
	PageQuery
}

type dayView struct {
	Day      models.Day       `json:"day"`
	Uses     int              `json:"uses" description:"Of the whole day, those reversed left out"`
	Amount   models.Fen       `json:"amountFen"`
	Saved    models.Fen       `json:"savedFen"`
	Reversed int              `json:"reversed"`
	Items    []redemptionView `json:"items"`
	Next     string           `json:"nextCursor"`
}

func (h BenefitDesk) statement(ctx context.Context, rq Request, in dayRequest) (dayView, error) {
	day, err := models.ParseDay(string(in.Day))
	if err != nil {
		return dayView{}, models.Bad("#path/day", "day", "request.invalid")
	}
	v := dayView{Day: day}
	_, err = h.Claims.Each(ctx, store.ClaimsOfDay(rq.Actor.Org, day).Only("state", "amount", "saved"), func(c *benefit.Claim) error {
		if c.State == benefit.Cancelled {
			v.Reversed++
			return nil
		}
		v.Uses, v.Amount, v.Saved = v.Uses+1, v.Amount+c.Amount, v.Saved+c.Saved
		return nil
	})
	if err != nil {
		return v, err
	}
	page, err := h.Claims.Find(ctx, store.ClaimsOfDay(rq.Actor.Org, day).Page(in.Limit, in.Cursor))
	if err != nil {
		return v, err
	}
	list := Listed(page, viewRedemption)
	v.Items, v.Next = list.Items, list.NextCursor
	return v, nil
}
