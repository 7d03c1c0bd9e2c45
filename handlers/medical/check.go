package medical

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/store"
)

// Ledger shows what the nightly check of the ledger came to.
type Ledger struct{ Checks *store.Repo[medical.Check] }

// Mount names the routes.
func (h Ledger) Mount(r *api.Router) {
	api.Get(r, "/medical/ledger/checks", h.checks, mayLedgerRead)
}

// ledgerView is the check: where it stands, and the runs that ended.
type ledgerView struct {
	State  string            `json:"state" enum:"IDLE,RUNNING"`
	NextAt *time.Time        `json:"nextAt,omitempty"` // when it next does something
	Job    api.JobView       `json:"job" description:"Bills and agreements"`
	Checks []ledgerCheckView `json:"checks"`
	Faults []ledgerFaultView `json:"faults"` // the first 50 of the last run
}

type ledgerCheckView struct {
	Day        string    `json:"day"`
	EndedAt    time.Time `json:"endedAt"`
	TookMs     int64     `json:"tookMs"`
	Bills      int       `json:"bills"`
	Agreements int       `json:"agreements"`
	Faults     int       `json:"faults"`
}

type ledgerFaultView struct {
	BillID      string     `json:"billId,omitempty"`
	AgreementID string     `json:"agreementId,omitempty"`
	What        string     `json:"what"`
	Text        string     `json:"text"`
	GotFen      models.Fen `json:"gotFen"`
	WantFen     models.Fen `json:"wantFen"`
}

func (h Ledger) checks(ctx context.Context, rq api.Request, _ struct{}) (ledgerView, error) {
	c, err := h.Checks.Get(ctx, medical.CheckID)
	if err != nil {
		return ledgerView{}, err
	}
	v := ledgerView{State: string(c.State), NextAt: c.WakeAt, Job: api.ViewJob(store.Checks.Job, c, rq.Lang), Checks: []ledgerCheckView{},
		Faults: []ledgerFaultView{}}
	for _, s := range c.Recent {
		v.Checks = append(v.Checks, ledgerCheckView{string(s.Day), s.Ended, s.Took.Milliseconds(), s.Bills, s.Agreements, s.Faults})
	}
	for _, f := range c.Found {
		v.Faults = append(v.Faults, ledgerFaultView{f.Bill, f.Agreement, string(f.What), api.Say("medical.fault_"+string(f.What), rq.Lang, nil),
			f.Got, f.Want})
	}
	return v, nil
}
