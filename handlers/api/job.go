package api

import (
	"time"

	"xinyi/models/job"
)

// JobView is how far work that goes on by itself has come; the view of every kind of it has one.
type JobView struct {
	Kind      string     `json:"kind"`
	ID        string     `json:"id"`
	State     string     `json:"state" enum:"working,stalled,idle" description:"idle: not begun, or over"`
	Done      int64      `json:"done" description:"In whatever it counts: rows, households, people"`
	Of        int64      `json:"of,omitempty" description:"Absent: not known"`
	Parts     int        `json:"parts" description:"Parts done"`
	Tries     int        `json:"tries,omitempty" description:"Of the part that is due, all in vain"`
	NextTryAt *time.Time `json:"nextTryAt,omitempty"`
	Stalled   *stallView `json:"stalled,omitempty"`
	StartedAt *time.Time `json:"startedAt,omitempty"`
	By        *deskView  `json:"by,omitempty" description:"The office or system that started it"`

	revision int64
}

type stallView struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	Text   string    `json:"text" description:"The reason in words"`
}

// Revised makes the view carry an ETag.
func (v JobView) Revised() int64 { return v.revision }

// ViewJob shows work of a kind.
func ViewJob(kind string, w job.Work, lang string) JobView {
	j := w.Engine()
	v := JobView{Kind: kind, ID: w.Head().ID, State: "idle", Parts: j.Part, revision: w.Head().Revision}
	v.Done, v.Of = w.DoneOf()
	if j.BeganAt != nil {
		v.StartedAt, v.By = j.BeganAt, &deskView{j.BeganBy.Role, j.BeganBy.Org}
	}
	switch {
	case j.Working == "":
	case j.Stall != nil:
		v.State, v.Tries, v.NextTryAt = "stalled", j.Stall.Tries, &j.Stall.NextAt
		v.Stalled = &stallView{j.Stall.Since, j.Stall.Reason, Say(j.Stall.Reason, lang, nil)}
	default:
		v.State = "working"
	}
	return v
}
