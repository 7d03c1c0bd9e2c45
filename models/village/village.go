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
var moves = models.Machine[State]{
	Draft: {Applied, Withdrawn}, Applied: {InReview, Withdrawn}, InReview: {Prelim, Rejected, Withdrawn}, Prelim: {Shown, Withdrawn},
	Shown: {Deciding, Prelim, Rejected, Withdrawn}, Deciding: {Certified, Rejected, Withdrawn}, Certified: {Annual, Revoked, Withdrawn},
	Annual: {Certified, Grace, Revoked, Withdrawn}, Grace: {Certified, Revoked, Withdrawn}, Revoked: nil, Rejected: nil, Withdrawn: nil,
}

// stars writes stars as they are shown; none is "—".
func stars(n int) string {
	if n <= 0 {
		return "—"
	}
	return strings.Repeat("★", n)
}

// StarsOf is how many stars a grade of a scheme is.
func StarsOf(grade string) int { return strings.Count(grade, "★") }
