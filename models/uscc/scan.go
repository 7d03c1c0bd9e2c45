package uscc

import (
	"time"

	"xinyi/models"
	"xinyi/models/job"
)

// A ScanState is where a scan stands.
type ScanState string

// The states of a scan.
const (
	Running   ScanState = "RUNNING"
	Done      ScanState = "DONE"
	Cancelled ScanState = "CANCELLED"
)

// Enum are all of them.
func (ScanState) Enum() []any { return models.Enum(Running, Done, Cancelled) }

var scanActs = models.Acts[ScanState]{
	models.From(Running).To(Done).By("Step", models.System),
	models.From(Running).To(Cancelled).By("Abort", models.Operator),
}

var scanMoves = scanActs.Machine()

// A Stage is what a scan is looking at.
type Stage string

// The stages, in order.
const (
	ByCode  Stage = "CODES" // wrong codes, and codes with several names
	ByPlace Stage = "NAMES" // names with several codes
	AtEnd   Stage = "END"
)

// A Scan goes through every organisation in use of the region of whoever began it, from part to part; one cut off goes on where it was.
type Scan struct {
	models.Meta            `bson:",inline"`
	models.Life[ScanState] `bson:",inline"`
	job.Job                `bson:",inline"`

	By      models.Actor     `bson:"by"`
	Total   int64            `bson:"total"` // pairs at the start; each is looked at twice
	Stage   Stage            `bson:"stage"`
	After   string           `bson:"after"` // the code or place that was finished last; "" from the start of the stage
	Seen    int64            `bson:"seen"`
	Found   map[string]int64 `bson:"found"`  // findings by class
	Opened  int64            `bson:"opened"` // tickets that were not there before
	EndedAt *time.Time       `bson:"endedAt,omitempty"`
}

// A Part is the result of one part of a scan.
type Part struct {
	Part   int
	Seen   int64
	After  string
	Last   bool // nothing of the stage is left
	Found  map[Class]int64
	Opened int64
}

// NewScan starts a scan over so many pairs. Errors: Forbidden unless by is of the credit office.
func NewScan(id string, total int64, by models.Actor, now time.Time) (*Scan, error) {
	if by.Agent != "" || !by.Is(models.CreditOffice, models.System) {
		return nil, models.E(models.Forbidden, "uscc.not_yours")
	}
	s := &Scan{
		Meta: models.Meta{ID: id}, Life: models.Life[ScanState]{State: Running, Moved: models.Moved{By: by.Role, At: now}},
		By: by, Total: total, Stage: ByCode, Found: map[string]int64{},
	}
	s.Publish(EventScanStarted, "", by, now)
	job.Begin(s, by, now)
	return s, nil
}

// Wake asks for the part that is due.
func (s *Scan) Wake(now time.Time) error {
	if !s.Busy() {
		s.WakeAt = nil
		return nil
	}
	job.Wake(s, now)
	return nil
}

// Busy implements job.Work.
func (s *Scan) Busy() bool { return s.State == Running }

// PartDue implements job.Work.
func (s *Scan) PartDue() models.Happening { return EventPartDue.Of(s.Due()) }

// DoneOf implements job.Work: pairs, each looked at twice.
func (s *Scan) DoneOf() (done, total int64) { return s.Seen, 2 * s.Total }

// Abort leaves the tickets that were opened.
func (s *Scan) Abort(by models.Actor, reason string, now time.Time) error {
	s.EndedAt = models.At(now)
	job.End(s)
	return s.Move(scanMoves, Cancelled, by.At(now).Because(reason), "uscc.scan_over")
}

// Step takes the result of a part and asks for the next, or ends. A part it does not await is left alone, so each counts once.
// It says whether anything changed.
func (s *Scan) Step(p Part, now time.Time) (bool, error) {
	if !job.Took(s, p.Part) {
		return false, nil
	}
	s.Seen += p.Seen
	s.Opened += p.Opened
	s.After = p.After
	if s.Found == nil {
		s.Found = map[string]int64{}
	}
	for class, n := range p.Found {
		s.Found[string(class)] += n
	}
	if p.Last {
		s.After = ""
		if s.Stage == ByCode {
			s.Stage = ByPlace
		} else {
			s.Stage = AtEnd
		}
	}
	if s.Stage != AtEnd {
		job.Ask(s, now)
		return true, nil
	}
	if err := s.Move(scanMoves, Done, models.Clockwork.At(now), "uscc.scan_over"); err != nil {
		return false, err
	}
	s.EndedAt = models.At(now)
	job.End(s)
	s.Publish(EventScanDone, "", models.Clockwork, now)
	return true, nil
}
