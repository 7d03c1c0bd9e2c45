package api

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"xinyi/models"
)

// Harmless keeps a spreadsheet from taking a cell for a formula.
func Harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Itoa is strconv.Itoa.
func Itoa(n int) string { return strconv.Itoa(n) }

// CompareText orders texts by their bytes.
func CompareText(a, b string) int { return cmp.Compare(a, b) }

// Unknown says whether err means that a document is not there.
func Unknown(err error) bool { return models.CodeOf(err) == models.NotFound }

// An IdRequest names a document by an id of at most 100 characters.
type IdRequest struct {
	ID string `path:"id" validate:"required,max=100"`
}

// A ByID names a document.
type ByID struct {
	ID string `path:"id" validate:"required,max=128"`
}

// NotYours hides what belongs to somebody else.
func NotYours(err error) error {
	if err != nil {
		return err
	}
	return models.E(models.NotFound, "not_found")
}

// PointAt turns a missing document into an Invalid that points at the field that named it.
func PointAt(err error, pointer, reason string) error {
	if errors.Is(err, models.NotFound) {
		return models.Bad(pointer, "unknown", reason)
	}
	return err
}

// A ReasonRequest says why.
type ReasonRequest struct {
	ByID
	Reason string `json:"reason" validate:"required,max=500"`
}

// A VerifyRequest is something printed that is to be checked.
type VerifyRequest struct {
	Code string `path:"code" validate:"required,max=64"`
}

// NoRequest asks for nothing.
type NoRequest struct{}
