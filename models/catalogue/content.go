package catalogue

import (
	"slices"
	"strings"

	"xinyi/models"
)

// Bounds of an item.
const (
	maxName      = 60 // runes
	maxReason    = 500
	maxColumns   = 100
	maxKeep      = 600 // months
	personMonths = 60  // a negative record about a natural person is kept at most so long
)

// Categories are the groups of the national basic catalogue (全国公共信用信息基础目录), and those the city's plan names besides.
//
// Source: docs/sources.md#catalogue-categories.
var Categories = []string{
	"REGISTRATION", "JUDICIAL", "LICENCE", "PENALTY", "COMPULSION", "CONFIRMATION", "RULING", "REWARD", "INSPECTION", "PROFESSION",
	"ABNORMAL", "SERIOUS_LIST", "CONTRACT", "COMMITMENT", "EVALUATION", "HONOUR", "RESEARCH", "UTILITY", "COLLECTION", "PAYMENT",
	"COMPENSATION", "COMPLIANCE", "INTELLECTUAL", "OWN",
}

// check finds every fault of a content. Errors: Invalid.
func (c Content) check() error {
	fields := c.faults()
	form, err := formOf(c.Schema, c.Kinds)
	switch {
	case err == nil && len(form.Columns) > maxColumns:
		fields = append(fields, models.Field{Pointer: "/schema", Code: "too_long"})
	case err != nil && len(fields) == 0:
		return err
	case err != nil:
		fields = append(fields, models.FieldsOf(err)...)
	default:
		fields = append(fields, c.scan(form)...)
	}
	if len(fields) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "catalogue.content_invalid", Fields: fields}
	}
	return nil
}

func (c Content) faults() []models.Field {
	fields := c.Name.Check("/name", maxName)
	need := func(ok bool, pointer, code string) {
		if !ok {
			fields = append(fields, models.Field{Pointer: pointer, Code: code})
		}
	}
	need(slices.Contains(Categories, c.Category), "/category", "unknown")
	need(len(c.Kinds) > 0, "/kinds", "required")
	for _, k := range c.Kinds {
		need(k == models.PersonSubject || k == models.Organisation, "/kinds", "unknown")
	}
	need(slices.Contains([]models.Nature{models.Basic, models.Positive, models.Negative, models.Other}, c.Nature), "/nature", "unknown")
	need(slices.Contains([]models.Openness{models.Public, models.ByQuery, models.Government}, c.Openness), "/openness", "unknown")
	need(slices.Contains(Cycles, c.Cycle), "/cycle", "unknown")
	need(len(c.Units) > 0 && !slices.Contains(c.Units, ""), "/units", "required")
	need(len(c.Basis) > 0 && !slices.Contains(c.Basis, ""), "/basis", "required")
	_, err := models.ParseDay(string(c.From))
	need(err == nil, "/from", "day")
	need(c.KeepMonths >= 0 && c.KeepMonths <= maxKeep, "/keepMonths", "range")
	person := slices.Contains(c.Kinds, models.PersonSubject)
	need(!person || c.Nature != models.Negative || c.KeepMonths > 0 && c.KeepMonths <= personMonths, "/keepMonths", "catalogue_keep")
	need(c.Openness != models.Public || slices.Contains(c.Kinds, models.Organisation), "/openness", "catalogue_openness")
	return fields
}

// wellFormed says whether code is two to twelve capitals and digits that start with a capital.
func wellFormed(code string) bool {
	if len(code) < 2 || len(code) > 12 || code[0] < 'A' || code[0] > 'Z' {
		return false
	}
	return strings.IndexFunc(code, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) < 0
}
