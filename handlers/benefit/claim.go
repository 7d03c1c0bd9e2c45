package benefit

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
	"xinyi/usecase"
)

// claimView is a claim as its holder sees it.
type claimView struct {
	ID       string             `json:"id"`
	Revision int64              `json:"revision"`
	Offer    string             `json:"offer"`
	Name     string             `json:"name" personal:"false"`
	Scene    string             `json:"scene"`
	State    benefit.ClaimState `json:"state"`
	Until    *time.Time         `json:"heldUntil,omitempty"`
	Ends     models.Day         `json:"ends,omitempty" description:"The last day of use"`
	UsedAt   *time.Time         `json:"usedAt,omitempty"`
	Amount   models.Fen         `json:"amountFen"`
	Saved    models.Fen         `json:"savedFen"`
	Due      models.Day         `json:"bringBackBy,omitempty"`
	Breach   string             `json:"breach,omitempty" description:"What the provider says; it counts with this provider's scene alone"`
	Counts   bool               `json:"breachCounts"`
	Objected string             `json:"objection,omitempty"`
	Finding  string             `json:"finding,omitempty"`
	Decided  []string           `json:"decisions"`
}

// Revised is what ETag shows.
func (v claimView) Revised() int64 { return v.Revision }

func viewClaim(lang string) func(*benefit.Claim) claimView {
	return func(c *benefit.Claim) claimView {
		return claimView{
			c.ID, c.Revision, c.Offer, c.Title.In(lang), c.Scene, c.State, c.Until, c.Ends, c.UsedAt, c.Amount, c.Saved, c.Due, c.Breach,
			c.Kept != "",
			c.Objected, c.Finding, append([]string{}, c.Decided...),
		}
	}
}

type holdRequest struct {
	api.ByID
	Agree string `json:"agree,omitempty" validate:"max=64" description:"The hash of the offer's text: then it is claimed at once"`
}

func (h Handler) hold(ctx context.Context, rq api.Request, in holdRequest) (claimView, error) {
	o, err := h.shownOffer(ctx, in.ID)
	if err != nil {
		return claimView{}, err
	}
	id := rq.NewID()
	if c, err := h.Claims.Get(ctx, id); !errors.Is(err, models.NotFound) { // an earlier try of the same request
		if err != nil {
			return claimView{}, err
		}
		return h.agreed(ctx, rq, c, o, in.Agree)
	}
	if err := h.mayClaim(rq, o, in.Agree); err != nil {
		return claimView{}, err
	}
	j, err := h.judge(ctx, rq, o, rq.Actor)
	if err != nil {
		return claimView{}, err
	}
	if j.result.Outcome != models.Pass {
		return claimView{}, &models.Error{Code: models.Denied, Reason: "benefit.not_eligible", Clauses: j.result.Clauses}
	}
	c, err := h.Grant(ctx, o, benefit.Grant{
		ID: id, Holder: usecase.Holder(rq.Actor), Person: rq.Actor.Person, Until: rq.Now.Add(h.Policy.Hold), Decision: j.decision.ID, By: rq.Actor,
	}, h.Policy)
	if err != nil {
		return claimView{}, err
	}
	return h.agreed(ctx, rq, c, o, in.Agree)
}

// mayClaim looks at all but the rule. Errors: Conflict.
func (h Handler) mayClaim(rq api.Request, o *benefit.Offer, agree string) error {
	if err := o.Open(models.DayOf(rq.Now)); err != nil {
		return err
	}
	if err := suits(o, rq.Actor); err != nil {
		return err
	}
	if agree != "" && agree != agreeing(o.Terms, "").Hash {
		return models.E(models.Conflict, "benefit.text_outdated")
	}
	return nil
}

// agreed claims what is held when the text was agreed to.
func (h Handler) agreed(ctx context.Context, rq api.Request, c *benefit.Claim, o *benefit.Offer, agree string) (claimView, error) {
	if agree == "" {
		return viewClaim(rq.Lang)(c), nil
	}
	if agree != agreeing(o.Terms, "").Hash {
		return claimView{}, models.E(models.Conflict, "benefit.text_outdated")
	}
	return h.changeMine(ctx, rq, c.ID, func(c *benefit.Claim) error { return c.Claim(agree, rq.Actor, rq.Now) })
}

// myClaim says whether a claim is the caller's; another's is not there. Errors: NotFound.
func myClaim(rq api.Request, c *benefit.Claim) error {
	if c.Holder != usecase.Holder(rq.Actor) {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

func (h Handler) changeMine(ctx context.Context, rq api.Request, id string, change func(*benefit.Claim) error) (claimView, error) {
	c, err := h.Claims.Update(ctx, id, func(c *benefit.Claim) error {
		if err := myClaim(rq, c); err != nil {
			return err
		}
		if err := rq.Fresh(c.Revision); err != nil {
			return err
		}
		return change(c)
	})
	if err != nil {
		return claimView{}, err
	}
	return viewClaim(rq.Lang)(c), nil
}

type agreeRequest struct {
	api.ByID
	Agree string `json:"agree" validate:"required,max=64" description:"The hash of the offer's text"`
}

func (h Handler) confirm(ctx context.Context, rq api.Request, in agreeRequest) (claimView, error) {
	c, err := h.Claims.Get(ctx, in.ID)
	if err == nil {
		err = myClaim(rq, c)
	}
	if err != nil {
		return claimView{}, err
	}
	o, err := h.Offers.Get(ctx, c.Offer)
	if err != nil {
		return claimView{}, err
	}
	if c.State == benefit.Held { // it may have been a day since she joined the line
		j, err := h.judge(ctx, rq, o, rq.Actor)
		if err != nil {
			return claimView{}, err
		}
		if j.result.Outcome != models.Pass {
			return claimView{}, &models.Error{Code: models.Denied, Reason: "benefit.not_eligible", Clauses: j.result.Clauses}
		}
	}
	return h.agreed(ctx, rq, c, o, in.Agree)
}

func (h Handler) claims(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[claimView], error) {
	return api.Found(ctx, h.Claims, store.ClaimsOf(usecase.Holder(rq.Actor)), in, viewClaim(rq.Lang))
}

func (h Handler) claim(ctx context.Context, rq api.Request, in api.ByID) (claimView, error) {
	c, err := h.Claims.Get(ctx, in.ID)
	if err == nil {
		err = myClaim(rq, c)
	}
	if err != nil {
		return claimView{}, err
	}
	return viewClaim(rq.Lang)(c), nil
}

func (h Handler) cancel(ctx context.Context, rq api.Request, in api.ByID) (claimView, error) {
	return h.changeMine(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Cancel(rq.Actor, rq.Now) })
}

type objectBreachRequest struct {
	api.ByID
	Words string `json:"words" validate:"required,max=1000"`
}

func (h Handler) object(ctx context.Context, rq api.Request, in objectBreachRequest) (claimView, error) {
	c, err := h.Claims.Get(ctx, in.ID)
	if err != nil {
		return claimView{}, err
	}
	o, err := h.Offers.Get(ctx, c.Offer)
	if err != nil {
		return claimView{}, err
	}
	return h.changeMine(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Object(in.Words, o.Region, rq.Actor, rq.Now) })
}
