package release

import (
	"slices"
	"time"

	"xinyi/models"
)

// Start makes a new document a draft by its first maker.
func Start(d Document, by models.Actor, now time.Time) {
	r := d.Released()
	r.State, r.Moved = Draft, models.Moved{By: by.Role, At: now}
	r.Makers.Touch(by)
	r.City = by.Region.City()
}

// Edit notes a maker of a draft; the kind changes its content after it. Errors: InvalidTransition "release.fixed" for anything else.
func Edit(d Document, by models.Actor) error {
	r := d.Released()
	if r.State != Draft {
		return models.Refused(r.Life, d.Path().moves()[r.State], "release.fixed")
	}
	r.Makers.Touch(by)
	return nil
}

// Check fixes a draft: from here it never changes. Errors: InvalidTransition.
func Check(d Document, hash string, by models.Actor, now time.Time) error {
	if err := to(d, Checked, "", by, now); err != nil {
		return err
	}
	d.Released().Hash = hash
	return nil
}

// Return makes what was checked a draft again, for a reason. Its makers stay makers. Errors: InvalidTransition.
func Return(d Document, why string, by models.Actor, now time.Time) error {
	return to(d, Draft, why, by, now)
}

// A Trial is how a document was tried on everybody.
type Trial struct {
	ID, Of, Against string
	Hash            string
	At              *time.Time // when it ended, nil not yet
}

// Try takes a trial that ended. An approval of what an earlier one showed is over. Errors: Conflict "release.other_trial" for one of
// something else; InvalidTransition.
func Try(d Document, t Trial, now time.Time) error {
	r := d.Released()
	if t.Hash != r.Hash || t.At == nil {
		return models.E(models.Conflict, "release.other_trial")
	}
	if err := to(d, Tried, "", models.Clockwork, now); err != nil {
		return err
	}
	r.Trial, r.Against, r.TriedAt, r.Approver = t.ID, t.Against, t.At, models.Actor{}
	return nil
}

// Tries says whether a trial is news to d: later than its last one, and before its day is set.
func (r *Release) Tries(t Trial) bool {
	return r.Trial != t.ID && (r.TriedAt == nil || t.At == nil || !r.TriedAt.After(*t.At)) && !slices.Contains(Public, r.State)
}

// tried says whether d was tried, not longer ago than fresh, if it is to be. Errors: Conflict "release.untried"; InvalidTransition.
func tried(d Document, next State, fresh time.Duration, now time.Time) error {
	r := d.Released()
	tries := slices.Contains(d.Path(), Tried)
	if tries && (r.State == Draft || r.State == Checked) {
		return models.E(models.Conflict, "release.untried")
	}
	if err := May(d, next); err != nil {
		return err
	}
	if tries && (r.TriedAt == nil || now.Sub(*r.TriedAt) > fresh) {
		return models.E(models.Conflict, "release.untried")
	}
	return nil
}

// Approve is a second person's word, within fresh of the trial of a kind that is tried. A kind without a step for it is announced,
// or in force, by that word. Errors: Conflict "release.untried"; Forbidden "second_person" for a maker; InvalidTransition.
func Approve(d Document, fresh time.Duration, by models.Actor, now time.Time) error {
	next := d.Path().passed()
	if err := tried(d, next, fresh, now); err != nil {
		return err
	}
	if err := d.Released().Pass(by); err != nil {
		return err
	}
	return to(d, next, "", by, now)
}

// An Announcement is the day a document begins.
type Announcement struct {
	Begins  models.Day
	Follows string        // the one in force now, "" none
	Notice  int           // days between today and the first day of one that follows another
	Fresh   time.Duration // how long a trial counts
}

// Announce sets the day an approved document begins: today at the earliest, after its notice when it follows another, and only what
// was tried against that one. Errors: Conflict "release.untried"; Invalid "release.too_soon"; InvalidTransition.
func Announce(d Document, a Announcement, by models.Actor, now time.Time) error {
	if err := tried(d, Announced, a.Fresh, now); err != nil {
		return err
	}
	if d.Released().Against != a.Follows {
		return models.E(models.Conflict, "release.untried")
	}
	first := models.DayOf(now)
	if a.Follows != "" {
		first = first.Add(a.Notice)
	}
	if a.Begins < first {
		return &models.Error{Code: models.Invalid, Reason: "release.too_soon", Fields: []models.Field{{
			Pointer: "/begins", Code: "release_begins", Args: map[string]string{"first": string(first)},
		}}}
	}
	d.Released().Begins, d.Head().WakeAt = a.Begins, models.At(a.Begins.Start())
	return to(d, Announced, "", by, now)
}

// Enter puts an announced document in force when its day has come. It says whether that was now.
func Enter(d Document, now time.Time) bool {
	if r := d.Released(); r.State != Announced || models.DayOf(now) < r.Begins {
		return false
	}
	d.Head().WakeAt = nil
	return to(d, InForce, "", models.Clockwork, now) == nil
}

// Retire ends a document, whatever it has come to. Errors: InvalidTransition once retired.
func Retire(d Document, why string, by models.Actor, now time.Time) error {
	if err := to(d, Retired, why, by, now); err != nil {
		return err
	}
	d.Head().WakeAt = nil
	return nil
}

// Drop gives up a document that is not in force. Errors: InvalidTransition.
func Drop(d Document, by models.Actor, now time.Time) error {
	if r := d.Released(); r.State == InForce {
		return models.Refused(r.Life, nil, "release.state")
	}
	return Retire(d, "", by, now)
}

// GiveWay retires what is in force for a later one. It says whether anything changed.
func GiveWay(d Document, now time.Time) bool {
	return d.Released().State == InForce && Retire(d, "", models.Clockwork, now) == nil
}

// Acts are what may be done with a document where it stands, by the names of the acts; "approve" only by who may give that word.
func Acts(d Document, by models.Actor) []string {
	r, p := d.Released(), d.Path()
	acts := []string{}
	for _, next := range p.moves()[r.State] {
		switch {
		case next == p.passed():
			if r.Makers.Second(by) == nil {
				acts = append(acts, "approve")
			}
		case next == Announced:
			acts = append(acts, "announce")
		case next == Checked:
			acts = append(acts, "check")
		case next == Draft:
			acts = append(acts, "return")
		case next == Tried:
			acts = append(acts, "try")
		case next == Retired && r.State == InForce:
			acts = append(acts, "retire")
		case next == Retired:
			acts = append(acts, "drop")
		}
	}
	if r.State == Draft {
		acts = append([]string{"edit"}, acts...)
	}
	return acts
}
