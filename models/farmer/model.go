package farmer

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// A Stage is where a model stands on its way into force.
type Stage string

// The stages of a model, in order.
const (
	ModelDraft     Stage = "DRAFT"
	ModelFixed     Stage = "VALIDATED" // whole; from here it is never changed
	ModelTried     Stage = "SIMULATED" // tried on every stored household
	ModelApproved  Stage = "APPROVED"  // by a second person
	ModelScheduled Stage = "SCHEDULED"
	ModelActive    Stage = "ACTIVE"
	ModelRetired   Stage = "RETIRED"
)

// Stages lists them.
var Stages = []Stage{ModelDraft, ModelFixed, ModelTried, ModelApproved, ModelScheduled, ModelActive, ModelRetired}

var stageMoves = models.Machine[Stage]{
	ModelDraft: {ModelFixed, ModelRetired}, ModelFixed: {ModelTried, ModelRetired}, ModelTried: {ModelTried, ModelApproved, ModelRetired},
	ModelApproved: {ModelTried, ModelScheduled, ModelRetired}, ModelScheduled: {ModelActive, ModelRetired}, ModelActive: {ModelRetired}, ModelRetired: nil,
}

// Total is what every model of households is worth.
const Total score.Points = 10000

// A Model is one version of how households are scored. Its id is "household@<no>"; the set inside never changes once it was
// validated.
type Model struct {
	models.Meta        `bson:",inline"`
	models.Life[Stage] `bson:",inline"`

	No     int    `bson:"no"`
	Set    []byte `bson:"set"` // the set as JSON, byte for byte what its hash is of
	Hash   string `bson:"hash,omitempty"`
	Author string `bson:"author"`

	Run        string     `bson:"run,omitempty"`     // the trial
	Against    string     `bson:"against,omitempty"` // the model in force it was tried against
	TriedAt    *time.Time `bson:"triedAt,omitempty"`
	ApprovedBy string     `bson:"approvedBy,omitempty"`
	Begins     models.Day `bson:"begins,omitempty"`
}

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
	m := &Model{No: no, Author: by.Principal()}
	m.ID, m.State, m.Moved = ModelID(no), ModelDraft, models.Moved{By: by.Role, At: now}
	return m, m.put(set)
}

