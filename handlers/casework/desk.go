package casework

import (
	"context"
	"errors"
	"slices"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/casework"
	"xinyi/models/consent"
	"xinyi/store"
)

// deskRow is a case in a queue; it names nobody.
type deskRow struct {
	ID    string         `json:"id"`
	No    string         `json:"no"`
	Kind  casework.Kind  `json:"kind"`
	State casework.State `json:"state"`
	DueOn models.Day     `json:"dueOn,omitempty"`
	Late  bool           `json:"late"`
	Item  string         `json:"item,omitempty"`
	Unit  string         `json:"unit,omitempty"`
}

func viewDeskRow(c *casework.Case) deskRow {
	return deskRow{c.ID, c.No, c.Kind, c.State, c.Clock.Due, c.Clock.Late, c.About.Item, c.About.Unit}
}

func (h Handler) queue(ctx context.Context, rq api.Request, in casesRequest) (api.List[deskRow], error) {
	return api.Found(ctx, h.Cases, store.CasesQueued(rq.Actor.Org, in.kinds()...), in.PageQuery, viewDeskRow)
}

// deskCaseView is a case with what its subject says.
type deskCaseView struct {
	caseView
	Words   string            `json:"words,omitempty" personal:"true"`
	Changes []fieldChangeView `json:"changes,omitempty" personal:"true"`
	Record  *file.RecordView  `json:"record,omitempty" description:"What it is about, when that is a record"`
}

// sits says whether the caller's desk has to do with a case now.
func sits(a models.Actor, c *casework.Case) bool {
	switch {
	case a.Is(models.Auditor):
		return api.Covers(a, c.Region)
	case a.Is(models.DataOfficer, models.Department):
		return a.Org == c.About.Unit && c.State == casework.Checking || a.Org == c.Desk
	}
	return a.Org == c.Desk
}

// deskPurpose is what a case is looked at for.
var deskPurpose = map[casework.Kind]string{
	casework.Objection: "credit.objection", casework.Repair: "credit.repair", casework.Review: "credit.decision",
	casework.Challenge: "credit.case", casework.Erasure: "credit.case",
}

// purposesOf are what a case carries: why whoever works on it may look at the records it is about.
var purposesOf = map[casework.Kind][]string{
	casework.Objection: {"credit.objection", "credit.correct"}, casework.Repair: {"credit.repair"}, casework.Review: {"credit.decision"},
	casework.Challenge: {"credit.case"}, casework.Erasure: {"credit.case"},
}

// deskRoles work on cases.
var deskRoles = []models.Role{models.CreditOffice, models.DataOfficer, models.Department, models.TownStaff, models.CountyHealth,
	models.Auditor}

func (h Handler) desk(ctx context.Context, rq api.Request, in api.ByID) (deskCaseView, error) {
	c, err := h.Cases.Get(ctx, in.ID)
	if err != nil || !sits(rq.Actor, c) {
		return deskCaseView{}, api.NotYours(err)
	}
	viewing := access.Access{Subject: c.Subject, Fields: []string{"case." + string(c.Kind)}, About: c.ID, Purpose: deskPurpose[c.Kind],
		Case: c.ID}
	v := deskCaseView{}
	r, err := h.Records.Get(ctx, c.About.ID)
	if c.About.Kind == "record" && err == nil {
		viewing.Fields = append(viewing.Fields, "records."+r.Item)
	} else if err != nil && !errors.Is(err, models.NotFound) {
		return v, err
	}
	if err := h.Log.Note(ctx, rq, viewing); err != nil {
		return v, err
	}
	if c.About.Kind == "record" && r != nil {
		whole, err := file.Shower{Forms: h.Forms, Lang: rq.Lang, Own: false}.Whole(ctx, r)
		if err != nil {
			return v, err
		}
		v.Record = &whole
	}
	v.caseView = viewCase(c)
	v.Words, v.Changes = v.caseView.Words, v.caseView.Changes
	return v, nil
}

// onDesk changes a case that lies on the caller's desk. The answer names nobody.
func (h Handler) onDesk(ctx context.Context, rq api.Request, id string, change func(*casework.Case) error) (deskRow, error) {
	c, err := h.Cases.Update(ctx, id, func(c *casework.Case) error {
		if !sits(rq.Actor, c) {
			return api.NotYours(nil)
		}
		if err := rq.Fresh(c.Revision); err != nil {
			return err
		}
		return change(c)
	})
	if err != nil {
		return deskRow{}, err
	}
	return viewDeskRow(c), nil
}

