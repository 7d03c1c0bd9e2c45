package handlers

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/flow"
	"xinyi/models/identity"
	"xinyi/models/practice"
	"xinyi/models/score"
	"xinyi/store"
)

// Practice is the door to cases worth copying: a public library, and the desks of units and offices behind it.
type Practice struct {
	store.Practice
	People *store.Repo[identity.Person]
	Office func(ctx context.Context, by models.Actor) (string, error) // what an actor's office is called
	Policy practice.Policy
}

// Mount names the routes.
func (h Practice) Mount(r *Router) {
	tag := Tag("practice cases")
	Get(r, "/practice-cases", h.library, Does("Cases worth copying, by class, year and place (典型案例)"), Open(), Limit(minute, 120), tag)
	Get(r, "/practice-cases/mine", h.mine, Does("My unit's cases, the newest first"), May("practice.write"), tag)
	Get(r, "/practice-cases/desk", h.desk, Does("The cases of my place in a state, the oldest first"), May("practice.watch"), tag)
	Get(r, "/practice-cases/{id}", h.published, Does("A published case"), Open(), Limit(minute, 120), tag)
	Get(r, "/practice-cases/{id}/files/{file}", h.publishedFile, Does("A picture of a published case"), Open(), Limit(minute, 120), tag)
	Get(r, "/practice-cases/{id}/review", h.one, Does("A case with its votes and what it said before", "For its unit and the offices of its place"), May("practice.read"), tag)
	Get(r, "/practice-cases/{id}/review/files/{file}", h.file, Does("A picture of a case"), May("practice.read"), tag)
	Post(r, "/practice-cases", h.create, Does("Write a case down", "About work, never about a person: a text with an ID number or a mobile phone is refused"), May("practice.write"), Creates, tag)
	Put(r, "/practice-cases/{id}", h.edit, Does("Change a draft, or one that came back"), May("practice.write"), tag)
	Post(r, "/practice-cases/{id}/files", h.attach, Does("Add a picture", "JPEG or PNG, at most 4 MiB; what a camera notes besides is taken out"), May("practice.write"), Takes(blob.Max), tag)
	Post(r, "/practice-cases/{id}/submit", h.submit, Does("Hand a case in, for the first time or anew"), May("practice.write"), tag)
	Post(r, "/practice-cases/{id}/votes", h.vote, Does("Say what the office thinks of it", "The county's office first, then the city's; never one's own"), May("practice.decide"), tag)
	Post(r, "/practice-cases/{id}/withdraw", h.withdraw, Does("Take a case back, with the reason"), May("practice.write"), tag)
	Post(r, "/practice-cases/{id}/adoptions", h.adopt, Does("Say that my unit copied it"), May("practice.write"), tag)
	Post(r, "/practice-cases/{id}/scores", h.score, Does("Score a case, as an expert drawn for it", "Once; it never changes"), May("practice.score"), tag)
	Post(r, "/practice-cases/{id}/recusal", h.recuse, Does("Stand aside from a case", "The next of the draw takes the seat"), May("practice.score"), tag)
	Post(r, "/practice-cases/{id}/redraw", h.redraw, Does("Have a case scored again by the next of the draw", "After a look at a finding; the marks there were stay on record"), May("practice.decide"), tag)
}

type libraryRequest struct {
	Class  practice.Class `query:"class" validate:"omitempty,oneof=SUPERVISION APPROVAL BENEFIT GOVERNANCE CULTURE"`
	Year   int            `query:"year" validate:"omitempty,gte=2023,lte=2100"`
	Region models.Region  `query:"region" validate:"omitempty,numeric,min=2,max=12" description:"430181: Liuyang and all below it"`
	PageQuery
}

func (h Practice) library(ctx context.Context, _ Request, in libraryRequest) (List[practiceHead], error) {
	page, err := h.Cases.Find(ctx, store.PracticeLibrary(in.Region, in.Class, in.Year).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[practiceHead]{}, err
	}
	return Listed(page, viewPracticeHead), nil
}

func (h Practice) shown(ctx context.Context, id string) (*practice.Case, error) {
	c, err := h.Cases.Get(ctx, id)
	if err == nil && c.State != practice.Published {
		err = models.E(models.NotFound, "not_found")
	}
	return c, err
}

func (h Practice) published(ctx context.Context, _ Request, in byID) (practiceView, error) {
	c, err := h.shown(ctx, in.ID)
	if err != nil {
		return practiceView{}, err
	}
	return viewPractice(c), nil
}

type practiceFileAt struct {
	byID
	File string `path:"file" validate:"required,max=64"`
}

func (h Practice) publishedFile(ctx context.Context, _ Request, in practiceFileAt) (paper, error) {
	c, err := h.shown(ctx, in.ID)
	if err != nil {
		return paper{}, err
	}
	return h.paper(ctx, c, in.File)
}

func (h Practice) paper(ctx context.Context, c *practice.Case, id string) (paper, error) {
	for _, f := range c.Files {
		if f.ID == id {
			b, err := h.Blobs.Get(ctx, id)
			if err != nil {
				return paper{}, err
			}
			return paper{b.Type, b.Bytes()}, nil
		}
	}
	return paper{}, models.E(models.NotFound, "not_found")
}

