package handlers

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/models/release"
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
	Put(r, "/provider/offers/{id}/versions/{no}", onRelease(h.released(), h.edit), Does("Change a draft"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/validate", onRelease(h.released(), h.validate), Does("Make the rule of a draft; from here it never changes", "Every fault is named"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/simulate", h.simulate, Does("Try a version on everybody", "It goes on by itself: who gains and who loses by county and age, never who"), May("offers.write"), Creates, tag)
	Get(r, "/provider/offers/{id}/versions/{no}/simulation", h.simulation, Does("How far it has come, and what came out"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/publish", onRelease(h.released(), h.publish), Does("Publish an approved version for a day", "409 without a fresh simulation. People who would lose a claim are told before that day"), May("offers.write"), tag)
	Post(r, "/provider/offers/{id}/versions/{no}/drop", onRelease(h.released(), h.drop), Does("Give a version up that is not in force"), May("offers.write"), tag)
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
	releaseView
	ID         string `json:"id"`
	No         int    `json:"no"`
	Name       string `json:"name" personal:"false"`
	Simulation string `json:"simulation,omitempty"`
}

func viewOfferVersion(rq Request) func(*benefit.Version) offerVersionView {
	return func(v *benefit.Version) offerVersionView {
		return offerVersionView{viewRelease(v, rq.Actor), v.ID, v.No, v.Terms.Name.In(rq.Lang), v.Trial}
	}
}

// released are the versions of offers.
func (h BenefitDesk) released() releases[benefit.Version, offerVersionView] {
	return releases[benefit.Version, offerVersionView]{
		repo: h.Versions, view: func(_ context.Context, rq Request, v *benefit.Version) (offerVersionView, error) {
			return viewOfferVersion(rq)(v), nil
		},
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
	v.Versions = Listed(page, viewOfferVersion(rq)).Items
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
	return h.released().keep(ctx, rq, benefit.NewVersion(o, no, in.Terms.terms(), rq.Actor, rq.Now), nil)
}

type versionAt struct {
	byID
	No int `path:"no" validate:"gte=1"`
}

func (in versionAt) Key() string { return benefit.VersionID(in.ID, in.No) }

// version is a version of one of the caller's offers, and its offer.
func (h BenefitDesk) version(ctx context.Context, rq Request, in versionAt) (*benefit.Version, *benefit.Offer, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	if err != nil {
		return nil, nil, err
	}
	v, err := h.Versions.Get(ctx, in.Key())
	return v, o, err
}

// ofMine is a change of a version of one of the caller's offers. Errors: NotFound.
func (h BenefitDesk) ofMine(ctx context.Context, rq Request, in versionAt, change func(*benefit.Version, *benefit.Offer) error) (func(*benefit.Version) error, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	return func(v *benefit.Version) error { return change(v, o) }, err
}

type editVersionRequest struct {
	versionAt
	Terms termsRequest `json:"terms"`
}

func (h BenefitDesk) edit(ctx context.Context, rq Request, in editVersionRequest) (func(*benefit.Version) error, error) {
	return h.ofMine(ctx, rq, in.versionAt, func(v *benefit.Version, _ *benefit.Offer) error { return v.Edit(in.Terms.terms(), rq.Actor) })
}

func (h BenefitDesk) validate(ctx context.Context, rq Request, in versionAt) (func(*benefit.Version) error, error) {
	_, o, err := h.version(ctx, rq, in)
	if err != nil {
		return nil, err
	}
	s, err := h.Scenes.Get(ctx, o.Scene)
	return func(v *benefit.Version) error { return v.Validate(s, rq.Actor, rq.Now) }, err
}

type publishRequest struct {
	versionAt
	Begins models.Day `json:"begins" validate:"required" description:"The first day; of a later version at least the days of notice ahead"`
}

func (h BenefitDesk) publish(ctx context.Context, rq Request, in publishRequest) (func(*benefit.Version) error, error) {
	return h.ofMine(ctx, rq, in.versionAt, func(v *benefit.Version, o *benefit.Offer) error {
		return v.Publish(in.Begins, o.InForce(), h.Policy, rq.Actor, rq.Now)
	})
}

func (h BenefitDesk) drop(ctx context.Context, rq Request, in versionAt) (func(*benefit.Version) error, error) {
	return h.ofMine(ctx, rq, in, func(v *benefit.Version, _ *benefit.Offer) error { return release.Drop(v, rq.Actor, rq.Now) })
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
