// Package batch brings records in (归集): a unit delivers a file of one catalogue item, every row gets a verdict with its reason,
// good rows are kept though others are not, and what was refused comes back as a work list.
//
// A batch runs in parts. Each part saves how far it came together with what it counted, so a run that is cut off goes on there
// and nothing counts twice.
package batch

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"hash"
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/job"
)

// A State is where a batch stands.
type State string

// The states of a batch.
const (
	Receiving   State = "RECEIVING"   // its file is being delivered
	Running     State = "RUNNING"     // rows are read
	Done        State = "DONE"        // every row has its verdict
	Checked     State = "CHECKED"     // of a dry run: every row has its verdict, none is kept
	Failed      State = "FAILED"      // the file cannot be read
	Withdrawing State = "WITHDRAWING" // what it brought is being taken back
	Withdrawn   State = "WITHDRAWN"
	Cancelled   State = "CANCELLED" // a dry run that was cancelled
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Receiving, Running, Done, Checked, Failed, Withdrawing, Withdrawn, Cancelled)
}

// States lists every state, for views and checks.
var States = []State{Receiving, Running, Done, Checked, Failed, Withdrawing, Withdrawn, Cancelled}

var acts = models.Acts[State]{
	models.From(Receiving).To(Running).By("Submit", models.Department, models.DataOfficer),
	models.From(Receiving).To(Failed).By("Step", models.System),
	models.From(Running).To(Done, Checked, Failed).By("Step", models.System),
	models.From(Running, Done).To(Withdrawing).By("Withdraw", models.Department, models.DataOfficer),
	models.From(Running).To(Cancelled).By("Abort", models.Operator),
	models.From(Withdrawing).To(Withdrawn).By("Take", models.System),
}

var moves = acts.Machine()

// A Format is what kind of file it is.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
	JSON Format = "json"
)

// Enum are all of them.
func (Format) Enum() []any { return models.Enum(CSV, XLSX, JSON) }

// A Mode is what a row says that names a record we have, and says something else.
type Mode string

// The modes.
const (
	Update  Mode = "update"  // the fact changed: a licence was renewed
	Correct Mode = "correct" // it was wrong
)

// Enum are all of them.
func (Mode) Enum() []any { return models.Enum(Update, Correct) }

// The bounds of a file.
//
// Source: docs/sources.md#batch-bounds.
const (
	MaxBytes     = 256 << 20
	MaxWorkbook  = 16 << 20             // bytes of a workbook
	MaxSheetRows = 50_000               // rows of a workbook; more come as CSV
	PartRows     = 2_000                // rows of a part of a run
	kept         = 400 * 24 * time.Hour // the file itself; the batch and its counts stay
)

