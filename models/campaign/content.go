package campaign

import (
	"slices"
	"time"

	"xinyi/models"
)

// Class is what a notice is for.
type Class string

// The classes.
const (
	Service   Class = "service"   // about what is the reader's own
	Marketing Class = "marketing" // about what might interest the reader; never more than a few a week
)

// Severity is how much a notice asks of its reader.
type Severity string

// The severities.
const (
	Info   Severity = "info"
	Action Severity = "action" // something is to be done; not with Marketing
)

// Content is what a campaign says to whom.
type Content struct {
	Title       models.Words `bson:"title"` // at most 50 runes
	Body        models.Words `bson:"body"`  // at most 500 runes
	Class       Class        `bson:"class"`
	Severity    Severity     `bson:"severity"`
	Audience    Audience     `bson:"audience"`
	ScheduledAt *time.Time   `bson:"scheduledAt,omitempty"` // nil: as soon as it is approved
}

// An Audience is the people who live in a region and, when asked for, hold an office and carry a tag. Where they live
// counts, not where their office is.
type Audience struct {
	Region models.Region `bson:"region"` // 2 to 12 digits
	Role   models.Role   `bson:"role,omitempty"`
	Tag    string        `bson:"tag,omitempty"`
}

// Tags are what each of the audience carries, the rarest first; none: everybody.
func (a Audience) Tags() []string {
	var tags []string
	if a.Role != "" {
		tags = append(tags, RoleTag(a.Role))
	}
	if a.Tag != "" && !slices.Contains(tags, a.Tag) {
		tags = append(tags, a.Tag)
	}
	return tags
}

// allowed says whether by may tell this at all. Errors: Forbidden, Invalid with every fault.
func (c Content) allowed(by models.Actor, now time.Time) error {
	if fields := c.faults(now); len(fields) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "campaign.content_invalid", Fields: fields}
	}
	return within(by, c.Audience.Region)
}

func (c Content) faults(now time.Time) []models.Field {
	fields := append(c.Title.Check("/title", maxTitle), c.Body.Check("/body", maxBody)...)
	need := func(ok bool, pointer, code string) {
		if !ok {
			fields = append(fields, models.Field{Pointer: pointer, Code: code})
		}
	}
	need(c.Class == Service || c.Class == Marketing, "/class", "unknown")
	need(c.Severity == Info || c.Severity == Action && c.Class != Marketing, "/severity", "campaign_severity")
	need(division(c.Audience.Region), "/audience/region", "division")
	need(c.Audience.Role == "" || slices.Contains(Roles, c.Audience.Role), "/audience/role", "unknown")
	need(c.Audience.Tag == "" || slices.Contains(Tags, c.Audience.Tag), "/audience/tag", "unknown")
	need(c.ScheduledAt == nil || c.ScheduledAt.After(now) && c.ScheduledAt.Before(now.Add(longestAhead)), "/scheduledAt", "campaign_schedule")
	return fields
}

// division says whether r is 2, 4, 6, 9 or 12 digits.
func division(r models.Region) bool {
	for _, d := range r {
		if d < '0' || d > '9' {
			return false
		}
	}
	return slices.Contains([]int{2, 4, 6, 9, 12}, len(r))
}
