package practice

import (
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/jury"
	"xinyi/models/practice"
	"xinyi/models/score"
)

// head is a published case in a list.
type head struct {
	ID       string         `json:"id"`
	Class    practice.Class `json:"class"`
	Year     int            `json:"year"`
	Unit     string         `json:"unit"`
	Region   models.Region  `json:"region"`
	Title    string         `json:"title"`
	Summary  string         `json:"summary"`
	Adopted  int            `json:"adopted" description:"Units that copied it"`
	Points   score.Points   `json:"points" description:"Trimmed mean of the experts, in hundredths"`
	revision int64
}

// Revised makes a case carry an ETag.
func (v head) Revised() int64 { return v.revision }

func viewHead(c *practice.Case) head {
	return head{c.ID, c.Class, c.Year, c.UnitName, c.Region, c.Title, c.Summary, len(c.Adopted), c.Points(), c.Revision}
}

type figureView struct {
	Name   string `json:"name" personal:"false"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Unit   string `json:"unit"`
}

type sections struct {
	Problem string       `json:"problem"`
	Done    string       `json:"done"`
	Effect  string       `json:"effect"`
	Figures []figureView `json:"figures"`
	Copy    string       `json:"copy"`
}

func viewSections(c practice.Content) sections {
	v := sections{Problem: c.Problem, Done: c.Done, Effect: c.Effect, Copy: c.Copy, Figures: []figureView{}}
	for _, f := range c.Figures {
		v.Figures = append(v.Figures, figureView(f))
	}
	return v
}

type fileView struct {
	ID   string `json:"id"`
	Note string `json:"note,omitempty"`
	Type string `json:"type"`
	Size int    `json:"size"`
}

type adoptionView struct {
	Unit   string        `json:"unit"`
	Region models.Region `json:"region"`
	Note   string        `json:"note"`
	On     models.Day    `json:"on"`
}

// view is a case, whole.
type view struct {
	head
	Sections  sections       `json:"sections"`
	Files     []fileView     `json:"files"`
	Adoptions []adoptionView `json:"adoptions"`
}

func viewPractice(c *practice.Case) view {
	v := view{head: viewHead(c), Sections: viewSections(c.Content), Files: []fileView{}, Adoptions: []adoptionView{}}
	for _, f := range c.Files {
		v.Files = append(v.Files, fileView(f))
	}
	for _, a := range c.Adopted {
		v.Adoptions = append(v.Adoptions, adoptionView{a.Name, a.Region, a.Note, a.On})
	}
	return v
}

type versionView struct {
	Title    string    `json:"title"`
	Summary  string    `json:"summary"`
	Sections sections  `json:"sections"`
	Filed    time.Time `json:"filed"`
}

// deskView is a case for its unit and the offices. Who scored it, and how, is not in it.
type deskView struct {
	view
	State    practice.State `json:"state"`
	Reason   string         `json:"reason,omitempty" description:"Of the last move"`
	Step     string         `json:"step,omitempty" description:"Whose look is due"`
	Due      models.Day     `json:"due,omitempty"`
	Late     bool           `json:"late,omitempty"`
	Votes    []api.VoteView `json:"votes"`
	Earlier  []versionView  `json:"earlier" description:"What it said when it was filed before"`
	RoundID  string         `json:"roundId,omitempty"`
	Scored   int            `json:"scored" description:"Marks that count, in the round that goes on"`
	Awaiting bool           `json:"awaiting,omitempty" description:"A mark is still to come"`
}

func viewDesk(c *practice.Case) deskView {
	v := deskView{
		view: viewPractice(c), State: c.State, Reason: c.Moved.Reason, Due: c.Course.Due, Late: c.Course.Late, RoundID: c.Round,
		Votes: api.ViewVotes(&c.Course), Earlier: []versionView{},
	}
	if s := c.Course.Step(); s != nil && c.State == practice.Review {
		v.Step = s.Code
	}
	for _, h := range c.History {
		v.Earlier = append(v.Earlier, versionView{h.Title, h.Summary, viewSections(h.Content), h.Filed})
	}
	if c.Entry != nil && c.State == practice.Accepted {
		_, v.Scored, _ = c.Entry.Jury.Counts()
		v.Awaiting = c.Entry.Jury.Waits()
	}
	return v
}

// seatView is a case as an expert sees it: without its unit.
type seatView struct {
	CaseID   string                  `json:"caseId"`
	Class    practice.Class          `json:"class"`
	Title    string                  `json:"title"`
	Summary  string                  `json:"summary"`
	Sections sections                `json:"sections"`
	Aside    jury.Tie                `json:"aside,omitempty" description:"Why I do not score it"`
	Done     bool                    `json:"done,omitempty" description:"I have scored it"`
	Marks    map[string]score.Points `json:"marks,omitempty"`
	Points   *score.Points           `json:"points,omitempty" description:"Once all are in"`
}

func viewSeat(c *practice.Case, person string) seatView {
	v := seatView{CaseID: c.ID, Class: c.Class, Title: c.Title, Summary: c.Summary, Sections: viewSections(c.Content)}
	if s := mySeat(c, person); s != nil {
		v.Aside, v.Done = s.Aside, s.Given()
		if sheet := s.Sheet(); sheet != nil {
			points := sheet.Total()
			v.Points, v.Marks = &points, sheet.Marks
		}
	}
	return v
}

type seatsView struct {
	Class practice.Class `json:"class"`
	N     int            `json:"n"`
}

type poolView struct {
	No   string `json:"no" description:"Stands for an expert"`
	Unit string `json:"unit"`
}

type criterionView struct {
	Code string       `json:"code"`
	Name string       `json:"name" personal:"false"`
	Max  score.Points `json:"max"`
}

type resultView struct {
	CaseID string         `json:"caseId"`
	Class  practice.Class `json:"class"`
	Unit   string         `json:"unit"`
	Title  string         `json:"title"`
	Points score.Points   `json:"points"`
	N      int            `json:"n" description:"Marks it rests on"`
	Rank   int            `json:"rank" description:"In its class; 0: too few marks"`
	Chosen bool           `json:"chosen"`
}

// roundView is a round as everybody sees it. Draw again: order the numbers of those experts who are not of the case's unit and
// did not look at it, nor score it in another year, by the SHA-256 of seed, line break, case id, line break, number, all as text; the first
// are seated.
type roundView struct {
	ID       string              `json:"id"`
	Year     int                 `json:"year"`
	Region   models.Region       `json:"region"`
	State    practice.RoundState `json:"state"`
	Seats    []seatsView         `json:"seats"`
	Closes   models.Day          `json:"closes"`
	ScoreBy  models.Day          `json:"scoreBy,omitempty"`
	Criteria []criterionView     `json:"criteria"`
	Least    score.Points        `json:"least" description:"Below it nothing is chosen"`
	Panel    int                 `json:"panel" description:"Experts drawn for a case"`
	Experts  []poolView          `json:"experts"`
	Commit   string              `json:"commit" description:"SHA-256 of the seed"`
	Seed     string              `json:"seed,omitempty" description:"Once the experts are drawn"`
	NoticeID string              `json:"noticeId,omitempty"`
	Agree    int                 `json:"agree" description:"Marks within ten points of their case's mean"`
	Of       int                 `json:"of"`
	Results  []resultView        `json:"results"`

	revision int64
}

// Revised makes a round carry an ETag.
func (v roundView) Revised() int64 { return v.revision }

func viewRound(r *practice.Round, lang string) roundView {
	v := roundView{
		ID: r.ID, Year: r.Year, Region: r.Region, State: r.State, Closes: r.Closes, ScoreBy: r.ScoreBy, Least: r.Least, Panel: r.Panel, Commit: r.Commit,
		Seed: r.Seed, NoticeID: r.Notice, Agree: r.Agreement[0], Of: r.Agreement[1], revision: r.Revision,
		Seats: []seatsView{}, Criteria: []criterionView{}, Experts: []poolView{}, Results: []resultView{},
	}
	for _, s := range r.Seats {
		v.Seats = append(v.Seats, seatsView(s))
	}
	for _, k := range r.Criteria {
		v.Criteria = append(v.Criteria, criterionView{k.Code, k.Name.In(lang), k.Max})
	}
	for _, x := range r.Pool {
		v.Experts = append(v.Experts, poolView{x.No, x.Unit})
	}
	for _, x := range r.Results {
		v.Results = append(v.Results, resultView{x.Case, x.Class, x.Unit, x.Title, x.Points, x.N, x.Rank, x.Chosen})
	}
	return v
}

// integrityView is what the marks of a round look like. Raters are their numbers in the pool.
type integrityView struct {
	Marks    int           `json:"marks"`
	Least    int           `json:"least" description:"Below so many marks nothing is said"`
	Findings []findingView `json:"findings"`
}

type findingView struct {
	Kind     jury.Kind `json:"kind"`
	Raters   []string  `json:"raters"`
	Cases    []string  `json:"cases,omitempty"`
	Strength int64     `json:"strength" description:"Hundredths of the usual spread; negative is below"`
	N        int       `json:"n"`
}

func viewIntegrity(r *practice.Round, cases []*practice.Case) integrityView {
	watch := jury.Standard
	if r.Watch != nil {
		watch = *r.Watch
	}
	marks := practice.Marks(cases)
	found := r.Findings
	if r.State == practice.Scoring {
		found = jury.Inspect(marks, watch)
	}
	v := integrityView{Marks: len(marks), Least: watch.Least, Findings: []findingView{}}
	for _, f := range found {
		v.Findings = append(v.Findings, findingView(f))
	}
	return v
}