// A Batch is one delivery.
type Batch struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`
	job.Job            `bson:",inline"`

	Unit     string        `bson:"unit"`
	Region   models.Region `bson:"region"`
	Item     string        `bson:"item"`
	Edition  int           `bson:"edition"` // version of the item, fixed when the batch is submitted
	No       string        `bson:"no"`      // the unit's own number
	Slot     string        `bson:"slot"`    // unique: unit, item and number
	Format   Format        `bson:"format"`
	Mode     Mode          `bson:"mode"`
	DryRun   bool          `bson:"dryRun"`
	Produced *int          `bson:"produced,omitempty"` // rows the unit has for the month by its own count; nil: not said
	Month    string        `bson:"month"`              // "2026-05"
	By       models.Actor  `bson:"by"`

	File   File              `bson:"file"`
	Cursor Cursor            `bson:"cursor"`
	Counts Counts            `bson:"counts"`
	Why    string            `bson:"why,omitempty"` // reason of FAILED: a key of the texts
	Args   map[string]string `bson:"args,omitempty"`
	Ended  *time.Time        `bson:"ended,omitempty"`
	Taken  int               `bson:"taken,omitempty"` // records taken back so far
}

// File is what was delivered.
type File struct {
	Name  string   `bson:"name,omitempty"`
	Size  int64    `bson:"size"`
	Hash  string   `bson:"sha256"`          // of the whole file, hex; "" until submitted
	Parts int      `bson:"parts"`           // delivered so far
	Blobs []string `bson:"blobs,omitempty"` // ids, in order
	Sizes []int    `bson:"sizes,omitempty"` // of the blobs
	State []byte   `bson:"state,omitempty"` // of the running hash
}

// Cursor is how far a run has come.
type Cursor struct {
	Offset    int64    `bson:"offset"` // bytes read, at the border of a row
	Row       int      `bson:"row"`    // rows read, headings left out
	Head      []string `bson:"head,omitempty"`
	Comma     string   `bson:"comma,omitempty"`
	Encoding  string   `bson:"encoding,omitempty"`  // utf-8 or gb18030
	Unpacked  bool     `bson:"unpacked,omitempty"`  // a workbook was turned into CSV
	Withdrawn string   `bson:"withdrawn,omitempty"` // the cursor of a withdrawal
}

// Counts are what a run has found so far.
type Counts struct {
	Rows      int            `bson:"rows"`
	Accepted  int            `bson:"accepted"` // new records, updated and unchanged ones too
	Updated   int            `bson:"updated"`
	Unchanged int            `bson:"unchanged"`
	Rejected  int            `bson:"rejected"`
	Fixed     int            `bson:"fixed"` // rejected rows that were sent again and accepted
	OnTime    int            `bson:"onTime"`
	Filled    int64          `bson:"filled"` // required cells that are filled
	Required  int64          `bson:"required"`
	Warned    int            `bson:"warned"`
	Faults    map[string]int `bson:"faults,omitempty"` // rejected rows by the code of their first fault
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.Rows += other.Rows
	c.Accepted += other.Accepted
	c.Updated += other.Updated
	c.Unchanged += other.Unchanged
	c.Rejected += other.Rejected
	c.Fixed += other.Fixed
	c.OnTime += other.OnTime
	c.Filled += other.Filled
	c.Required += other.Required
	c.Warned += other.Warned
	for code, n := range other.Faults {
		if c.Faults == nil {
			c.Faults = map[string]int{}
		}
		c.Faults[code] += n
	}
}

// A Draft is what a unit says of a delivery before it sends the file.
type Draft struct {
	Item, No, Name string
	Format         Format
	Mode           Mode
	DryRun         bool
	Produced       *int
	Month          string // "" is the month of now
}

// New starts a delivery of a unit. Errors: Invalid.
func New(id string, d Draft, by models.Actor, now time.Time) (*Batch, error) {
	if d.Month == "" {
		d.Month = string(models.DayOf(now))[:7]
	}
	switch {
	case d.Item == "" || d.No == "" || by.Org == "":
		return nil, models.E(models.Invalid, "batch.incomplete")
	case !slices.Contains([]Format{CSV, XLSX, JSON}, d.Format):
		return nil, models.Bad("/format", "oneof", "batch.incomplete")
	case d.Mode != Update && d.Mode != Correct:
		return nil, models.Bad("/mode", "oneof", "batch.incomplete")
	case d.Produced != nil && *d.Produced < 0:
		return nil, models.Bad("/produced", "gte", "batch.incomplete")
	}
	if _, err := models.ParseDay(d.Month + "-01"); err != nil {
		return nil, models.Bad("/month", "month", "batch.incomplete")
	}
	b := &Batch{
		Meta: models.Meta{ID: id}, Life: models.Life[State]{State: Receiving, Moved: models.Moved{By: by.Role, At: now}},
		Unit: by.Org, Region: by.Region, Item: d.Item, No: d.No, Slot: Slot(by.Org, d.Item, d.No), Format: d.Format, Mode: d.Mode,
		DryRun: d.DryRun, Produced: d.Produced, Month: d.Month, By: by, File: File{Name: d.Name},
	}
	if d.DryRun {
		b.Slot = "dry/" + id
	}
	b.GoneAt = models.At(now.Add(30 * 24 * time.Hour)) // until submitted
	return b, nil
}

// Slot is what a unit's number for an item is unique by.
func Slot(unit, item, no string) string { return models.Derived("batch", unit, item, no) }

// Part takes the n-th part of the file, cut into blobs; the last one once more changes nothing. It says whether it is new.
// Errors: InvalidTransition, Conflict "batch.part_order", TooLarge "batch.too_large".
func (b *Batch) Part(n int, data []byte, blobs []string, sizes []int) (bool, error) {
	switch {
	case b.State != Receiving:
		return false, models.Refused(b.Life, moves[b.State], "batch.not_receiving")
	case n == b.File.Parts && n > 0:
		return false, nil
	case n != b.File.Parts+1:
		return false, models.E(models.Conflict, "batch.part_order").With("want", strconv.Itoa(b.File.Parts+1))
	case b.File.Size+int64(len(data)) > MaxBytes, b.Format == XLSX && b.File.Size+int64(len(data)) > MaxWorkbook:
		return false, models.E(models.TooLarge, "batch.too_large")
	}
	h, err := b.running()
	if err != nil {
		return false, err
	}
	_, _ = h.Write(data)
	state, err := marshalled(h)
	if err != nil {
		return false, err
	}
	b.File.Parts, b.File.Size, b.File.State = n, b.File.Size+int64(len(data)), state
	b.File.Blobs, b.File.Sizes = append(b.File.Blobs, blobs...), append(b.File.Sizes, sizes...)
	return true, nil
}

// errHash is a hash that cannot be carried from part to part.
var errHash = errors.New("the running hash cannot be carried on")

func (b *Batch) running() (hash.Hash, error) {
	h := sha256.New()
	if len(b.File.State) == 0 {
		return h, nil
	}
	u, ok := h.(encoding.BinaryUnmarshaler)
	if !ok {
		return nil, models.E(models.Internal, "internal", errHash)
	}
	if err := u.UnmarshalBinary(b.File.State); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	return h, nil
}

func marshalled(h hash.Hash) ([]byte, error) {
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil, models.E(models.Internal, "internal", errHash)
	}
	return m.MarshalBinary()
}

// Submit ends the delivery and lets the rows be read under a version of the item. sum is the file's SHA-256 in hex as the unit
// knows it. Errors: InvalidTransition, Invalid "batch.empty", "batch.other_hash".
func (b *Batch) Submit(sum string, edition int, by models.Actor, now time.Time) error {
	if b.State != Receiving {
		return models.Refused(b.Life, moves[b.State], "batch.not_receiving")
	}
	if b.File.Size == 0 {
		return models.E(models.Invalid, "batch.empty")
	}
	h, err := b.running()
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum {
		return models.Bad("/sha256", "hash", "batch.other_hash")
	}
	if err := b.Move(moves, Running, by.At(now), "batch.not_receiving"); err != nil {
		return err
	}
	b.File.Hash, b.File.State, b.Edition, b.GoneAt = sum, nil, edition, nil
	b.publish(EventSubmitted, by, now)
	job.Begin(b, by, now)
	return nil
}

// Wake asks for the part that is due.
func (b *Batch) Wake(now time.Time) error {
	if !b.Busy() {
		b.WakeAt = nil
		return nil
	}
	job.Wake(b, now)
	return nil
}

// Busy implements job.Work.
func (b *Batch) Busy() bool { return b.State == Running || b.State == Withdrawing }

// PartDue implements job.Work.
func (b *Batch) PartDue() models.Happening {
	return EventPartDue.Of(PartData{PartData: b.Due(), Batch: b.ID})
}

// DoneOf implements job.Work: rows read, records taken back.
func (b *Batch) DoneOf() (done, total int64) {
	if b.State == Withdrawing {
		return int64(b.Taken), int64(b.Counts.Accepted)
	}
	return int64(b.Counts.Rows), 0
}

// Abort takes back what was kept so far; of a dry run nothing was.
func (b *Batch) Abort(by models.Actor, reason string, now time.Time) error {
	switch {
	case b.State == Withdrawing:
		return job.MustEnd()
	case b.DryRun:
		b.Ended = models.At(now)
		job.End(b)
		return b.Move(moves, Cancelled, by.At(now).Because(reason), "batch.not_running")
	}
	return b.takeBack(by, reason, now)
}

// A Step is the result of a part.
type Step struct {
	Part   int
	Cursor Cursor // where the next part goes on
	Counts Counts // of this part alone
	Last   bool   // nothing is left
	Why    string // the file cannot be read: a key of the texts
	Args   map[string]string
}

// Step takes the result of a part and goes on to the next, or to the end. A part it does not await is left alone. It says
// whether anything changed.
func (b *Batch) Step(s Step, now time.Time) (bool, error) {
	if b.State != Running || !job.Took(b, s.Part) {
		return false, nil
	}
	b.Cursor = s.Cursor
	b.Counts.Add(s.Counts)
	switch {
	case s.Why != "":
		b.Why, b.Args = s.Why, s.Args
		return true, b.end(Failed, EventFailed, now)
	case s.Last && b.DryRun:
		return true, b.end(Checked, EventDone, now)
	case s.Last:
		return true, b.end(Done, EventDone, now)
	}
	job.Ask(b, now)
	return true, nil
}

func (b *Batch) end(to State, kind models.Kind[Data], now time.Time) error {
	if err := b.Move(moves, to, models.Clockwork.At(now), "batch.not_running"); err != nil {
		return err
	}
	b.Ended = models.At(now)
	job.End(b)
	b.publish(kind, models.Clockwork, now)
	return nil
}

// Withdraw takes back what the batch brought. Errors: InvalidTransition unless DONE.
func (b *Batch) Withdraw(by models.Actor, why string, now time.Time) error {
	if b.State != Done {
		return models.Refused(b.Life, moves[b.State], "batch.not_done")
	}
	return b.takeBack(by, why, now)
}

func (b *Batch) takeBack(by models.Actor, why string, now time.Time) error {
	if err := b.Move(moves, Withdrawing, by.At(now).Because(why), "batch.not_done"); err != nil {
		return err
	}
	b.Slot = "withdrawn/" + b.ID // its number is free again
	job.Begin(b, by, now)
	return nil
}

// Take notes that n records were taken back and where the next part goes on; last ends it. It says whether anything changed.
func (b *Batch) Take(part, n int, cursor string, last bool, now time.Time) (bool, error) {
	if b.State != Withdrawing || !job.Took(b, part) {
		return false, nil
	}
	b.Taken += n
	b.Cursor.Withdrawn = cursor
	if last {
		return true, b.end(Withdrawn, EventWithdrawn, now)
	}
	job.Ask(b, now)
	return true, nil
}

// Fix notes that n rows of the work list were sent again and accepted. Errors: InvalidTransition unless DONE.
func (b *Batch) Fix(n int) error {
	if b.State != Done {
		return models.Refused(b.Life, moves[b.State], "batch.not_done")
	}
	b.Counts.Fixed += n
	return nil
}

func (b *Batch) publish(kind models.Kind[Data], by models.Actor, now time.Time) {
	c := b.Counts
	b.Publish(kind.Of(Data{
		Batch: b.ID, Unit: b.Unit, Item: b.Item, No: b.No, Rows: c.Rows, Accepted: c.Accepted, Rejected: c.Rejected,
	}), b.By.Person, by, now)
}

// Gone is when the file of a batch that ended at a moment is deleted.
func Gone(at time.Time) time.Time { return at.Add(kept) }
