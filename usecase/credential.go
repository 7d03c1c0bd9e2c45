package usecase

import (
	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/credential"
)

// HonourFacts are what the credential of an award says; place is the name of its region.
func HonourFacts(a *award.Award, place string) credential.Facts {
	f := credential.Facts{Title: a.Title, Level: a.Level, No: a.No, Since: a.Since, Until: a.Until, Deed: a.Deed, Region: a.Region,
		Place: place, Unit: a.Unit}
	if a.Holder.Kind == models.Organisation {
		f.Code = a.Holder.Ref
	}
	return f
}
