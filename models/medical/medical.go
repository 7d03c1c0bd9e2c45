// Package medical is credit medical care 信用医疗: see a doctor now, pay later.
//
// A resident signs an Agreement under a county's Scheme. A hospital opens an Encounter and posts charges, each covered
// by a hold on the agreement; after the insurer has settled, what is left in cash becomes a Bill with a due day.
// A bill nobody pays reminds, falls overdue, and may, by a person's decision alone, become a Conduct record of this scheme,
// which heals after payment. Nothing of it leaves the scheme, and nothing here ever refuses care: when credit is not to be
// had the answer is "pay now".
//
// There is no field for an illness, a department or a drug, and there will be none.
package medical

import "xinyi/models"

// A VisitType decides the payment window and the pool of the limit it draws on.
type VisitType string

// The visit types a hospital may open.
const (
	Outpatient   VisitType = "OUTPATIENT"
	Inpatient    VisitType = "INPATIENT"
	Emergency    VisitType = "EMERGENCY"
	Registration VisitType = "REGISTRATION"
)

// A Hospital is an institution that may open visits. Its id is the organisation id its system and staff act for.
type Hospital struct {
	models.Meta `bson:",inline"`
	Name        string        `bson:"name"`
	Region      models.Region `bson:"region"` // county
	Grade       string        `bson:"grade"`  // as licensed: 三级甲等 …
}
