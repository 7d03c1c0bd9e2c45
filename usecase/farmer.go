package usecase

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/record"
	"xinyi/store"
)

// Farmer collects households' files, and learns what households are scored on.
type Farmer struct {
	store.Farmer
	Blobs    *store.Repo[blob.Blob]
	Records  *store.Repo[record.Record]
	Subjects Subjects
	Now      func() time.Time

	inUse *inUse
}

// OpenFarmer opens the repos on s, once a process.
func OpenFarmer(s *store.Store, blobs *store.Repo[blob.Blob], records *store.Repo[record.Record], subjects Subjects) Farmer {
	return Farmer{store.OpenFarmer(s), blobs, records, subjects, s.Now, &inUse{}}
}

// Stars is how many stars a village has on a day.
func (f Farmer) Stars(ctx context.Context, village models.Region, on models.Day) (int, error) {
	v, err := f.Villages.Get(ctx, string(village))
	if errors.Is(err, models.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return v.On(on), nil
}
