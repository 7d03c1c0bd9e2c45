package access

import (
	"time"

	"xinyi/models"
)

// An Anomaly is what is unusual about an access.
type Anomaly string

// The oddities.
const (
	Night      Anomaly = "NIGHT"        // outside the hours of offices
	DayOff     Anomaly = "DAY_OFF"      // on a day nobody works
	NoOpenCase Anomaly = "NO_OPEN_CASE" // the case it names is closed, or there is none
	Many       Anomaly = "MANY"         // more people within the hour than work brings
)

// Policy is how the log is kept and what counts as unusual.
type Policy struct {
	KeepMonths int // how long an entry is kept, in months
	OpensAt    int // hour in Shanghai from which an office works
	ClosesAt   int // hour from which it does not
	MostHourly int // people one officer looks at within an hour before it is unusual
}

// Standard keeps entries ten years, as Zhejiang does; five is the least elsewhere. Hours and the number are our assumption.
//
// Source: docs/sources.md#access-log.
var Standard = Policy{KeepMonths: 120, OpensAt: 7, ClosesAt: 21, MostHourly: 150}

// Span is how far back MostHourly counts.
const Span = time.Hour

// Hours says what is unusual about the moment of a look by a person in an office. Systems work at any time.
func (p Policy) Hours(by models.Actor, now time.Time) []Anomaly {
	if by.Client != "" || by.Person == "" {
		return nil
	}
	var odd []Anomaly
	if h := now.In(models.Shanghai).Hour(); h < p.OpensAt || h >= p.ClosesAt {
		odd = append(odd, Night)
	}
	if !models.DayOf(now).Working() {
		odd = append(odd, DayOff)
	}
	return odd
}

// Crowd says whether an officer who has looked at so many people within Span does so beyond what work brings.
func (p Policy) Crowd(people int) Anomaly {
	if people > p.MostHourly {
		return Many
	}
	return ""
}