func (h Handler) check(ctx context.Context, rq api.Request, in api.ByID) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.Check(rq.Actor, rq.Now) })
}

type answerRequest struct {
	api.ByID
	Right *bool  `json:"right" validate:"required" description:"Whether the person is right"`
	Note  string `json:"note" validate:"required,max=500"`
}

func (h Handler) answer(ctx context.Context, rq api.Request, in answerRequest) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.Answer(rq.Actor, *in.Right, in.Note, rq.Now) })
}

type upholdRequest struct {
	api.ByID
	Values   map[string]string `json:"values,omitempty" validate:"max=50" description:"Of an objection: what fields are to say, by column key"`
	Withdraw bool              `json:"withdraw,omitempty" description:"Of an objection: the whole record goes"`
	Reason   string            `json:"reason" validate:"required,max=500"`
}

func (h Handler) approve(ctx context.Context, rq api.Request, in upholdRequest) (deskRow, error) {
	if err := h.possible(ctx, rq, in); err != nil {
		return deskRow{}, err
	}
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error {
		switch c.Kind {
		case casework.Objection:
			return c.Uphold(rq.Actor, casework.Correction{Withdraw: in.Withdraw, Values: in.Values, Reason: in.Reason}, rq.Now)
		case casework.Repair:
			return c.GrantRepair(rq.Actor, in.Reason, rq.Now)
		case casework.Challenge, casework.Review, casework.Erasure:
		}
		return c.Grant(rq.Actor, in.Reason, rq.Now)
	})
}

// possible says whether a record may follow what is to be granted.
func (h Handler) possible(ctx context.Context, rq api.Request, in upholdRequest) error {
	c, err := h.Cases.Get(ctx, in.ID)
	if err != nil || !sits(rq.Actor, c) {
		return api.NotYours(err)
	}
	if c.About.Kind != "record" || in.Withdraw {
		return nil
	}
	r, err := h.Records.Get(ctx, c.About.ID)
	if err != nil {
		return err
	}
	if c.Kind == casework.Repair {
		return mayRepair(rq, r)
	}
	_, form, err := h.Forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return err
	}
	var changes []casework.Change
	for field, value := range in.Values {
		changes = append(changes, casework.Change{Field: field, Old: oldValue(form, r, field), New: models.NewSecret(value)})
	}
	slices.SortFunc(changes, func(a, b casework.Change) int { return api.CompareText(a.Field, b.Field) })
	return under(h.Check(form, r, changes), func(field string) string { return "/values" + field })
}

// under moves the faults of a record's fields to where the request has them.
func under(err error, to func(field string) string) error {
	var e *models.Error
	if errors.As(err, &e) {
		for i := range e.Fields {
			e.Fields[i].Pointer = to(e.Fields[i].Pointer)
		}
	}
	return err
}

func (h Handler) reject(ctx context.Context, rq api.Request, in api.ReasonRequest) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.Reject(rq.Actor, in.Reason, rq.Now) })
}

func (h Handler) ask(ctx context.Context, rq api.Request, in api.ReasonRequest) (deskRow, error) {
	return h.onDesk(ctx, rq, in.ID, func(c *casework.Case) error { return c.Ask(rq.Actor, in.Reason, rq.Now) })
}

// Ground is the case that an access rests on. Errors: NotFound.
func (h Handler) Ground(ctx context.Context, id string) (*access.Ground, error) {
	c, err := h.Cases.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	g := &access.Ground{
		ID: c.ID, Subject: c.Subject, Desk: c.Desk, Region: c.Region, Open: c.Open(), Purposes: purposesOf[c.Kind], Roles: deskRoles,
	}
	if c.State == casework.Checking {
		g.Desk = c.About.Unit
	}
	switch {
	case c.About.Item != "":
		g.Scopes = []string{consent.ItemScope(c.About.Item)}
	case c.Kind == casework.Review: // what a decision rests on may be any of them
		g.Scopes = consent.RecordScopes()
	}
	return g, nil
}
