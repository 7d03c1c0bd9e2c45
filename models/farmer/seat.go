package farmer

import "xinyi/models"

// A Seat says of which household somebody is; its id is the hash of the ID number. Nobody is of two at a time.
type Seat struct {
	models.Meta `bson:",inline"`

	Household string `bson:"household"`
}

// NewSeat seats somebody.
func NewSeat(ref string, f *File) *Seat {
	return &Seat{Meta: models.Meta{ID: ref}, Household: f.ID}
}
