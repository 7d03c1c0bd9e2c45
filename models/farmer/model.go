package farmer

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/release"
	"xinyi/models/score"
)

// modelPath is the way of a model into force.
var modelPath = release.Path{release.Draft, release.Checked, release.Tried, release.Approved, release.Announced, release.InForce}

// Total is what every model of households is worth.
const Total score.Points = 10000

// A Model is one version of how households are scored. Its id is "household@<no>"; the set inside never changes once it was
// checked.
type Model struct {
	models.Meta     `bson:",inline"`
	release.Release `bson:",inline"` // tried on every stored household

	No  int    `bson:"no"`
	Set []byte `bson:"set"` // the set as JSON, byte for byte what its hash is of
}

// Path is the way of a model into force.
func (m *Model) Path() release.Path { return modelPath }

// ModelID names a version.
func ModelID(no int) string { return "household@" + strconv.Itoa(no) }

// ours says whether by is of the city's office: a model holds in the whole city. Errors: Forbidden "farmer.other_region".
func ours(by models.Actor) error {
	if !by.Is(models.CreditOffice) || by.Region.Level() > models.Prefecture {
		return models.E(models.Forbidden, "farmer.other_region")
	}
	return nil
}

// NewModel drafts the next version. Errors: Forbidden for a county's office.
func NewModel(no int, set score.Set, by models.Actor, now time.Time) (*Model, error) {
	if err := ours(by); err != nil {
		return nil, err
	}
	m := &Model{No: no}
	m.ID = ModelID(no)
	release.Start(m, by, now)
	return m, m.put(set)
}

func (m *Model) put(set score.Set) (err error) {
	if err := set.Bounded(); err != nil {
		return err
	}
	set.ID, set.Version = "household", m.No
	if m.Set, err = json.Marshal(set); err != nil {
		return models.E(models.Internal, "internal", err)
	}
	return nil
}

// Read is the model's set.
func (m *Model) Read() (*score.Set, error) {
	var s score.Set
	if err := json.Unmarshal(m.Set, &s); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	return &s, nil
}

// scorers are made once: a model that is not a draft never changes.
var scorers sync.Map // by hash: *score.Scorer

// Scorer is the model made ready. Errors: Conflict "farmer.model_draft" before it was checked.
func (m *Model) Scorer() (*score.Scorer, error) {
	if m.Hash == "" {
		return nil, models.E(models.Conflict, "farmer.model_draft")
	}
	if made, ok := scorers.Load(m.Hash); ok {
		return made.(*score.Scorer), nil //nolint:errcheck,forcetypeassert // nothing else is kept there
	}
	s, err := m.Read()
	if err != nil {
		return nil, err
	}
	made := s.Scorer()
	scorers.Store(m.Hash, made)
	return made, nil
}

// Edit changes a draft. Errors: InvalidTransition once checked.
func (m *Model) Edit(set score.Set, by models.Actor) error {
	if err := ours(by); err != nil {
		return err
	}
	if err := release.Edit(m, by); err != nil {
		return err
	}
	return m.put(set)
}

// Validate fixes the model. forms say which fields count. Errors: Invalid "score.set_invalid"; InvalidTransition.
func (m *Model) Validate(forms Forms, by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	if err := release.May(m, release.Checked); err != nil {
		return err
	}
	set, err := m.Read()
	if err != nil {
		return err
	}
	if err := set.Check(Total, KnownFact(forms)); err != nil {
		return err
	}
	return release.Check(m, set.Hash(), by, now)
}

// Trial is what a run says of its model; one that tries it counts once it has ended.
func (r *Run) Trial() release.Trial {
	t := release.Trial{ID: r.ID, Of: r.Of, Against: r.Against, Hash: r.Hash}
	if r.Kind == Simulate && r.State == RunDone {
		t.At = r.DoneAt
	}
	return t
}

// fresh is how long a trial counts.
func (p Policy) fresh() time.Duration { return time.Duration(p.FreshSimDays) * 24 * time.Hour }

// Approve is a second person's word. Errors: as release.Approve; Forbidden.
//
// Source: docs/sources.md#farmer-model.
func (m *Model) Approve(pol Policy, by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	return release.Approve(m, pol.fresh(), by, now)
}

// Publish sets the day the model begins: the first one today at the earliest, a later one after its notice. inForce is the
// model it follows, "" none. Errors: as release.Announce; Forbidden.
func (m *Model) Publish(begins models.Day, inForce string, pol Policy, by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	a := release.Announcement{Begins: begins, Follows: inForce, Notice: pol.NoticeDays, Fresh: pol.fresh()}
	if err := release.Announce(m, a, by, now); err != nil {
		return err
	}
	m.Meta.Publish(EventModelDue.Of(ModelData{From: begins}), "", by, now)
	return m.Wake(now)
}

// Drop gives a model up that is not in force. Errors: InvalidTransition; Forbidden.
func (m *Model) Drop(by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	return release.Drop(m, by, now)
}

// Retire gives way to a later model. It says whether anything changed.
func (m *Model) Retire(now time.Time) bool {
	if !release.GiveWay(m, now) {
		return false
	}
	m.Meta.Publish(EventModelPast, "", models.Clockwork, now)
	return true
}

// Wake puts the model in force on its day.
func (m *Model) Wake(now time.Time) error {
	if release.Enter(m, now) {
		m.Meta.Publish(EventModelOn, "", models.Clockwork, now)
	}
	return nil
}
