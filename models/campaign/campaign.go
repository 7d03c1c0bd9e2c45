// Package campaign tells one notice to very many people (群发通知): those who live in a region, all of them or those with
// an office or a tag. One person writes it, a second lets it go; then it goes from part to part by itself, until everybody
// has it or somebody stops it.
package campaign

import (
	"encoding/binary"
	"time"

	"xinyi/models"
	"xinyi/models/job"
	"xinyi/models/release"
)

// State is where a campaign stands.
type State string

// The states of a campaign.
const (
	Draft     State = "DRAFT"
	Approved  State = "APPROVED" // by a second person; starts at StartAt
	Running   State = "RUNNING"
	Done      State = "DONE"
	Stopped   State = "STOPPED"
	Cancelled State = "CANCELLED"
)

// Enum are all of them.
func (State) Enum() []any { return models.Enum(Draft, Approved, Running, Done, Stopped, Cancelled) }

// States lists every state, for views and checks.
var States = []State{Draft, Approved, Running, Done, Stopped, Cancelled}

// moves is the whole life of a campaign.
var acts = models.Acts[State]{
	models.From(Draft).To(Approved).By("Approve", models.TownStaff, models.CreditOffice),
	models.From(Draft).To(Cancelled).By("Cancel", models.TownStaff, models.CreditOffice),
	models.From(Approved).To(Running).By("Wake", models.System),
	models.From(Approved, Running).To(Stopped).By("Stop", models.CreditOffice),
	models.From(Running).To(Done).By("Step", models.System),
	models.From(Running).To(Stopped).By("Abort", models.Operator),
}

var moves = acts.Machine()

// Bounds of a campaign.
const (
	maxTitle     = 50                  // runes
	maxBody      = 500                 // runes
	maxReason    = 500                 // runes
	longestAhead = 90 * 24 * time.Hour // how far ahead a start may lie

	quarter = 15 * time.Minute
	crowded = 2 * time.Minute // before and after a quarter hour
	spread  = 4 * time.Minute // over which starts move away from it
)

