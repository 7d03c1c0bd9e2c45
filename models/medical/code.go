package medical

import (
	"time"

	"xinyi/models"
)

// A Code is what a phone shows at the desk instead of a card: one use, five minutes. Its id is the hash of the token,
// so nobody who reads the store can show it.
type Code struct {
	models.Meta `bson:",inline"`
	Person      string    `bson:"person"`
	Expires     time.Time `bson:"expires"`
	UsedBy      string    `bson:"usedBy,omitempty"` // hospital and visit number; the same visit may send it again
}

// codeTime is how long a code is good. Source: docs/sources.md#medical-code.
const codeTime = 5 * time.Minute

// NewCode issues a code for a person.
func NewCode(id, person string, now time.Time) *Code {
	expires := now.Add(codeTime)
	return &Code{Meta: models.Meta{ID: id, GoneAt: models.At(expires.Add(24 * time.Hour))}, Person: person, Expires: expires}
}

// Use spends the code on a visit. Errors: Conflict "medical.code_used" for another visit, "medical.code_expired".
func (c *Code) Use(visit string, now time.Time) error {
	switch {
	case c.UsedBy == visit:
		return nil
	case c.UsedBy != "":
		return models.E(models.Conflict, "medical.code_used")
	case !now.Before(c.Expires):
		return models.E(models.Conflict, "medical.code_expired")
	}
	c.UsedBy = visit
	return nil
}
