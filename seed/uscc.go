package seed

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/uscc"
	"xinyi/usecase"
)

// codes are the organisations of the demo city as its units name them, and the tickets for codes that are wrong.
type codes struct {
	orgs    []*uscc.Org
	tickets []*uscc.Ticket
}

// newCodes names every firm as its registration does, and brings one wrong code to each state of a ticket.
func newCodes(office, clerk models.Actor, now time.Time) (*codes, error) {
	c := &codes{}
	for i := range firmCount {
		f := firmOf(i)
		c.orgs = append(c.orgs, uscc.NewOrg(string(f.code), f.name, uscc.Source{Unit: marketUnit, Region: "4301", Registered: true},
			now.AddDate(0, 0, -400)))
	}
	for i, state := range uscc.States {
		if err := c.ticket(firmOf(20+i), state, office, clerk, now); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// ticket opens a ticket for a slip in the code of a firm and leads it to a state.
func (c *codes) ticket(f firm, to uscc.State, office, clerk models.Actor, now time.Time) error {
	at := now.AddDate(0, 0, -2)
	if to == uscc.Closed { // it has been calm since
		at = at.AddDate(0, 0, -2*uscc.Standard.Calm)
	}
	slip := string(f.code[:17]) + "0"
	if f.code[17] == '0' {
		slip = string(f.code[:17]) + "1"
	}
	finding, wrong := uscc.FromRow(slip, f.name, marketUnit, "4301")
	if !wrong {
		return models.E(models.Internal, "internal")
	}
	t := uscc.NewTicket(finding, uscc.Standard, at)
	steps := []func() error{
		func() error { return nil },
		func() error { return t.Assign(marketUnit, office, at.Add(time.Hour)) },
		func() error {
			return t.Correct(uscc.Correction{Code: string(f.code), Name: f.name, Note: "录入时末位有误"}, clerk, at.Add(26*time.Hour))
		},
		func() error { return t.Verify(true, at.Add(27*time.Hour)) },
		func() error { return t.Wake(*t.WakeAt) },
	}
	for i, s := range uscc.States {
		if err := steps[i](); err != nil {
			return err
		}
		if s == to {
			break
		}
	}
	t.Outbox = nil
	c.tickets = append(c.tickets, t)
	return nil
}

// keep writes them; what an interrupted seed wrote before stays as it is.
func (c *codes) keep(ctx context.Context, s usecase.Catalogue) error {
	if err := fresh(ctx, s.Orgs, c.orgs); err != nil {
		return err
	}
	return fresh(ctx, s.Tickets, c.tickets)
}
