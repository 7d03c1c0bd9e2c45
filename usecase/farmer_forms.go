package usecase

import (
	"context"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/store"
)

// formsHold is how long another replica may go by the forms it knew.
const formsHold = 2 * time.Second

// inUse are the published forms as this process knows them, made ready once each.
type inUse struct {
	mu     sync.Mutex
	all    []*farmer.Form
	at     time.Time
	sheets map[string]*farmer.Sheet
	places map[models.Region]farmer.Forms
}

// Forget has the forms read anew with the next question.
func (f Farmer) Forget() {
	f.inUse.mu.Lock()
	defer f.inUse.mu.Unlock()
	f.inUse.at = time.Time{}
}

// FormsAt are the forms in force in a place, by section.
func (f Farmer) FormsAt(ctx context.Context, place models.Region) (farmer.Forms, error) {
	u := f.inUse
	u.mu.Lock()
	defer u.mu.Unlock()
	now := f.Now()
	if u.at.IsZero() || now.Sub(u.at) > formsHold || now.Before(u.at) {
		u.all = nil
		_, err := f.Forms.Each(ctx, store.FarmFormsInUse(), func(form *farmer.Form) error { u.all = append(u.all, form); return nil })
		if err != nil {
			return nil, err
		}
		u.at, u.places = now, map[models.Region]farmer.Forms{}
	}
	if known, ok := u.places[place]; ok {
		return known, nil
	}
	forms := farmer.Forms{}
	for _, form := range farmer.ForPlace(u.all, place) {
		sheet, ok := u.sheets[form.ID]
		if !ok {
			var err error
			if sheet, err = form.Read(); err != nil {
				return nil, err
			}
			if u.sheets == nil {
				u.sheets = map[string]*farmer.Sheet{}
			}
			u.sheets[form.ID] = sheet
		}
		forms[form.Section] = sheet
	}
	if len(u.places) > mostPlaces {
		clear(u.places)
	}
	u.places[place] = forms
	return forms, nil
}

// mostPlaces bounds how many places' forms are kept in mind.
const mostPlaces = 10_000
