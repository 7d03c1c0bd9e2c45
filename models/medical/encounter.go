package medical

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// An EncounterState is where a visit stands.
type EncounterState string

// The states of a visit.
const (
	Opened     EncounterState = "OPEN"
	Charging   EncounterState = "CHARGING"
	VisitDone  EncounterState = "SETTLED"
	Resettling EncounterState = "RESETTLING" // the settlement was reversed; a new one is awaited
	Cancelled  EncounterState = "CANCELLED"
)

// encounterMoves is the whole life of a visit.
var encounterActs = models.Acts[EncounterState]{
	models.From(Opened).To(Charging).By("Charge", models.Hospital),
	models.From(Opened, Charging, Resettling).To(VisitDone).By("Settle", models.Hospital),
	models.From(Opened, Charging, Resettling).To(Cancelled).By("Cancel", models.Hospital),
	models.From(VisitDone).To(Resettling).By("Reverse", models.Hospital),
}

var encounterMoves = encounterActs.Machine()

// An Encounter is one visit to a hospital: what was charged, what a hold covers, what the insurer settled.
// It knows amounts, days and coarse categories; never what for.
type Encounter struct {
	models.Meta                 `bson:",inline"`
	models.Life[EncounterState] `bson:",inline"`

	Hospital    string        `bson:"hospital"` // organisation id
	Region      models.Region `bson:"region"`   // the agreement's county; the hospital's without one
	VisitNo     string        `bson:"visitNo"`  // the hospital's number; unique with Hospital
	Type        VisitType     `bson:"type"`
	Person      string        `bson:"person"`              // "" when the hospital's patient is not known here
	Agreement   string        `bson:"agreement,omitempty"` // "" = everything is paid now
	Reason      string        `bson:"reason,omitempty"`    // why it was not creditable
	Lines       []Line        `bson:"lines,omitempty"`
	SettledSeq  int64         `bson:"settledSeq"`       // the version at which it was last settled
	Deferred    models.Fen    `bson:"deferred"`         // principal of all its bills together, by the last settlement
	SetlID      string        `bson:"setlId,omitempty"` // of the last settlement
	Settlements []Settlement  `bson:"settlements,omitempty"`
	Exception   string        `bson:"exception,omitempty"` // why it waits in the hospital's exception queue
	Queued      string        `bson:"queued,omitempty"`    // the hospital while there is an exception: the queue's index
}

// A LineState is what became of a charge line.
type LineState string

// The states of a line, and CONFLICT and DUPLICATE, which are answers only.
const (
	Accepted  LineState = "ACCEPTED"  // covered by the hold
	PayNow    LineState = "PAY_NOW"   // the patient pays it at the desk
	Parked    LineState = "PARKED"    // a reversal whose original has not come yet
	Replaced  LineState = "REPLACED"  // a newer revision took its place
	Duplicate LineState = "DUPLICATE" // this very line came before
	Conflicts LineState = "CONFLICT"  // another line came under this key, or it reverses too much
)

// A Line is one charge or reversal. (ID, Revision) is its key.
type Line struct {
	ID       string     `bson:"id"`
	Revision int        `bson:"revision"`
	Category string     `bson:"category"` // DRUG, EXAM, TREATMENT, BED, OTHER
	Amount   models.Fen `bson:"amount"`   // negative exactly when it reverses
	At       time.Time  `bson:"at"`
	Reverses string     `bson:"reverses,omitempty"` // line id
	State    LineState  `bson:"state"`
	Came     time.Time  `bson:"came"`
}

// MaxLines bounds a visit; a longer stay is settled in between.
const MaxLines = 5000

// A LineResult is the answer to one line. First is what its first arrival was answered, when this one is a duplicate.
type LineResult struct {
	ID     string
	Result LineState
	First  LineState
	Parked bool
}

// An Arrival is a patient at a hospital.
type Arrival struct {
	ID, Hospital, VisitNo string
	Type                  VisitType
	Person                string
	Region                models.Region
	Agreement             *Agreement // nil when there is none that covers the visit
	Reason                string     // why there is none, "" otherwise
}

// Open starts a visit.
func Open(v Arrival, by models.Actor, now time.Time) *Encounter {
	e := &Encounter{
		Meta: models.Meta{ID: v.ID}, Life: models.Life[EncounterState]{State: Opened, Moved: models.Moved{By: by.Role, At: now}},
		Hospital: v.Hospital, VisitNo: v.VisitNo, Type: v.Type, Person: v.Person, Region: v.Region, Reason: v.Reason,
	}
	if v.Agreement != nil && v.Reason == "" {
		e.Agreement, e.Region = v.Agreement.ID, v.Agreement.Region
	}
	e.Publish(VisitOpened.Of(VisitData{Type: v.Type}), v.Person, by, now)
	return e
}

