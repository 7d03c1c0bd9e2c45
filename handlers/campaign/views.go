package campaign

import (
	"fmt"
	"hash/fnv"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/delivery"
)

type audienceView struct {
	Region models.Region `json:"region"`
	Role   models.Role   `json:"role,omitempty"`
	Tag    string        `json:"tag,omitempty"`
}

// view is a campaign. Its numbers of people add up: seen = kept + capped + muted + passed.
type view struct {
	ID          string            `json:"id"`
	State       campaign.State    `json:"state"`
	Reason      string            `json:"reason,omitempty" description:"Why it was stopped"`
	Title       models.Words      `json:"title"`
	Body        models.Words      `json:"body"`
	Class       campaign.Class    `json:"class"`
	Severity    campaign.Severity `json:"severity"`
	Audience    audienceView      `json:"audience"`
	ScheduledAt *time.Time        `json:"scheduledAt,omitempty"`
	Maker       api.OfficeView    `json:"maker"`
	Checker     *api.OfficeView   `json:"checker,omitempty"`
	CreatedAt   time.Time         `json:"createdAt"`
	StartAt     *time.Time        `json:"startAt,omitempty" description:"When an approved one starts"`
	StartedAt   *time.Time        `json:"startedAt,omitempty"`
	EndedAt     *time.Time        `json:"endedAt,omitempty"`
	People      countsView        `json:"people"`

	revision int64
}

type countsView struct {
	Audience int64 `json:"audience" description:"At its start; with both an office and a tag at most so many. 0 before"`
	Seen     int   `json:"seen"`
	Kept     int   `json:"kept" description:"Have the message in their inbox"`
	Capped   int   `json:"capped" description:"Had enough advertising this week"`
	Muted    int   `json:"muted" description:"Do not want such advertising"`
	Passed   int   `json:"passed" description:"Not meant after all: moved, closed the account, or without the tag or office asked for besides"`
}

// Revised makes a campaign carry an ETag.
func (v view) Revised() int64 { return v.revision }

func viewCampaign(c *campaign.Campaign) view {
	n := c.Counts
	v := view{
		ID: c.ID, State: c.State, Title: c.Title, Body: c.Body, Class: c.Class, Severity: c.Severity,
		Audience: audienceView(c.Audience), ScheduledAt: c.ScheduledAt, Maker: api.ViewOffice(c.Makers.Last()), CreatedAt: c.CreatedAt,
		StartAt: c.StartAt, StartedAt: c.BeganAt, EndedAt: c.EndedAt,
		People:   countsView{Audience: n.Audience, Seen: n.Seen, Kept: n.Sent, Capped: n.Capped, Muted: n.Muted, Passed: n.Passed},
		revision: c.Revision,
	}
	if c.State == campaign.Stopped {
		v.Reason = c.Moved.Reason
	}
	if c.Approver.Person != "" {
		checker := api.ViewOffice(c.Approver)
		v.Checker = &checker
	}
	return v
}

// progressView is a campaign and what became of its deliveries to phones and browsers.
type progressView struct {
	view
	Job        api.JobView        `json:"job" description:"People"`
	Deliveries deliveryCountsView `json:"deliveries"`
	ETA        *time.Time         `json:"eta,omitempty" description:"When everybody will have the message, at the rate so far"`
}

// deliveryCountsView adds up: all = sent + failed + left + skipped.
type deliveryCountsView struct {
	All     int64 `json:"all"`
	Sent    int64 `json:"sent"`
	Failed  int64 `json:"failed" description:"Given up"`
	Left    int64 `json:"left" description:"Still to be sent"`
	Skipped int64 `json:"skipped" description:"Not needed any more: read, muted, too late, stopped"`
}

func viewDeliveryCounts(by map[string]int64) deliveryCountsView {
	var v deliveryCountsView
	for _, state := range delivery.States {
		n := by[string(state)]
		v.All += n
		switch state {
		case delivery.Sent, delivery.Opened:
			v.Sent += n
		case delivery.Dead:
			v.Failed += n
		case delivery.Skipped:
			v.Skipped += n
		case delivery.Queued, delivery.Deferred, delivery.Sending, delivery.FailedRetry:
			v.Left += n
		}
	}
	return v
}

// Revised is the draft's revision, which a change names; later, when nothing can be changed any more, it moves with
// everything that is shown, deliveries too.
func (v progressView) Revised() int64 {
	if v.State == campaign.Draft {
		return v.revision
	}
	sum := fnv.New64a()
	_, _ = fmt.Fprint(sum, v.revision, v.Deliveries, v.ETA) // a hash takes everything
	return int64(sum.Sum64() >> 1)
}