func (h Practice) mine(ctx context.Context, rq Request, in PageQuery) (List[practiceDeskView], error) {
	page, err := h.Cases.Find(ctx, store.PracticeOf(rq.Actor.Org).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[practiceDeskView]{}, err
	}
	return Listed(page, viewPracticeDesk), nil
}

type practiceDeskRequest struct {
	State practice.State `query:"state" validate:"omitempty,oneof=REVIEW REVISION ACCEPTED PROPOSED PUBLISHED REJECTED WITHDRAWN" description:"REVIEW when absent"`
	PageQuery
}

func (h Practice) desk(ctx context.Context, rq Request, in practiceDeskRequest) (List[practiceDeskView], error) {
	if in.State == "" {
		in.State = practice.Review
	}
	page, err := h.Cases.Find(ctx, store.PracticeAt(rq.Actor.Region, in.State).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[practiceDeskView]{}, err
	}
	return Listed(page, viewPracticeDesk), nil
}

// reads is a case the caller may read before it is published: the own unit's, and an office's or auditor's of its place; drafts are
// the unit's alone. Errors: NotFound.
func (h Practice) reads(ctx context.Context, rq Request, id string) (*practice.Case, error) {
	c, err := h.Cases.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	office := rq.Actor.Is(models.CreditOffice, models.Auditor) && rq.Actor.Region.Contains(c.Region) && c.State != practice.Draft
	if c.Unit != rq.Actor.Org && !office {
		return nil, models.E(models.NotFound, "not_found")
	}
	return c, nil
}

func (h Practice) one(ctx context.Context, rq Request, in byID) (practiceDeskView, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return practiceDeskView{}, err
	}
	return viewPracticeDesk(c), nil
}

func (h Practice) file(ctx context.Context, rq Request, in practiceFileAt) (paper, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return paper{}, err
	}
	return h.paper(ctx, c, in.File)
}

