package casework

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/record"
)

// forWhom is who came to an office in person, by the code or the number on the paper shown there, and what allows the office to
// act. Nothing of the file is shown for it.
type forWhom struct {
	Code          models.USCC `json:"code,omitempty" validate:"omitempty,uscc" description:"Of an organisation"`
	IDNumber      string      `json:"idNumber,omitempty" validate:"omitempty,cnid" description:"Of a person"`
	Authorisation string      `json:"authorisation" validate:"required,max=200" description:"Which paper was seen: its name and number"`
}

// theirs is the record of who came. A record of somebody else is not found, as one that is not there.
func (h Handler) theirs(ctx context.Context, who forWhom, id string) (*record.Record, error) {
	if (who.Code == "") == (who.IDNumber == "") {
		return nil, models.Bad("/idNumber", "required", "casework.incomplete")
	}
	r, err := h.Records.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	sub := models.Subject{Kind: models.Organisation, Ref: string(who.Code)}
	if who.Code == "" {
		number, err := models.ParseIDNumber(who.IDNumber)
		if err != nil {
			return nil, models.Bad("/idNumber", "cnid", "casework.incomplete")
		}
		if sub, err = h.Subjects.OfNumber(ctx, number); err != nil {
			return nil, err
		}
	}
	if !r.Subject.Is(sub) {
		return nil, api.NotYours(nil)
	}
	return r, nil
}

// agent is the caller as who files for somebody else.
func (w forWhom) agent(rq api.Request) *casework.Agent {
	return &casework.Agent{Person: rq.Actor.Person, Org: rq.Actor.Org, Authorisation: w.Authorisation}
}

type repairForRequest struct {
	forWhom
	repairRequest
}

func (h Handler) repairFor(ctx context.Context, rq api.Request, in repairForRequest) (deskRow, error) {
	r, err := h.theirs(ctx, in.forWhom, in.RecordID)
	if err != nil {
		return deskRow{}, err
	}
	c, err := h.newRepair(rq, r.Subject, r, in.repairRequest, in.agent(rq))
	if err != nil {
		return deskRow{}, err
	}
	return h.filed(ctx, c)
}

type objectForRequest struct {
	forWhom
	objectRequest
}

func (h Handler) objectFor(ctx context.Context, rq api.Request, in objectForRequest) (deskRow, error) {
	r, err := h.theirs(ctx, in.forWhom, in.RecordID)
	if err != nil {
		return deskRow{}, err
	}
	f := h.filing(r.Subject, r)
	f.Agent = in.agent(rq)
	c, err := h.newObjection(ctx, rq, f, r, in.objectRequest)
	if err != nil {
		return deskRow{}, err
	}
	return h.filed(ctx, c)
}

// filed keeps a case that was filed for somebody; the answer names nobody.
func (h Handler) filed(ctx context.Context, c *casework.Case) (deskRow, error) {
	v, err := h.insert(ctx, c)
	if err != nil {
		return deskRow{}, err
	}
	return deskRow{v.ID, v.No, v.Kind, v.State, v.DueOn, v.Late, v.About.Item, c.About.Unit}, nil
}
