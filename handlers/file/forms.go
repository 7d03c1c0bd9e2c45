// Package file is how rooms read and show a credit file: whose it is, its records, forms and texts, and what a consent lets a partner
// read.
package file

import (
	"context"
	"sync"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/record"
	"xinyi/usecase"
)

// A MyRecordRequest names a record of the caller's own file.
type MyRecordRequest struct {
	api.ByID
	KnownAt *time.Time `query:"knownAt"`
	ValidOn models.Day `query:"validOn" validate:"omitempty,day"`
}

// Drafted is a record as a form and its cells make it.
func (f *Forms) Drafted(ctx context.Context, subjects usecase.Subjects, by models.Actor, it *catalogue.Item,
	cells map[string]string) (record.Draft, error) {
	if !delivers(it, by.Org) {
		return record.Draft{}, models.E(models.Forbidden, "record.item_of_others")
	}
	_, form, err := f.Of(ctx, it.Code, it.Version)
	if err != nil {
		return record.Draft{}, err
	}
	row, faults := form.Read(cells)
	if len(faults) > 0 {
		for i := range faults {
			faults[i].Pointer = "/cells" + faults[i].Pointer
		}
		return record.Draft{}, &models.Error{Code: models.Invalid, Reason: "record.cells_invalid", Fields: faults}
	}
	d := subjects.Drafted(it, row, by.Org, by.Region)
	if row.Kind == models.PersonSubject {
		d.Subject, err = subjects.OfNumber(ctx, row.IDNumber)
	}
	return d, err
}

// delivers says whether a unit delivers an item.
func delivers(it *catalogue.Item, unit string) bool {
	for _, u := range it.Units {
		if u == unit {
			return true
		}
	}
	return false
}

// Forms are the forms of catalogue versions, each compiled once a process: a version never changes once it governs a record.
type Forms struct {
	usecase.Catalogue
	mu sync.Mutex
	of map[string]itemForm
}

// itemForm is a version and its columns.
type itemForm struct {
	item *catalogue.Item
	form *catalogue.Form
}

// Of is the form of a version of an item. Errors: NotFound.
func (f *Forms) Of(ctx context.Context, code string, version int) (*catalogue.Item, *catalogue.Form, error) {
	id := catalogue.ID(code, version)
	f.mu.Lock()
	was, ok := f.of[id]
	f.mu.Unlock()
	if ok {
		return was.item, was.form, nil
	}
	it, err := f.Items.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	made, err := it.Form()
	if err != nil {
		return nil, nil, models.E(models.Internal, "internal", err)
	}
	if it.Published() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.of == nil {
			f.of = map[string]itemForm{}
		}
		f.of[id] = itemForm{it, made}
	}
	return it, made, nil
}
