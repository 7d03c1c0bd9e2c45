package uscc

import (
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/uscc"
	"xinyi/store"
)

// scanView is a scan and how far it has come.
type scanView struct {
	ID        string           `json:"id"`
	State     uscc.ScanState   `json:"state" enum:"RUNNING,DONE,CANCELLED"`
	Stage     uscc.Stage       `json:"stage"`
	Job       api.JobView      `json:"job" description:"Pairs of code and name, each looked at twice"`
	Found     map[string]int64 `json:"found" description:"Findings by class"`
	Opened    int64            `json:"opened" description:"New tickets"`
	CreatedAt time.Time        `json:"createdAt"`
	EndedAt   *time.Time       `json:"endedAt,omitempty"`

	revision int64
}

// Revised makes a scan carry an ETag.
func (v scanView) Revised() int64 { return v.revision }

func viewScan(lang string) func(*uscc.Scan) scanView {
	return func(s *uscc.Scan) scanView {
		v := scanView{
			ID: s.ID, State: s.State, Stage: s.Stage, Job: api.ViewJob(store.Scans.Job, s, lang), Found: s.Found, Opened: s.Opened,
			CreatedAt: s.CreatedAt, EndedAt: s.EndedAt, revision: s.Revision,
		}
		if v.Found == nil {
			v.Found = map[string]int64{}
		}
		return v
	}
}

// ticketView is one wrong or doubled code.
type ticketView struct {
	ID         string                `json:"id"`
	State      uscc.State            `json:"state"`
	Class      uscc.Class            `json:"class"`
	ClassText  string                `json:"classText"`
	Code       string                `json:"code,omitempty"`
	Name       string                `json:"name" personal:"false"`
	Region     models.Region         `json:"region"`
	Unit       string                `json:"unit" description:"That named it"`
	Codes      []string              `json:"codes,omitempty" description:"Codes of one name"`
	Names      []string              `json:"names,omitempty" description:"Names of one code"`
	Suggest    string                `json:"suggest,omitempty" description:"For a human to decide"`
	Authority  string                `json:"authority"`
	Desk       string                `json:"desk,omitempty" description:"Unit that works on it"`
	Due        models.Day            `json:"due"`
	Late       bool                  `json:"late"`
	Seen       int                   `json:"seen" description:"Days on which it was found"`
	LastSeen   time.Time             `json:"lastSeen"`
	Correction *ticketCorrectionView `json:"correction,omitempty"`
	VerifiedAt *time.Time            `json:"verifiedAt,omitempty"`
	CreatedAt  time.Time             `json:"createdAt"`

	revision int64
}

type ticketCorrectionView struct {
	Code string    `json:"code"`
	Name string    `json:"name" personal:"false"`
	Note string    `json:"note,omitempty"`
	At   time.Time `json:"at"`
}

// Revised makes a ticket carry an ETag.
func (v ticketView) Revised() int64 { return v.revision }

func viewTicketIn(lang string) func(*uscc.Ticket) ticketView {
	return func(t *uscc.Ticket) ticketView {
		v := ticketView{
			ID: t.ID, State: t.State, Class: t.Class, ClassText: api.Say("uscc.class_"+string(t.Class), lang, nil), Code: t.Code, Name: t.Name,
			Region: t.Region, Unit: t.Unit, Codes: t.Codes, Names: t.Names, Suggest: t.Suggest,
			Authority: api.Say("uscc.authority_"+string(t.Authority), lang, nil), Desk: t.Desk, Due: t.Due, Late: t.Late, Seen: t.Seen,
			LastSeen: t.LastSeen, VerifiedAt: t.VerifiedAt, CreatedAt: t.CreatedAt, revision: t.Revision,
		}
		if t.Correction != nil && t.CorrectedAt != nil {
			v.Correction = &ticketCorrectionView{t.Correction.Code, t.Correction.Name, t.Correction.Note, *t.CorrectedAt}
		}
		return v
	}
}

// metricsView counts what is wrong. A rate of nothing is null, never all or none.
type metricsView struct {
	Pairs    int64            `json:"pairs" description:"Pairs of code and name there are"`
	Standing int64            `json:"standing" description:"Tickets whose fault is still there; the aim is 0"`
	Solved   int64            `json:"solved" description:"Verified or closed"`
	ByState  map[string]int64 `json:"byState"`
	WrongBp  *int64           `json:"wrongBp" description:"standing ÷ pairs in basis points, rounded up; null without pairs"`
	SolvedBp *int64           `json:"solvedBp" description:"solved ÷ tickets in basis points, rounded down; null without tickets"`
	CaughtUp bool             `json:"caughtUp" description:"There are pairs, and nothing stands (动态清零)"`
}

func viewMetrics(by map[string]int64, pairs int64) metricsView {
	v := metricsView{Pairs: pairs, ByState: map[string]int64{}}
	all := int64(0)
	for _, s := range uscc.States {
		v.ByState[string(s)] = by[string(s)]
		all += by[string(s)]
	}
	for _, s := range uscc.Standing {
		v.Standing += by[string(s)]
	}
	v.Solved = all - v.Standing
	if pairs > 0 {
		n := (v.Standing*10000 + pairs - 1) / pairs
		v.WrongBp, v.CaughtUp = &n, v.Standing == 0
	}
	if all > 0 {
		n := v.Solved * 10000 / all
		v.SolvedBp = &n
	}
	return v
}