func (m *Model) put(set score.Set) (err error) {
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

// Scorer is the model made ready. Errors: Conflict "farmer.model_draft" before it was validated.
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

// Edit changes a draft. Errors: InvalidTransition once validated.
func (m *Model) Edit(set score.Set, by models.Actor) error {
	if err := ours(by); err != nil {
		return err
	}
	if m.State != ModelDraft {
		return models.Refused(m.Life, stageMoves[m.State], "farmer.model_stage")
	}
	m.Author = by.Principal()
	return m.put(set)
}

// Validate fixes the model. forms say which fields count. Errors: Invalid "score.set_invalid"; InvalidTransition.
func (m *Model) Validate(forms Forms, by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	if err := stageMoves.Check(m.Life, ModelFixed, "farmer.model_stage"); err != nil {
		return err
	}
	set, err := m.Read()
	if err != nil {
		return err
	}
	if err := set.Check(Total, KnownFact(forms)); err != nil {
		return err
	}
	m.Hash = set.Hash()
	return m.Move(stageMoves, ModelFixed, by, now, "farmer.model_stage", "")
}

// Tried takes a finished trial. Errors: Conflict "farmer.other_model"; InvalidTransition.
func (m *Model) Tried(r *Run, now time.Time) error {
	if r.Hash != m.Hash || r.State != RunDone || r.DoneAt == nil || r.Kind != Simulate {
		return models.E(models.Conflict, "farmer.other_model")
	}
	if err := m.Move(stageMoves, ModelTried, models.Clockwork, now, "farmer.model_stage", ""); err != nil {
		return err
	}
	m.Run, m.Against, m.TriedAt, m.ApprovedBy = r.ID, r.Against, r.DoneAt, ""
	return nil
}

func (m *Model) fresh(pol Policy, now time.Time) error {
	if m.TriedAt == nil || now.Sub(*m.TriedAt) > time.Duration(pol.FreshSimDays)*24*time.Hour {
		return models.E(models.Conflict, "farmer.trial_old")
	}
	return nil
}

// Approve is a second person's word. Errors: Conflict "farmer.trial_old"; Forbidden "farmer.second_person"; InvalidTransition.
//
// Source: docs/sources.md#farmer-model.
func (m *Model) Approve(pol Policy, by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	if m.State == ModelDraft || m.State == ModelFixed {
		return models.E(models.Conflict, "farmer.trial_old")
	}
	if err := stageMoves.Check(m.Life, ModelApproved, "farmer.model_stage"); err != nil {
		return err
	}
	if err := m.fresh(pol, now); err != nil {
		return err
	}
	if by.Person == "" || by.Principal() == m.Author {
		return models.E(models.Forbidden, "farmer.second_person")
	}
	m.ApprovedBy = by.Principal()
	return m.Move(stageMoves, ModelApproved, by, now, "farmer.model_stage", "")
}

// Publish sets the day the model begins: the first one today at the earliest, a later one after its notice. inForce is the
// model it follows, "" none. Errors: Conflict "farmer.trial_old" when it was tried against another; Invalid "farmer.too_soon";
// InvalidTransition.
func (m *Model) Publish(begins models.Day, inForce string, pol Policy, by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	if m.State == ModelDraft || m.State == ModelFixed || m.State == ModelTried && m.Against != inForce {
		return models.E(models.Conflict, "farmer.trial_old")
	}
	if err := stageMoves.Check(m.Life, ModelScheduled, "farmer.model_stage"); err != nil {
		return err
	}
	if err := m.fresh(pol, now); err != nil {
		return err
	}
	if m.Against != inForce {
		return models.E(models.Conflict, "farmer.trial_old")
	}
	first := models.DayOf(now)
	if inForce != "" {
		first = first.Add(pol.NoticeDays)
	}
	if begins < first {
		return &models.Error{Code: models.Invalid, Reason: "farmer.too_soon", Fields: []models.Field{{Pointer: "/begins", Code: "benefit_begins", Args: map[string]string{"first": string(first)}}}}
	}
	m.Begins = begins
	if err := m.Move(stageMoves, ModelScheduled, by, now, "farmer.model_stage", ""); err != nil {
		return err
	}
	m.Tell(EventModelDue, "", by, now, map[string]string{"from": string(begins)})
	if m.WakeAt = models.At(begins.Start()); !m.WakeAt.After(now) {
		return m.Wake(now)
	}
	return nil
}

// Drop gives a model up that is not in force. Errors: InvalidTransition.
func (m *Model) Drop(by models.Actor, now time.Time) error {
	if err := ours(by); err != nil {
		return err
	}
	if m.State == ModelActive {
		return models.Refused(m.Life, nil, "farmer.model_stage")
	}
	m.WakeAt = nil
	return m.Move(stageMoves, ModelRetired, by, now, "farmer.model_stage", "")
}

// Retire gives way to a later model. It says whether that was news.
func (m *Model) Retire(now time.Time) bool {
	if m.State != ModelActive || m.Move(stageMoves, ModelRetired, models.Clockwork, now, "farmer.model_stage", "") != nil {
		return false
	}
	m.Tell(EventModelPast, "", models.Clockwork, now, nil)
	return true
}

// Wake puts the model in force on its day.
func (m *Model) Wake(now time.Time) error {
	if m.WakeAt == nil || m.WakeAt.After(now) {
		return nil
	}
	m.WakeAt = nil
	if m.State != ModelScheduled {
		return nil
	}
	m.Tell(EventModelOn, "", models.Clockwork, now, nil)
	return m.Move(stageMoves, ModelActive, models.Clockwork, now, "farmer.model_stage", "")
}
