package batch

import (
	"strconv"
	"time"

	"xinyi/models"
)

// A RowState is where a refused row stands.
type RowState string

// The states of a refused row.
const (
	Open  RowState = "OPEN"
	Fixed RowState = "FIXED" // sent again and accepted
)

var rowActs = models.Acts[RowState]{
	models.From(Open).To(Fixed).By("Fix", models.Department, models.DataOfficer),
}

var rowMoves = rowActs.Machine()

// A Row is one refused row of a batch: what is wrong, and what it said, so that its unit can put it right.
type Row struct {
	models.Meta           `bson:",inline"` // the id is RowID(batch, no)
	models.Life[RowState] `bson:",inline"`

	Batch  string         `bson:"batch"`
	No     int            `bson:"no"` // in the file, from 1, headings left out
	Key    string         `bson:"key,omitempty"`
	Faults []models.Field `bson:"faults"`
	Cells  models.Secret  `bson:"cells"` // JSON by column key
}

// RowID is the id of a row of a batch.
func RowID(batch string, no int) string { return models.Derived("row", batch, strconv.Itoa(no)) }

// Wrong is what a row said and what is wrong with it.
type Wrong struct {
	Key    string
	Faults []models.Field
	Cells  string // as they came
}

// Refuse makes a refused row; it is deleted with the file.
func Refuse(batch string, no int, w Wrong, now time.Time) *Row {
	r := &Row{Batch: batch, No: no, Key: w.Key, Faults: w.Faults, Cells: models.NewSecret(w.Cells)}
	r.ID, r.State, r.Moved = RowID(batch, no), Open, models.Moved{By: models.System, At: now}
	r.GoneAt = models.At(Gone(now))
	return r
}

// Fix notes that the row was sent again and accepted. Errors: InvalidTransition.
func (r *Row) Fix(by models.Actor, now time.Time) error {
	return r.Move(rowMoves, Fixed, by.At(now), "batch.row_fixed")
}
