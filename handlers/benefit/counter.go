package benefit

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/benefit"
	"xinyi/store"
)

// counterRequest is what somebody shows at the counter.
type counterRequest struct {
	Code  string `json:"code,omitempty" validate:"required_without=Token,max=16"`
	Token string `json:"token,omitempty" text:"raw" validate:"max=2000"`
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
func (h Desk) shown(ctx context.Context, rq api.Request, in counterRequest, at time.Time) (*benefit.Claim, error) {
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

// note notes that a provider sees who shows a code.
func (h Desk) note(ctx context.Context, rq api.Request, c *benefit.Claim) error {
	return h.Log.Note(ctx, rq, access.Access{
		Subject: c.Subject(), Fields: []string{"benefit.name"}, About: c.ID, Purpose: "benefit.use", Case: c.ID,
	})
}

// entitled decides anew whether the holder of a claim may have its offer, and answers the decision.
func (h Desk) entitled(ctx context.Context, rq api.Request, c *benefit.Claim) (*judged, error) {
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

func (h Desk) check(ctx context.Context, rq api.Request, in counterRequest) (goodView, error) {
	c, err := h.shown(ctx, rq, in, rq.Now)
	if err != nil {
		return goodView{}, errors.Join(err, h.Log.Note(ctx, rq))
	}
	j, err := h.entitled(ctx, rq, c)
	if err == nil {
		err = h.note(ctx, rq, c)
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

func (h Desk) redeem(ctx context.Context, rq api.Request, in redeemRequest) (goodView, error) {
	at := rq.Now
	if in.UsedAt != nil {
		if at = in.UsedAt.UTC().Truncate(time.Millisecond); in.Token == "" || at.After(rq.Now) || rq.Now.Sub(at) > offline {
			return goodView{}, errors.Join(models.Bad("/usedAt", "benefit_offline", "benefit.token_bad"), h.Log.Note(ctx, rq))
		}
	}
	c, err := h.used(ctx, rq, in)
	if err == nil && c == nil {
		c, err = h.shown(ctx, rq, in.counterRequest, at)
	}
	if err != nil {
		return goodView{}, errors.Join(err, h.Log.Note(ctx, rq))
	}
	j, err := h.entitled(ctx, rq, c)
	if err == nil {
		err = h.note(ctx, rq, c)
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
func (h Desk) used(ctx context.Context, rq api.Request, in redeemRequest) (*benefit.Claim, error) {
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
	State  benefit.ClaimState `json:"state"`
	UsedAt *time.Time         `json:"usedAt"`
	Amount models.Fen         `json:"amountFen"`
	Saved  models.Fen         `json:"savedFen"`
	Due    models.Day         `json:"bringBackBy,omitempty"`
}

func viewRedemption(c *benefit.Claim) redemptionView {
	return redemptionView{c.ID, c.No, c.Offer, c.Scene, c.State, c.UsedAt, c.Amount, c.Saved, c.Due}
}

func (h Desk) changeUse(ctx context.Context, rq api.Request, id string, change func(*benefit.Claim) error) (redemptionView, error) {
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

func (h Desk) reverse(ctx context.Context, rq api.Request, in whyRequest) (redemptionView, error) {
	return h.changeUse(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Reverse(in.Reason, rq.Actor, rq.Now) })
}

func (h Desk) back(ctx context.Context, rq api.Request, in api.ByID) (redemptionView, error) {
	return h.changeUse(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Return(rq.Actor, rq.Now) })
}

func (h Desk) breach(ctx context.Context, rq api.Request, in whyRequest) (redemptionView, error) {
	return h.changeUse(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Breaks(in.Reason, rq.Actor, rq.Now) })
}

type dayRequest struct {
	Day models.Day `path:"day" validate:"required"`
	api.PageQuery
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

func (h Desk) statement(ctx context.Context, rq api.Request, in dayRequest) (dayView, error) {
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
	list := api.Listed(page, viewRedemption)
	v.Items, v.Next = list.Items, list.NextCursor
	return v, nil
}
