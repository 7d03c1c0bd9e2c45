package village

import "xinyi/models"

// Policy are the numbers a department sets for every round. What a scheme says is in the scheme.
//
// Source: docs/sources.md#village-policy.
type Policy struct {
	SkewMinutes int             // a phone's clock may be so much ahead
	FigureDays  int             // a bank's sums count for so many days
	Communities []models.Region // that farm (涉农社区) and may apply like villages
}

// Standard is our assumption.
var Standard = Policy{SkewMinutes: 10, FigureDays: 366, Communities: []models.Region{}}
