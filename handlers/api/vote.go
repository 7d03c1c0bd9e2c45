package api

import (
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/score"
)

// VoteRequest is one word on the step of a course that is due.
type VoteRequest struct {
	ByID
	Verdict flow.Verdict `json:"verdict" validate:"required,oneof=APPROVE REJECT REVISE RECUSE"`
	Note    string       `json:"note,omitempty" validate:"max=500" description:"Needed unless one agrees"`
}

// VoteView is one vote of a course: the office that gave it, never the person.
type VoteView struct {
	Step    string        `json:"step"`
	Round   int           `json:"round"`
	Verdict flow.Verdict  `json:"verdict" enum:"APPROVE,REJECT,REVISE,RECUSE"`
	Note    string        `json:"note,omitempty"`
	Role    models.Role   `json:"role"`
	Office  string        `json:"office"`
	Region  models.Region `json:"region"`
	At      time.Time     `json:"at"`
}

// ViewVotes are the votes of a course in order, none of no course.
func ViewVotes(c *flow.Course) []VoteView {
	all := []VoteView{}
	if c == nil {
		return all
	}
	for _, x := range c.Votes {
		all = append(all, VoteView{x.Step, x.Round, x.Verdict, x.Note, x.By.Role, x.By.Org, x.By.Region, x.At})
	}
	return all
}

// SheetRequest is what a juror gives a case.
type SheetRequest struct {
	ByID
	Marks map[string]score.Points `json:"marks" validate:"required,min=1,max=20" description:"Hundredths of a point by criterion, every one"`
	Note  string                  `json:"note,omitempty" validate:"max=500"`
}

// Sheet is the request as the jury takes it.
func (in SheetRequest) Sheet() jury.Sheet { return jury.Sheet{Marks: in.Marks, Note: in.Note} }

// RecusalRequest has a juror stand aside.
type RecusalRequest struct {
	ByID
	Tie  jury.Tie `json:"tie" validate:"required,oneof=SAME_UNIT KIN NOMINATOR OTHER"`
	Note string   `json:"note,omitempty" validate:"max=500"`
}