// Total is what the hold must cover: the accepted lines with their reversals.
func (e *Encounter) Total() models.Fen {
	var sum models.Fen
	for _, l := range e.Lines {
		if l.State == Accepted {
			sum += l.Amount
		}
	}
	return sum
}

// PayNowTotal is what the patient pays at the desk.
func (e *Encounter) PayNowTotal() models.Fen {
	var sum models.Fen
	for _, l := range e.Lines {
		if l.State == PayNow {
			sum += l.Amount
		}
	}
	return max(sum, 0)
}

// Fit is the hold that lines would need at most on the way if they were charged with the given room.
// With a hold of just that, Charge accepts the same lines.
func (e *Encounter) Fit(lines []Line, room models.Fen, now time.Time) models.Fen {
	trial := *e
	trial.Lines = slices.Clone(e.Lines)
	_, peak := trial.place(lines, room, now)
	return peak
}

// Charge records lines, each accepted while the total stays within room, the visit's hold; beyond it the answer is PAY_NOW. Lines that came
// before are answered as duplicates, so a whole batch may be sent again after a lost answer. A higher revision replaces a lower one,
// in whichever order they come. A reversal before its original is parked.
//
// Errors: InvalidTransition when the visit takes no new lines; Conflict beyond MaxLines. Source: docs/sources.md#medical-charges.
func (e *Encounter) Charge(lines []Line, room models.Fen, by models.Actor, now time.Time) ([]LineResult, error) {
	trial := *e
	trial.Lines = slices.Clone(e.Lines)
	results, _ := trial.place(lines, room, now)
	if len(trial.Lines) == len(e.Lines) {
		return results, nil // nothing new: duplicates and conflicts only
	}
	switch {
	case !e.takesLines():
		return nil, models.Refused(e.Life, encounterMoves[e.State], "medical.visit_takes_no_charges")
	case len(trial.Lines) > MaxLines:
		return nil, models.E(models.Conflict, "medical.visit_too_long").With("max", strconv.Itoa(MaxLines))
	}
	first := e.State == Opened
	if first {
		if err := trial.move(Charging, by, now); err != nil {
			return nil, err
		}
	}
	*e = trial
	switch {
	case e.Agreement == "":
	case first:
		e.Publish(VisitCharged, e.Person, by, now)
	case e.Total() < room:
		e.Publish(VisitHoldUneven, e.Person, by, now)
	}
	e.plan()
	return results, nil
}

// place puts lines where they belong, answers each, and says how high the total rose on the way.
func (e *Encounter) place(lines []Line, room models.Fen, now time.Time) (results []LineResult, peak models.Fen) {
	results = make([]LineResult, len(lines))
	peak = e.Total()
	for i, l := range lines {
		var need models.Fen
		results[i], need = e.put(l, room, now)
		peak = max(peak, need)
	}
	return results, peak
}

// put places one line, answers it, and says what total it had to find room for: before reversals that waited for it count.
func (e *Encounter) put(l Line, room models.Fen, now time.Time) (answer LineResult, need models.Fen) {
	answer = LineResult{ID: l.ID}
	if i := slices.IndexFunc(e.Lines, func(k Line) bool { return k.ID == l.ID && k.Revision == l.Revision }); i >= 0 {
		answer.Result, answer.First = Conflicts, ""
		if e.Lines[i].same(l) {
			answer.Result, answer.First = Duplicate, e.Lines[i].State
		}
		return answer, 0
	}
	l.Came = now
	l.State = e.judge(l, room)
	if l.State == Conflicts {
		answer.Result = Conflicts
		return answer, 0
	}
	if older := e.current(l.ID); older >= 0 && l.State != Replaced {
		e.Lines[older].State = Replaced
	}
	e.Lines = append(e.Lines, l)
	need = e.Total()
	answer.Result, answer.Parked = l.State, l.State == Parked
	if l.State == Parked || l.State == Replaced {
		answer.Result = Accepted // taken in; it counts when its time comes
	}
	if l.Reverses == "" && l.State != Replaced {
		e.follow(l.ID, l.State)
	}
	return answer, need
}

