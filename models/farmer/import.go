package farmer

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/job"
)

// An ImportState is where an import stands.
type ImportState string

// The states of an import.
const (
	Importing ImportState = "RUNNING"
	Imported  ImportState = "DONE"
	Unread    ImportState = "FAILED" // the sheet itself cannot be read

	ImportCancelled ImportState = "CANCELLED"
)

// Enum are all of them.
func (ImportState) Enum() []any { return models.Enum(Importing, Imported, Unread, ImportCancelled) }

// ImportStates lists them.
var ImportStates = []ImportState{Importing, Imported, Unread, ImportCancelled}

var importActs = models.Acts[ImportState]{
	models.From(Importing).To(Imported).By("Step", models.System),
	models.From(Importing).To(Unread).By("Fail", models.System),
	models.From(Importing).To(ImportCancelled).By("Abort", models.Operator),
}

var importMoves = importActs.Machine()

// maxVerdicts bounds the lines an import names.
const maxVerdicts = 1000

// An Import is a township's sheet on its way into files, some lines at a time.
type Import struct {
	models.Meta              `bson:",inline"`
	models.Life[ImportState] `bson:",inline"`
	job.Job                  `bson:",inline"`

	Layout  string        `bson:"layout"`
	Village models.Region `bson:"village,omitempty"` // of lines that name none; of a whole town, each line names its own
	Region  models.Region `bson:"region"`            // of whoever sent it
	Blob    string        `bson:"blob"`
	Parts   []string      `bson:"parts,omitempty"` // blobs of the sheet as CSV, once it is unpacked
	Hash    string        `bson:"hash"`
	DryRun  bool          `bson:"dryRun"`
	By      models.Actor  `bson:"by"`

	Next     int           `bson:"next"` // the first line that is not read yet, from 0
	Lines    int           `bson:"lines"`
	Taken    int           `bson:"taken"`
	Created  int           `bson:"created"` // households that were not there
	Refused  int           `bson:"refused"`
	Verdicts []LineVerdict `bson:"verdicts,omitempty"` // of lines with a fault or a conflict
	Why      string        `bson:"why,omitempty"`      // the reason's key, of FAILED
	DoneAt   *time.Time    `bson:"doneAt,omitempty"`
}

// A LineVerdict is what became of a line.
type LineVerdict struct {
	Line   int            `bson:"line"` // from 1, the headings not counted
	No     string         `bson:"no"`
	Taken  bool           `bson:"taken"`
	Faults []models.Field `bson:"faults,omitempty"`
}

// An Upload is a spreadsheet that was brought.
type Upload struct {
	ID         string
	Village    models.Region // "": that of whoever brings it
	Blob, Hash string
	DryRun     bool
}

// NewImport starts an import.
func NewImport(l *Layout, up Upload, by models.Actor, now time.Time) (*Import, error) {
	if up.Village == "" {
		up.Village = by.Region
	}
	if !mayWriteIn(by, up.Village) || !l.Region.Contains(by.Region) {
		return nil, models.E(models.Forbidden, "farmer.other_region")
	}
	im := &Import{Layout: l.ID, Village: up.Village, Region: by.Region, Blob: up.Blob, Hash: up.Hash, DryRun: up.DryRun, By: by}
	im.ID, im.State, im.Moved = up.ID, Importing, models.Moved{By: by.Role, At: now}
	im.GoneAt = models.At(now.AddDate(0, 0, 90))
	job.Begin(im, by, now)
	return im, nil
}

// Wake asks for the part that is due.
func (im *Import) Wake(now time.Time) error {
	job.Wake(im, now)
	return nil
}

// Busy implements job.Work.
func (im *Import) Busy() bool { return im.State == Importing }

// PartDue implements job.Work.
func (im *Import) PartDue() models.Happening { return EventImport.Of(im.Due()) }

// DoneOf implements job.Work: lines read.
func (im *Import) DoneOf() (done, total int64) { return int64(im.Lines), 0 }

// Abort leaves what was taken: each line is whole.
func (im *Import) Abort(by models.Actor, reason string, now time.Time) error {
	im.DoneAt = models.At(now)
	job.End(im)
	return im.Move(importMoves, ImportCancelled, by.At(now).Because(reason), "farmer.import_state")
}

// Unpack notes where the sheet lies as CSV: it was read to its end and is none that is refused. It says whether that was due.
func (im *Import) Unpack(parts []string, now time.Time) bool {
	if !job.Took(im, 0) {
		return false
	}
	im.Parts = parts
	job.Ask(im, now)
	return true
}

// An ImportStep is what became of some lines.
type ImportStep struct {
	Part     int
	Lines    int
	Taken    int
	Created  int
	Verdicts []LineVerdict // of lines with something to say
	Refused  int
	Last     bool
}

// Step adds the lines that were read. It says whether they were due.
func (im *Import) Step(s ImportStep, now time.Time) (bool, error) {
	if !job.Took(im, s.Part) {
		return false, nil
	}
	im.Next, im.Lines, im.Taken, im.Created, im.Refused = im.Next+s.Lines, im.Lines+s.Lines, im.Taken+s.Taken, im.Created+s.Created,
		im.Refused+s.Refused
	im.Verdicts = append(im.Verdicts, s.Verdicts[:min(len(s.Verdicts), maxVerdicts-len(im.Verdicts))]...)
	if !s.Last {
		job.Ask(im, now)
		return true, nil
	}
	return true, im.end(Imported, "", now)
}

// Fail ends an import whose sheet cannot be read.
func (im *Import) Fail(why string, now time.Time) (bool, error) {
	if im.State != Importing {
		return false, nil
	}
	return true, im.end(Unread, why, now)
}

func (im *Import) end(to ImportState, why string, now time.Time) error {
	im.Why, im.DoneAt = why, models.At(now)
	job.End(im)
	im.Publish(EventImported.Of(ImportedData{Taken: im.Taken, Refused: im.Refused}), im.By.Person, models.Clockwork, now)
	return im.Move(importMoves, to, models.Clockwork.At(now).Because(why), "farmer.import_state")
}

// Fault adds a fault to a line's verdict.
func (v *LineVerdict) Fault(at, code string) {
	if !slices.ContainsFunc(v.Faults, func(f models.Field) bool { return f.Pointer == at && f.Code == code }) {
		v.Faults = append(v.Faults, models.Field{Pointer: at, Code: code})
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