type figureRequest struct {
	Label  string `json:"name" validate:"required,max=40"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Unit   string `json:"unit" validate:"required,max=40"`
}

type practiceRequest struct {
	Class   practice.Class  `json:"class" validate:"required,oneof=SUPERVISION APPROVAL BENEFIT GOVERNANCE CULTURE"`
	Title   string          `json:"title" validate:"required,max=60"`
	Summary string          `json:"summary" validate:"required,max=300"`
	Problem string          `json:"problem" validate:"required,max=3000"`
	Done    string          `json:"done" validate:"required,max=3000" description:"What was done"`
	Effect  string          `json:"effect" validate:"required,max=3000"`
	Figures []figureRequest `json:"figures" validate:"required,min=1,max=12,dive" description:"The effect in whole numbers"`
	Copy    string          `json:"copy" validate:"required,max=3000" description:"What others can take over"`
}

func (in practiceRequest) content() practice.Content {
	c := practice.Content{Class: in.Class, Title: in.Title, Summary: in.Summary, Problem: in.Problem, Done: in.Done, Effect: in.Effect, Copy: in.Copy}
	for _, f := range in.Figures {
		c.Figures = append(c.Figures, practice.Figure{Name: f.Label, Before: f.Before, After: f.After, Unit: f.Unit})
	}
	return c
}

func (h Practice) unit(ctx context.Context, rq Request) (practice.Unit, error) {
	name, err := h.Office(ctx, rq.Actor)
	return practice.Unit{Name: name, By: rq.Actor}, err
}

func (h Practice) create(ctx context.Context, rq Request, in practiceRequest) (practiceDeskView, error) {
	u, err := h.unit(ctx, rq)
	if err != nil {
		return practiceDeskView{}, err
	}
	c, err := practice.New(rq.NewID(), in.content(), u, rq.Now)
	if err == nil {
		err = existing(h.Cases.Insert(ctx, c))
	}
	if err != nil {
		return practiceDeskView{}, err
	}
	return viewPracticeDesk(c), nil
}

// change changes a case the caller may read, that is still the one the caller saw.
func (h Practice) change(ctx context.Context, rq Request, id string, change func(*practice.Case) error) (practiceDeskView, error) {
	if _, err := h.reads(ctx, rq, id); err != nil {
		return practiceDeskView{}, err
	}
	c, err := h.Cases.Update(ctx, id, func(c *practice.Case) error {
		if err := rq.Fresh(c.Revision); err != nil {
			return err
		}
		return change(c)
	})
	if err != nil {
		return practiceDeskView{}, err
	}
	return viewPracticeDesk(c), nil
}

type practiceEditRequest struct {
	byID
	practiceRequest
}

func (h Practice) edit(ctx context.Context, rq Request, in practiceEditRequest) (practiceDeskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Edit(in.content(), rq.Actor) })
}

type practicePicture struct {
	byID
	Note string `query:"note" validate:"max=200"`
	Data []byte `body:"raw"`
}

func (h Practice) attach(ctx context.Context, rq Request, in practicePicture) (practiceDeskView, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return practiceDeskView{}, err
	}
	data, _, _, err := cleaned(in.Data)
	if err != nil {
		return practiceDeskView{}, err
	}
	b, err := blob.New(models.Derived("practice", c.ID, blob.Hash(in.Data)), "practice/"+c.ID, "image/jpeg", data, time.Time{})
	if err != nil {
		return practiceDeskView{}, err
	}
	f := practice.File{ID: b.ID, Note: in.Note, Type: b.Type, Size: b.Size}
	if err := c.Attach(f, rq.Actor); err != nil { // on a copy: a refused picture is not kept
		return practiceDeskView{}, err
	}
	if err := keepOnce(h.Blobs.Insert(ctx, b)); err != nil {
		return practiceDeskView{}, err
	}
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Attach(f, rq.Actor) })
}

func (h Practice) submit(ctx context.Context, rq Request, in byID) (practiceDeskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.File(h.Policy, rq.Actor, rq.Now) })
}

type practiceVote struct {
	byID
	Verdict flow.Verdict `json:"verdict" validate:"required,oneof=APPROVE REJECT REVISE RECUSE"`
	Note    string       `json:"note" validate:"max=500" description:"Needed unless one agrees"`
}

func (h Practice) vote(ctx context.Context, rq Request, in practiceVote) (practiceDeskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Look(in.Verdict, in.Note, rq.Actor, rq.Now) })
}

func (h Practice) withdraw(ctx context.Context, rq Request, in reasonRequest) (practiceDeskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Withdraw(in.Reason, rq.Actor, rq.Now) })
}

type adoptRequest struct {
	byID
	Note string `json:"note" validate:"required,min=4,max=500" description:"What was taken over, and what came of it"`
}

func (h Practice) adopt(ctx context.Context, rq Request, in adoptRequest) (practiceView, error) {
	u, err := h.unit(ctx, rq)
	if err != nil {
		return practiceView{}, err
	}
	if _, err := h.shown(ctx, in.ID); err != nil {
		return practiceView{}, err
	}
	c, err := change(ctx, rq, h.Cases, in.ID, func(c *practice.Case) error { return c.Adopt(u, in.Note, rq.Now) })
	if err != nil {
		return practiceView{}, err
	}
	return viewPractice(c), nil
}

// seated is the round of a case the caller has a seat for. Errors: NotFound.
func (h Practice) seated(ctx context.Context, rq Request, id string) (*practice.Round, error) {
	c, err := h.Cases.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if mySeat(c, rq.Actor.Person) == nil {
		return nil, models.E(models.NotFound, "not_found")
	}
	return h.Rounds.Get(ctx, c.Entry.Round)
}

// mySeat is a person's seat for a case, nil for none.
func mySeat(c *practice.Case, person string) *practice.Seat {
	if c.Entry == nil || person == "" {
		return nil
	}
	for i := range c.Entry.Seats {
		if c.Entry.Seats[i].Person == person {
			return &c.Entry.Seats[i]
		}
	}
	return nil
}

type practiceScore struct {
	byID
	Marks map[string]score.Points `json:"marks" validate:"required,min=1,max=20" description:"Hundredths of a point by criterion, every one of the round's"`
}

func (h Practice) score(ctx context.Context, rq Request, in practiceScore) (seatView, error) {
	r, err := h.seated(ctx, rq, in.ID)
	if err != nil {
		return seatView{}, err
	}
	var parts []practice.Part
	for _, k := range r.Criteria {
		if p, ok := in.Marks[k.Code]; ok {
			parts = append(parts, practice.Part{Code: k.Code, Points: p})
			delete(in.Marks, k.Code)
		}
	}
	for code := range in.Marks {
		return seatView{}, models.Bad("/marks/"+code, "unknown_field", "practice.marks")
	}
	c, err := h.Cases.Update(ctx, in.ID, func(c *practice.Case) error { return c.Score(parts, r, rq.Actor, rq.Now) })
	if err != nil {
		return seatView{}, err
	}
	return viewSeat(c, rq.Actor.Person), nil
}

func (h Practice) recuse(ctx context.Context, rq Request, in reasonRequest) (seatView, error) {
	if _, err := h.seated(ctx, rq, in.ID); err != nil {
		return seatView{}, err
	}
	c, err := h.Cases.Update(ctx, in.ID, func(c *practice.Case) error { return c.Recuse(in.Reason, rq.Actor, rq.Now) })
	if err != nil {
		return seatView{}, err
	}
	return viewSeat(c, rq.Actor.Person), nil
}

func (h Practice) redraw(ctx context.Context, rq Request, in reasonRequest) (practiceDeskView, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return practiceDeskView{}, err
	}
	if c.Round == "" {
		return practiceDeskView{}, models.E(models.Conflict, "practice.not_scored_now")
	}
	r, err := h.Rounds.Get(ctx, c.Round)
	if err != nil {
		return practiceDeskView{}, err
	}
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Redraw(in.Reason, r, rq.Actor, rq.Now) })
}

// known says whether there is a person, for the pool of a round.
func (h Practice) known(ctx context.Context, person string) (bool, error) {
	_, err := here(h.People.Get(ctx, person))
	if errors.Is(err, models.NotFound) {
		return false, nil
	}
	return err == nil, err
}
