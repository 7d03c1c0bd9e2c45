package benefit

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/models/release"
	"xinyi/store"
)

// Desk serves 信易+ for providers, who publish offers and redeem claims, and for the offices that look at both.
type Desk struct {
	Handler
	Clients *store.Repo[identity.Client]
}

// Mount names the routes.
func (h Desk) Mount(r *api.Router) {
	tag := api.Tag("provider")
	api.Post(r, "/provider/offers", h.open, mayOffersWrite, api.Creates, tag)
	api.Get(r, "/provider/offers", h.offers, mayOffersWrite, tag)
	api.Get(r, "/provider/offers/{id}", h.one, mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/versions", h.draft, mayOffersWrite, api.Creates, tag)
	api.Put(r, "/provider/offers/{id}/versions/{no}", api.OnRelease(h.released(), h.edit), mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/versions/{no}/validate", api.OnRelease(h.released(), h.validate), mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/versions/{no}/simulate", h.simulate, mayOffersWrite, api.Creates, tag)
	api.Get(r, "/provider/offers/{id}/versions/{no}/simulation", h.simulation, mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/versions/{no}/publish", api.OnRelease(h.released(), h.publish), mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/versions/{no}/drop", api.OnRelease(h.released(), h.drop), mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/pause", h.pause, mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/resume", h.resume, mayOffersWrite, tag)
	api.Post(r, "/provider/offers/{id}/close", h.shut, mayOffersWrite, tag)

	api.Post(r, "/provider/redemptions/check", h.check, mayOffersRedeem, api.Reveals, api.Limit(time.Minute, 120), tag)
	api.Post(r, "/provider/redemptions", h.redeem, mayOffersRedeem, api.Reveals, api.Limit(time.Minute, 600), tag)
	api.Post(r, "/provider/redemptions/{id}/reverse", h.reverse, mayOffersRedeem, tag)
	api.Post(r, "/provider/redemptions/{id}/return", h.back, mayOffersRedeem, tag)
	api.Post(r, "/provider/redemptions/{id}/breach", h.breach, mayOffersRedeem, tag)
	api.Get(r, "/provider/statements/{day}", h.statement, mayOffersRedeem, tag)

	h.mountOffice(r)
}

type deskOfferView struct {
	ID       string             `json:"id"`
	Revision int64              `json:"revision"`
	Scene    string             `json:"scene"`
	Name     string             `json:"name" personal:"false"`
	For      models.SubjectKind `json:"for"`
	State    benefit.State      `json:"state"`
	Active   int                `json:"activeVersion" description:"0: none is in force"`
	Why      string             `json:"reason,omitempty"`
	Versions []offerVersionView `json:"versions,omitempty"`
}

// Revised is what ETag shows.
func (v deskOfferView) Revised() int64 { return v.Revision }

type offerVersionView struct {
	api.ReleaseView
	ID         string `json:"id"`
	No         int    `json:"no"`
	Name       string `json:"name" personal:"false"`
	Simulation string `json:"simulation,omitempty"`
}

func viewOfferVersion(rq api.Request) func(*benefit.Version) offerVersionView {
	return func(v *benefit.Version) offerVersionView {
		return offerVersionView{api.ViewRelease(v, rq.Actor), v.ID, v.No, v.Terms.Name.In(rq.Lang), v.Trial}
	}
}

// released are the versions of offers.
func (h Desk) released() api.Releases[benefit.Version, offerVersionView] {
	return api.Releases[benefit.Version, offerVersionView]{
		Repo: h.Versions, View: func(_ context.Context, rq api.Request, v *benefit.Version) (offerVersionView, error) {
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

func (h Desk) open(ctx context.Context, rq api.Request, in openOfferRequest) (deskOfferView, error) {
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
	o, err := s.NewOffer(rq.NewID(), benefit.Provider{Org: rq.Actor.Org, Name: c.Name, Region: c.Region.City()}, in.Subject, rq.Actor, rq.Now)
	if err != nil {
		return deskOfferView{}, err
	}
	no, err := o.Draft()
	if err == nil {
		err = store.Existing(h.Versions.Insert(ctx, benefit.NewVersion(o, no, in.Terms.terms(), rq.Actor, rq.Now)))
	}
	if err == nil {
		err = store.Existing(h.Offers.Insert(ctx, o))
	}
	if err != nil {
		return deskOfferView{}, err
	}
	return h.one(ctx, rq, api.ByID{ID: o.ID})
}

func (h Desk) offers(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[deskOfferView], error) {
	return api.Found(ctx, h.Offers, store.OffersOf(rq.Actor.Org), in, viewDeskOffer(rq.Lang))
}

// mineToo is one of the caller's offers; another's is not there. Errors: NotFound.
func (h Desk) mineToo(ctx context.Context, rq api.Request, id string) (*benefit.Offer, error) {
	o, err := h.Offers.Get(ctx, id)
	if err == nil && o.Provider != rq.Actor.Org {
		err = models.E(models.NotFound, "not_found")
	}
	return o, err
}

func (h Desk) one(ctx context.Context, rq api.Request, in api.ByID) (deskOfferView, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	if err != nil {
		return deskOfferView{}, err
	}
	page, err := h.Versions.Find(ctx, store.VersionsOf(o.ID).Page(store.MaxPage, ""))
	if err != nil {
		return deskOfferView{}, err
	}
	v := viewDeskOffer(rq.Lang)(o)
	v.Versions = api.Listed(page, viewOfferVersion(rq)).Items
	return v, nil
}

type draftVersionRequest struct {
	api.ByID
	Terms termsRequest `json:"terms"`
}

func (h Desk) draft(ctx context.Context, rq api.Request, in draftVersionRequest) (offerVersionView, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	if err != nil {
		return offerVersionView{}, err
	}
	var no int
	o, err = h.Offers.Update(ctx, o.ID, func(o *benefit.Offer) (err error) { no, err = o.Draft(); return err })
	if err != nil {
		return offerVersionView{}, err
	}
	return h.released().Keep(ctx, rq, benefit.NewVersion(o, no, in.Terms.terms(), rq.Actor, rq.Now), nil)
}

type versionAt struct {
	api.ByID
	No int `path:"no" validate:"gte=1"`
}

func (in versionAt) Key() string { return benefit.VersionID(in.ID, in.No) }

// version is a version of one of the caller's offers, and its offer.
func (h Desk) version(ctx context.Context, rq api.Request, in versionAt) (*benefit.Version, *benefit.Offer, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	if err != nil {
		return nil, nil, err
	}
	v, err := h.Versions.Get(ctx, in.Key())
	return v, o, err
}

// ofMine is a change of a version of one of the caller's offers. Errors: NotFound.
func (h Desk) ofMine(ctx context.Context, rq api.Request, in versionAt,
	change func(*benefit.Version, *benefit.Offer) error) (func(*benefit.Version) error, error) {
	o, err := h.mineToo(ctx, rq, in.ID)
	return func(v *benefit.Version) error { return change(v, o) }, err
}

type editVersionRequest struct {
	versionAt
	Terms termsRequest `json:"terms"`
}

func (h Desk) edit(ctx context.Context, rq api.Request, in editVersionRequest) (func(*benefit.Version) error, error) {
	return h.ofMine(ctx, rq, in.versionAt, func(v *benefit.Version, _ *benefit.Offer) error { return v.Edit(in.Terms.terms(), rq.Actor) })
}

func (h Desk) validate(ctx context.Context, rq api.Request, in versionAt) (func(*benefit.Version) error, error) {
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

func (h Desk) publish(ctx context.Context, rq api.Request, in publishRequest) (func(*benefit.Version) error, error) {
	return h.ofMine(ctx, rq, in.versionAt, func(v *benefit.Version, o *benefit.Offer) error {
		return v.Publish(in.Begins, o.InForce(), h.Policy, rq.Actor, rq.Now)
	})
}

func (h Desk) drop(ctx context.Context, rq api.Request, in versionAt) (func(*benefit.Version) error, error) {
	return h.ofMine(ctx, rq, in, func(v *benefit.Version, _ *benefit.Offer) error { return release.Drop(v, rq.Actor, rq.Now) })
}

type whyRequest struct {
	api.ByID
	Reason string `json:"reason" validate:"required,max=500" description:"People read it"`
}

func (h Desk) changeOffer(ctx context.Context, rq api.Request, id string, change func(*benefit.Offer) error) (deskOfferView, error) {
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

func (h Desk) pause(ctx context.Context, rq api.Request, in whyRequest) (deskOfferView, error) {
	return h.changeOffer(ctx, rq, in.ID, func(o *benefit.Offer) error { return o.Pause(in.Reason, rq.Actor, rq.Now) })
}

func (h Desk) resume(ctx context.Context, rq api.Request, in api.ByID) (deskOfferView, error) {
	return h.changeOffer(ctx, rq, in.ID, func(o *benefit.Offer) error { return o.Resume(rq.Actor, rq.Now) })
}

func (h Desk) shut(ctx context.Context, rq api.Request, in whyRequest) (deskOfferView, error) {
	return h.changeOffer(ctx, rq, in.ID, func(o *benefit.Offer) error { return o.Close(in.Reason, rq.Actor, rq.Now) })
}