// A Campaign is one notice on its way to its audience.
type Campaign struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`
	job.Job            `bson:",inline"`
	Content            `bson:",inline"`
	release.Hands      `bson:",inline"`

	StartAt *time.Time `bson:"startAt,omitempty"` // nil until approved
	EndedAt *time.Time `bson:"endedAt,omitempty"` // done or stopped

	Cursor  string `bson:"cursor,omitempty"`  // where the next part goes on; "" from the start
	Settled bool   `bson:"settled,omitempty"` // stopped, and what its last part told is counted
	Counts  Counts `bson:"counts"`
}

// Counts say how far a campaign has come. Seen = Told + Capped + Muted + Passed.
type Counts struct {
	Audience int64 `bson:"audience"` // people at the start; 0 until the first part
	Seen     int   `bson:"seen"`     // people looked at
	Sent     int   `bson:"told"`     // have it in their inbox
	Capped   int   `bson:"capped"`   // had enough advertising this week
	Muted    int   `bson:"muted"`    // do not want advertising of this kind in their inbox either
	Passed   int   `bson:"passed"`   // not meant after all: moved, left, or without one of the two marks asked for
}

// Add adds what came of more people; Audience stays.
func (c *Counts) Add(p Counts) {
	c.Seen += p.Seen
	c.Sent += p.Sent
	c.Capped += p.Capped
	c.Muted += p.Muted
	c.Passed += p.Passed
}

// A Part is the result of one part.
type Part struct {
	Part   int
	Counts Counts // of this part; Audience only of the first
	Cursor string // where the next part goes on
	Last   bool   // nobody is left
}

// New starts a campaign as a draft. Errors: Forbidden outside the maker's region, Invalid with every fault.
func New(id string, by models.Actor, content Content, now time.Time) (*Campaign, error) {
	if err := content.allowed(by, now); err != nil {
		return nil, err
	}
	c := &Campaign{Meta: models.Meta{ID: id}, Content: content}
	c.State, c.Moved = Draft, models.Moved{By: by.Role, At: now}
	c.Makers.Touch(by)
	c.Publish(EventDrafted, "", by, now)
	return c, nil
}

// Edit puts other content in the place of a draft's; only its maker does. Errors: Forbidden, Invalid, InvalidTransition.
func (c *Campaign) Edit(by models.Actor, content Content, now time.Time) error {
	if err := c.mayTouch(by); err != nil {
		return err
	}
	if c.State != Draft {
		return models.Refused(c.Life, moves[c.State], "campaign.not_draft")
	}
	if by.Person != c.Makers.Last().Person {
		return models.E(models.Forbidden, "campaign.not_maker")
	}
	if err := content.allowed(by, now); err != nil {
		return err
	}
	c.Content = content
	c.Publish(EventChanged, "", by, now)
	return nil
}

// Approve lets a draft go, at once or when it is planned for; never one's own. Errors: Forbidden, InvalidTransition.
func (c *Campaign) Approve(by models.Actor, now time.Time) error {
	if err := c.mayTouch(by); err != nil {
		return err
	}
	if err := moves.Check(c.Life, Approved, "campaign.not_draft"); err != nil {
		return err
	}
	if err := c.Pass(by); err != nil {
		return err
	}
	if err := c.Move(moves, Approved, by.At(now), "campaign.not_draft"); err != nil {
		return err
	}
	c.StartAt = models.At(now)
	if c.ScheduledAt != nil && c.ScheduledAt.After(now) {
		c.StartAt = models.At(OffPeak(*c.ScheduledAt, c.ID))
	}
	c.WakeAt = c.StartAt
	c.Publish(EventApproved, "", by, now)
	return nil
}

// Cancel gives a draft up. Errors: Forbidden, InvalidTransition.
func (c *Campaign) Cancel(by models.Actor, now time.Time) error {
	if err := c.mayTouch(by); err != nil {
		return err
	}
	if err := c.Move(moves, Cancelled, by.At(now), "campaign.not_draft"); err != nil {
		return err
	}
	c.Publish(EventCancelled, "", by, now)
	return nil
}

// Stop ends what is approved or running. The part under way may still tell its people, and is counted; no other begins.
// Errors: Forbidden, Invalid, InvalidTransition.
func (c *Campaign) Stop(by models.Actor, reason string, now time.Time) error {
	if err := c.mayTouch(by); err != nil {
		return err
	}
	if n := len([]rune(reason)); n == 0 || n > maxReason {
		return models.Bad("/reason", "required", "campaign.reason_needed")
	}
	return c.stop(by, reason, now)
}

func (c *Campaign) stop(by models.Actor, reason string, now time.Time) error {
	begun := c.State == Running
	if err := c.Move(moves, Stopped, by.At(now).Because(reason), "campaign.not_under_way"); err != nil {
		return err
	}
	c.EndedAt, c.Settled = models.At(now), !begun
	if !begun {
		c.WakeAt = nil
	}
	c.Publish(EventStopped, "", by, now)
	return nil
}

// mayTouch says whether by works on campaigns of this region.
func (c *Campaign) mayTouch(by models.Actor) error { return within(by, c.Audience.Region) }

func within(by models.Actor, r models.Region) error {
	if by.Person == "" || by.Agent != "" || !by.Is(models.CreditOffice, models.TownStaff) || !by.Region.Contains(r) {
		return models.E(models.Forbidden, "campaign.other_region")
	}
	return nil
}

// Wake starts a campaign whose time has come, or asks once more for a part nobody answered.
func (c *Campaign) Wake(now time.Time) error {
	if c.WakeAt == nil || c.WakeAt.After(now) {
		return nil
	}
	switch c.State {
	case Approved:
		if err := c.Move(moves, Running, models.Clockwork.At(now), "campaign.not_approved"); err != nil {
			return err
		}
		c.Publish(EventStarted, "", models.Clockwork, now)
		job.Begin(c, c.Approver, now)
	case Running:
		job.Wake(c, now)
	case Stopped:
		if c.Settled {
			c.WakeAt = nil
			return nil
		}
		job.Wake(c, now)
	case Draft, Done, Cancelled:
		c.WakeAt = nil
	}
	return nil
}

// Busy implements job.Work. One that was stopped waits for the count of its last part.
func (c *Campaign) Busy() bool { return c.State == Running || c.State == Stopped && !c.Settled }

// PartDue implements job.Work.
func (c *Campaign) PartDue() models.Happening { return EventPartDue.Of(c.Due()) }

// DoneOf implements job.Work: people.
func (c *Campaign) DoneOf() (done, total int64) { return int64(c.Counts.Seen), c.Counts.Audience }

// Abort stops it; what its last part told is still counted.
func (c *Campaign) Abort(by models.Actor, reason string, now time.Time) error {
	if c.State == Stopped {
		return job.MustEnd()
	}
	return c.stop(by, reason, now)
}

// Step takes the result of a part and asks for the next, or ends. A part it does not await is left alone, so that each
// counts once. It says whether anything changed.
func (c *Campaign) Step(p Part, now time.Time) (bool, error) {
	if !job.Took(c, p.Part) {
		return false, nil
	}
	if p.Part == 0 {
		c.Counts.Audience = p.Counts.Audience
	}
	c.Counts.Add(p.Counts)
	c.Cursor = p.Cursor
	switch {
	case c.State == Stopped:
		c.Settled = true
		job.End(c)
	case !p.Last:
		job.Ask(c, now)
	default:
		if err := c.Move(moves, Done, models.Clockwork.At(now), "campaign.not_under_way"); err != nil {
			return false, err
		}
		c.Cursor, c.EndedAt = "", models.At(now)
		job.End(c)
		c.Publish(EventDone, "", models.Clockwork, now)
	}
	return true, nil
}

// ETA is when everybody is going to be told at the rate so far; nil while that is not known.
func (c *Campaign) ETA(now time.Time) *time.Time {
	left := c.Counts.Audience - int64(c.Counts.Seen)
	if c.State != Running || c.BeganAt == nil || c.Counts.Seen == 0 || left < 0 || !now.After(*c.BeganAt) {
		return nil
	}
	each := now.Sub(*c.BeganAt) / time.Duration(c.Counts.Seen)
	return models.At(now.Add(each * time.Duration(left)))
}

// Kind is the kind of what its people are told.
func (c *Campaign) Kind() models.Kind[WordsData] {
	switch {
	case c.Class == Marketing:
		return EventOffered
	case c.Severity == Action:
		return EventAsked
	}
	return EventNoticed
}

// Message is what one of its people is told, always under the same id.
func (c *Campaign) Message(person string, now time.Time) models.Event {
	words := WordsData{TitleZh: c.Title.ZH, TitleEn: c.Title.EN, BodyZh: c.Body.ZH, BodyEn: c.Body.EN}
	m := models.Meta{ID: c.ID}
	m.Publish(c.Kind().Of(words), person, models.Clockwork, now)
	return m.Outbox[0]
}

// OffPeak moves a start that lies within two minutes of a quarter hour to between two and six minutes after it, always the
// same for the same id; never to an earlier moment. Push services are crowded at :00, :15, :30 and :45.
func OffPeak(at time.Time, id string) time.Time {
	mark := at.Truncate(quarter)
	switch into := at.Sub(mark); {
	case into > quarter-crowded:
		mark = mark.Add(quarter)
	case into >= crowded:
		return at
	}
	n := binary.BigEndian.Uint64([]byte(models.Derived(id, "start"))[:8])
	return mark.Add(crowded + time.Duration(n%uint64(spread)))
}
