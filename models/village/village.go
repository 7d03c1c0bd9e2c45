package village

import (
	"strings"

	"xinyi/models"
)

// A State is where an entry stands.
type State string

// The states of an entry.
const (
	Draft     State = "DRAFT"     // 申报: the roster, the sheet, the evidence
	Applied   State = "APPLIED"   // waits for the cut-off day
	InReview  State = "REVIEW"    // 乡镇初评、县复核
	Prelim    State = "PRELIM"    // ready for the notice
	Shown     State = "NOTICE"    // 公示
	Deciding  State = "DECISION"  // 审定
	Certified State = "CERTIFIED" // 授牌
	Annual    State = "ANNUAL"    // 年审; the plaque stays up
	Grace     State = "GRACE"     // 整改: below the line at the review; the plaque stays up
	Revoked   State = "REVOKED"   // 摘牌
	Rejected  State = "REJECTED"
	Withdrawn State = "WITHDRAWN"
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Draft, Applied, InReview, Prelim, Shown, Deciding, Certified, Annual, Grace, Revoked, Rejected, Withdrawn)
}

// States lists them.
var States = []State{Draft, Applied, InReview, Prelim, Shown, Deciding, Certified, Annual, Grace, Revoked, Rejected, Withdrawn}

// Titled are the states in which a plaque is up.
var Titled = []State{Certified, Annual, Grace}

// moves is the whole life of an entry.
//
// Source: docs/sources.md#village-process.
var acts = models.Acts[State]{
	models.From(Draft).To(Applied).By("Apply", models.VillageStaff, models.TownStaff),
	models.From(Draft).To(Withdrawn).By("Wake", models.System),
	models.From(Draft, Applied, InReview, Prelim, Shown, Deciding, Certified, Annual, Grace).To(Withdrawn).By("Withdraw", models.System,
		models.VillageStaff, models.TownStaff),
	models.From(Applied).To(InReview).By("Begin", models.System),
	models.From(InReview).To(Prelim, Rejected).By("Vote", models.TownStaff, models.CreditOffice),
	models.From(Prelim).To(Shown).By("Show", models.System),
	models.From(Shown).To(Prelim).By("Back", models.System),
	models.From(Shown).To(Deciding).By("Pass", models.System),
	models.From(Shown).To(Rejected).By("Strike", models.CreditOffice),
	models.From(Deciding).To(Certified, Rejected).By("Vote", models.TownStaff, models.CreditOffice),
	models.From(Certified).To(Annual).By("Wake", models.System),
	models.From(Certified, Annual, Grace).To(Revoked).By("Revoke", models.CreditOffice),
	models.From(Annual).To(Certified, Grace).By("Renew", models.CreditOffice),
	models.From(Grace).To(Certified, Revoked).By("Renew", models.CreditOffice),
}

var moves = acts.Machine()

// stars writes stars as they are shown; none is "—".
func stars(n int) string {
	if n <= 0 {
		return "—"
	}
	return strings.Repeat("★", n)
}

// StarsOf is how many stars a grade of a scheme is.
func StarsOf(grade string) int { return strings.Count(grade, "★") }
