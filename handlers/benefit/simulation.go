package benefit

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
)

// simulationView is a simulation with small groups left out.
type simulationView struct {
	ID      string            `json:"id"`
	State   benefit.SimState  `json:"state"`
	Against string            `json:"against,omitempty" description:"The version in force it is compared with"`
	Hash    string            `json:"hash"`
	Job     api.JobView       `json:"job" description:"People, or organisations"`
	Done    *time.Time        `json:"doneAt,omitempty"`
	Totals  simulationCounts  `json:"totals" description:"Of the groups that are shown"`
	Groups  []simulationGroup `json:"groups"`
	Hidden  int               `json:"hidden" description:"So many counts are of fewer than five people, and are not shown"`
	Budget  models.Fen        `json:"budgetFen" description:"The most it may cost over its whole time, 0: not bounded"`
}

type simulationCounts struct {
	Gain    int64 `json:"gain" description:"May have it then and not now; -1: fewer than five"`
	Lose    int64 `json:"lose"`
	Keep    int64 `json:"keep"`
	Never   int64 `json:"never"`
	Unknown int64 `json:"unknown" description:"Something about them is not known"`
}

type simulationGroup struct {
	County models.Region `json:"county"`
	Ages   string        `json:"ages"`
	simulationCounts
}

func (h Desk) viewSimulation(s *benefit.Simulation, t benefit.Terms, lang string) simulationView {
	v := simulationView{ID: s.ID, State: s.State, Against: s.Against, Hash: s.Hash, Done: s.DoneAt, Groups: []simulationGroup{},
		Job: api.ViewJob(store.Simulations.Job, s, lang)}
	if s.State != benefit.Counted { // parts of a count would show what came with each of them
		return v
	}
	shown := s.Show(h.Policy.Suppress)
	v.Totals, v.Hidden = simulationCounts(shown.Totals), shown.Hidden
	v.Budget = t.Budget(shown.Totals.Gain + shown.Totals.Keep)
	for _, c := range shown.Cells {
		v.Groups = append(v.Groups, simulationGroup{c.County, c.Ages, simulationCounts(c.Counts)})
	}
	return v
}

func (h Desk) simulate(ctx context.Context, rq api.Request, in versionAt) (simulationView, error) {
	v, o, err := h.version(ctx, rq, in)
	if err != nil {
		return simulationView{}, err
	}
	var inForce *benefit.Version
	if id := o.InForce(); id != "" {
		if inForce, err = h.Versions.Get(ctx, id); err != nil {
			return simulationView{}, err
		}
	}
	total, err := h.Profiles.Count(ctx, store.ProfilesOf(o.Subject))
	if err != nil {
		return simulationView{}, err
	}
	s, err := v.Simulate(rq.NewID(), inForce, total, rq.Actor, rq.Now)
	if err == nil {
		err = store.Existing(h.Simulations.Insert(ctx, s))
	}
	if err != nil {
		return simulationView{}, err
	}
	return h.viewSimulation(s, v.Terms, rq.Lang), nil
}

func (h Desk) simulation(ctx context.Context, rq api.Request, in versionAt) (simulationView, error) {
	v, _, err := h.version(ctx, rq, in)
	if err != nil {
		return simulationView{}, err
	}
	s, err := h.Simulations.First(ctx, store.SimulationsOf(v.ID))
	if err != nil {
		return simulationView{}, err
	}
	return h.viewSimulation(s, v.Terms, rq.Lang), nil
}
