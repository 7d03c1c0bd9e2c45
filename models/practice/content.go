package practice

import (
	"fmt"
	"strings"
	"unicode"

	"xinyi/models"
)

// A Class is what a case is about.
//
// Source: docs/sources.md#practice-classes.
type Class string

// The classes.
const (
	Supervision Class = "SUPERVISION" // 行政监管
	Approval    Class = "APPROVAL"    // 审批服务
	Benefit     Class = "BENEFIT"     // 惠民便企
	Governance  Class = "GOVERNANCE"  // 基层治理
	Culture     Class = "CULTURE"     // 诚信文化
)

// Enum are all of them.
func (Class) Enum() []any { return models.Enum(Supervision, Approval, Benefit, Governance, Culture) }

// Classes lists them.
var Classes = []Class{Supervision, Approval, Benefit, Governance, Culture}

func (c Class) known() bool {
	for _, k := range Classes {
		if c == k {
			return true
		}
	}
	return false
}

// A Figure is one effect that can be counted, in whole units.
type Figure struct {
	Name   string `bson:"name" personal:"false"`
	Before int64  `bson:"before"`
	After  int64  `bson:"after"`
	Unit   string `bson:"unit"`
}

// Content is what a case says.
type Content struct {
	Class   Class    `bson:"class"`
	Title   string   `bson:"title"`
	Summary string   `bson:"summary"`
	Problem string   `bson:"problem"`
	Done    string   `bson:"done"`
	Effect  string   `bson:"effect"`
	Figures []Figure `bson:"figures"` // one at least: an effect that nobody counted is an opinion
	Copy    string   `bson:"copy"`    // what others can take over
}

// The bounds of a content, in runes.
const (
	maxTitle   = 60
	maxSummary = 300
	maxSection = 3000
	maxFigures = 12
	maxFigure  = 40
	maxNumber  = 1_000_000_000_000
)

// Check finds every fault. Errors: Invalid "practice.content".
func (c Content) Check() error {
	var faults []models.Field
	fault := func(pointer, code string) {
		if code != "" {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	if !c.Class.known() {
		fault("/class", "oneof")
	}
	fault("/title", text(c.Title, 4, maxTitle))
	fault("/summary", text(c.Summary, 10, maxSummary))
	fault("/problem", text(c.Problem, 10, maxSection))
	fault("/done", text(c.Done, 10, maxSection))
	fault("/effect", text(c.Effect, 10, maxSection))
	fault("/copy", text(c.Copy, 10, maxSection))
	if len(c.Figures) == 0 || len(c.Figures) > maxFigures {
		fault("/figures", "practice_figures")
	}
	for i, f := range c.Figures {
		at := fmt.Sprintf("/figures/%d", i)
		fault(at+"/name", text(f.Name, 1, maxFigure))
		fault(at+"/unit", text(f.Unit, 1, maxFigure))
		if f.Before > maxNumber || f.Before < -maxNumber || f.After > maxNumber || f.After < -maxNumber {
			fault(at, "practice_figures")
		}
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "practice.content", Fields: faults}
	}
	return nil
}

// text says what is wrong with a text, "" nothing.
func text(s string, least, most int) string {
	if n := len([]rune(strings.TrimSpace(s))); n < least || n > most {
		return "practice_length"
	}
	return personal(s)
}

// personal says that a text gives a number of a natural person: "practice_id_number" or "practice_phone", "" neither. Digits are read
// in any script, and across single spaces, hyphens and dots, so that no writing of them slips through.
//
// Source: docs/sources.md#practice-persons.
func personal(s string) string {
	runs := digits(s)
	for i := range runs {
		whole := ""
		for _, r := range runs[i:] {
			if whole += r.text; len(whole) > 18 {
				break
			}
			if code := number(whole); code != "" {
				return code
			}
			if !r.goesOn {
				break
			}
		}
	}
	return ""
}

// A run is digits in a row, a final X with them. goesOn: only one separator stands before the next.
type run struct {
	text   string
	goesOn bool
}

func digits(s string) (runs []run) {
	in, gap := false, 0
	for _, r := range s {
		d, is := digit(r)
		switch {
		case is && in:
			runs[len(runs)-1].text += d
		case is:
			if len(runs) > 0 {
				runs[len(runs)-1].goesOn = gap == 1
			}
			runs, in = append(runs, run{text: d}), true
		case in && (r == 'x' || r == 'X' || r == 'ｘ' || r == 'Ｘ'):
			runs[len(runs)-1].text += "X"
			in, gap = false, 9
		case strings.ContainsRune(" -.·－—\u00a0\u3000", r):
			if in {
				gap = 0
			}
			in = false
			gap++
		default:
			in, gap = false, 9
		}
	}
	return runs
}

// digit reads a decimal digit of any script.
func digit(r rune) (string, bool) {
	switch {
	case r >= '0' && r <= '9':
		return string(r), true
	case unicode.Is(unicode.Nd, r):
		zero := r
		for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
			zero--
		}
		return string('0' + r - zero), true
	}
	return "", false
}

// number says what a row of digits is: 18 with a birthday, 15 with one of the last century, or 11 of a mobile phone.
func number(s string) string {
	body := strings.TrimSuffix(s, "X")
	switch {
	case len(s) == 18 && len(body) >= 17 && s[6:8] >= "18" && s[6:8] <= "20" && day(s[6:14]):
		return "practice_id_number"
	case len(s) == 15 && len(body) == 15 && s[0] != '0' && s[0] != '9' && day("19"+s[6:12]):
		return "practice_id_number"
	case len(s) == 11 && s[0] == '1' && s[1] >= '3' && len(body) == 11, len(s) == 13 && strings.HasPrefix(s, "861") && s[3] >= '3' &&
		len(body) == 13:
		return "practice_phone"
	}
	return ""
}

func day(s string) bool {
	_, err := models.ParseDay(s[:4] + "-" + s[4:6] + "-" + s[6:])
	return err == nil
}