// judge decides what a new line becomes.
func (e *Encounter) judge(l Line, room models.Fen) LineState {
	if (l.Amount < 0) != (l.Reverses != "") {
		return Conflicts
	}
	var freed models.Fen // what the revision it replaces gives back
	if i := e.current(l.ID); i >= 0 {
		if e.Lines[i].Revision > l.Revision {
			return Replaced // a newer revision came first
		}
		if e.Lines[i].Reverses != l.Reverses || -e.reversed(l.ID) > l.Amount && l.Reverses == "" {
			return Conflicts
		}
		if e.Lines[i].State == Accepted {
			freed = e.Lines[i].Amount
		}
	}
	if l.Reverses != "" {
		if e.Total()-freed+l.Amount > max(room, e.Total()) {
			return Conflicts // it reverses less than before, and what it no longer takes back has no room
		}
		return e.judgeReversal(l)
	}
	if e.Agreement == "" || e.Total()-freed+l.Amount > room {
		return PayNow
	}
	return Accepted
}

// judgeReversal gives a reversal the state of its original, bounded by it.
func (e *Encounter) judgeReversal(l Line) LineState {
	i := e.current(l.Reverses)
	if i < 0 {
		return Parked
	}
	original := e.Lines[i]
	already := e.reversed(l.Reverses)
	if j := e.current(l.ID); j >= 0 && e.Lines[j].State != Parked {
		already -= e.Lines[j].Amount
	}
	if original.Reverses != "" || original.Amount+already+l.Amount < 0 {
		return Conflicts
	}
	return original.State
}

// reversed is the (negative) sum of the reversals of a line that count.
func (e *Encounter) reversed(id string) models.Fen {
	var sum models.Fen
	for _, l := range e.Lines {
		if l.Reverses == id && (l.State == Accepted || l.State == PayNow) {
			sum += l.Amount
		}
	}
	return sum
}

// current is the index of the revision of a line that counts, -1 for none.
func (e *Encounter) current(id string) int {
	return slices.IndexFunc(e.Lines, func(l Line) bool { return l.ID == id && l.State != Replaced })
}

// follow lets the reversals of a line share its state, and parked ones count now that it is there;
// one that reverses too much becomes an exception.
func (e *Encounter) follow(original string, state LineState) {
	for i := range e.Lines {
		l := &e.Lines[i]
		if l.Reverses != original || l.State == Replaced {
			continue
		}
		if l.State == Parked && e.judgeReversal(*l) == Conflicts {
			e.except("reversal_too_large")
			continue
		}
		l.State = state
	}
}

// same says whether two lines say the same; the moment they came does not count.
func (l Line) same(m Line) bool {
	return l.Category == m.Category && l.Amount == m.Amount && l.At.Equal(m.At) && l.Reverses == m.Reverses
}

// Cancel ends a visit that is not to be settled. Its hold is given back by what follows from the event.
func (e *Encounter) Cancel(by models.Actor, now time.Time) error {
	if e.State == Cancelled {
		return nil
	}
	if err := e.move(Cancelled, by, now); err != nil {
		return err
	}
	e.Deferred = 0
	e.clear()
	e.Publish(VisitCancelled, e.Person, by, now)
	e.plan()
	return nil
}

// except puts the visit into the hospital's exception queue.
func (e *Encounter) except(reason string) { e.Exception, e.Queued = reason, e.Hospital }

func (e *Encounter) clear() { e.Exception, e.Queued = "", "" }

// parkTime is how long a reversal may wait for its original. Source: docs/sources.md#medical-charges.
const parkTime = 24 * time.Hour

// Wake turns reversals that waited too long into an exception.
func (e *Encounter) Wake(now time.Time) error {
	for _, l := range e.Lines {
		if e.takesLines() && l.State == Parked && !l.Came.Add(parkTime).After(now) && e.Exception == "" {
			e.except("reversal_without_original")
			e.Publish(VisitExcepted.Of(ExceptedData{Cause: e.Exception}), "", models.Clockwork, now)
		}
	}
	e.plan()
	return nil
}

// takesLines says whether new charges may still come; then a reversal may still find its original.
func (e *Encounter) takesLines() bool { return e.State != VisitDone && e.State != Cancelled }

func (e *Encounter) plan() {
	e.WakeAt = nil
	for _, l := range e.Lines {
		if e.takesLines() && l.State == Parked && e.Exception == "" {
			e.WakeAt = models.Earliest(e.WakeAt, models.At(l.Came.Add(parkTime)))
		}
	}
}

func (e *Encounter) move(to EncounterState, by models.Actor, now time.Time) error {
	return e.Move(encounterMoves, to, by.At(now), "medical.visit_not_"+visitRefusal[to])
}

var visitRefusal = map[EncounterState]string{
	Opened:   "new", // nothing goes back to it
	Charging: "chargeable", VisitDone: "settleable", Resettling: "reversible", Cancelled: "cancellable",
}
