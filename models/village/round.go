package village

import (
	"fmt"
	"strconv"
	"time"

	"xinyi/models"
)

// The events of a round. Data: "county", "year", "level"; of EventClosing "part".
const (
	EventOpened  = "village.round_opened"
	EventClosing = "village.round_closing" // a part of the freezing is due
	EventClosed  = "village.round_closed"  // everything is frozen: reviews may begin
)

// A Level is what a round evaluates.
type Level string

// The levels.
const (
	OfVillages Level = "VILLAGE"
	OfTowns    Level = "TOWN"
)

// A RoundState is where a round stands.
type RoundState string

// The states of a round.
const (
	Planned RoundState = "PLANNED"
	Open    RoundState = "OPEN"    // villages apply and fill their sheets
	Closing RoundState = "CLOSING" // the facts of the cut-off day are being frozen
	Review  RoundState = "REVIEW"  // they are frozen; townships and the county look
	Done    RoundState = "DONE"
)

// RoundStates lists them.
var RoundStates = []RoundState{Planned, Open, Closing, Review, Done}

var roundMoves = models.Machine[RoundState]{Planned: {Open}, Open: {Closing}, Closing: {Review}, Review: {Done}, Done: nil}

// A Round is one county's evaluation of one year at one level. Its id is RoundID; so there is one.
type Round struct {
	models.Meta             `bson:",inline"`
	models.Life[RoundState] `bson:",inline"`

	County models.Region `bson:"county"`
	Year   int           `bson:"year"`
	Level  Level         `bson:"level"`
	Scheme string        `bson:"scheme"` // the version it is decided by, to the end
	Hash   string        `bson:"hash"`   // of the scheme
	Opens  models.Day    `bson:"opens"`
	CutOff models.Day    `bson:"cutOff"` // the last day to apply; facts are as of its end
	Ends   models.Day    `bson:"ends"`   // by when plaques are given

	Progress Progress `bson:"progress"`
}

// RoundID names a round.
func RoundID(county models.Region, year int, level Level) string {
	return fmt.Sprintf("%s-%d-%s", county, year, level)
}

// Progress is how far the freezing has come.
type Progress struct {
	Total      int64      `bson:"total"` // entries
	Done       int64      `bson:"done"`
	Households int64      `bson:"households"` // rows read
	Part       int        `bson:"part"`
	After      string     `bson:"after"`
	BeganAt    *time.Time `bson:"beganAt,omitempty"`
	DoneAt     *time.Time `bson:"doneAt,omitempty"`
}

// A Part is what one part of the freezing did.
type Part struct {
	Part       int
	Done       int64
	Households int64
	After      string
	Last       bool
}

// Step adds the part that is due. It says whether it was: one that was added is not added again.
func (r *Round) Step(p Part, now time.Time) (bool, error) {
	if r.State != Closing || p.Part != r.Progress.Part {
		return false, nil
	}
	g := &r.Progress
	g.Done, g.Households, g.After, g.Part = g.Done+p.Done, g.Households+p.Households, p.After, g.Part+1
	if !p.Last {
		r.closing(now)
		return true, nil
	}
	g.DoneAt = models.At(now)
	r.tell(EventClosed, models.Clockwork, now, nil)
	return true, r.Move(roundMoves, Review, models.Clockwork, now, "village.round_state", "")
}

// closing asks for the part of the freezing that is due.
func (r *Round) closing(now time.Time) {
	r.tell(EventClosing, models.Clockwork, now, map[string]string{"part": strconv.Itoa(r.Progress.Part)})
}

func (r *Round) tell(kind string, by models.Actor, now time.Time, more map[string]string) {
	data := map[string]string{"county": string(r.County), "year": strconv.Itoa(r.Year), "level": string(r.Level)}
	for k, v := range more {
		data[k] = v
	}
	r.Tell(kind, "", by, now, data)
}
