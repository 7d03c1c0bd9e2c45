package benefit

import (
	"strings"
	"time"

	"xinyi/models"
)

// A Tally is what was used on one day, by place and scene. Its id is the day. It counts itself anew each night until nothing of the day can
// be reversed any more.
type Tally struct {
	models.Meta `bson:",inline"`

	Day    models.Day           `bson:"day"`
	Scenes map[string]SceneUses `bson:"scenes,omitempty"` // by UsesKey
	Last   models.Day           `bson:"last"`             // of the counting
}

// SceneUses is one scene's day.
type SceneUses struct {
	Uses  int64      `bson:"uses"`
	Saved models.Fen `bson:"saved"`
}

// Add is both together.
func (u SceneUses) Add(v SceneUses) SceneUses { return SceneUses{u.Uses + v.Uses, u.Saved + v.Saved} }

// UsesKey names the uses of a scene whose offers are a place's.
func UsesKey(place models.Region, scene string) string { return string(place) + "/" + scene }

// UsesOf is what a key of Tally.Scenes names.
func UsesOf(key string) (place models.Region, scene string) {
	where, scene, _ := strings.Cut(key, "/")
	return models.Region(where), scene
}

// Counted says whether the day has been counted, place by place.
func (t *Tally) Counted() bool {
	for key := range t.Scenes {
		if !strings.Contains(key, "/") {
			return false
		}
	}
	return t.Scenes != nil
}

// NewTally starts a day's count.
func NewTally(day models.Day, pol Policy) *Tally {
	t := &Tally{Meta: models.Meta{ID: string(day)}, Day: day, Last: day.Add(int(pol.Reversal/(24*time.Hour)) + 1)}
	t.WakeAt = models.At(day.Add(1).Clock(1, 0))
	return t
}

// Take takes what was counted. It says whether anything changed.
func (t *Tally) Take(scenes map[string]SceneUses) bool {
	same := len(scenes) == len(t.Scenes)
	for code, uses := range scenes {
		same = same && t.Scenes[code] == uses
	}
	t.Scenes = scenes
	return !same
}

// Wake has the day counted, each night until Last.
func (t *Tally) Wake(now time.Time) error {
	if t.WakeAt == nil || t.WakeAt.After(now) {
		return nil
	}
	t.Publish(EventTallyDue, "", models.Clockwork, now)
	next := models.DayOf(now).Add(1)
	if t.WakeAt = models.At(next.Clock(1, 0)); next > t.Last {
		t.WakeAt = nil
	}
	return nil
}
