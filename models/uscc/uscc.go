// Package uscc watches over unified social credit codes (统一社会信用代码): which organisation is named by which code, which codes
// are wrong or used twice (重错码), and the tickets that bring them in order (动态清零).
package uscc

import (
	"strings"
	"time"
	"unicode"

	"xinyi/models"
)

// A Class is what is wrong with a code.
type Class string

// The classes. The first four are a code's own faults; the others show only when one looks at several.
const (
	Length       Class = "LENGTH"
	Char         Class = "CHAR"
	Checksum     Class = "CHECKSUM"
	Prefix       Class = "PREFIX_UNKNOWN"
	DupCode      Class = "DUP_CODE"      // 重码: one code, several names
	DupSubject   Class = "DUP_SUBJECT"   // 一主体多码: one name in one county, several codes
	NameMismatch Class = "NAME_MISMATCH" // another name than the registration's
)

// Classes lists every class, for views and checks.
var Classes = []Class{Length, Char, Checksum, Prefix, DupCode, DupSubject, NameMismatch}

// classes are the classes of the faults models.USCCFaults names. The inner check character only warns: such codes were issued.
var classes = map[string]Class{
	models.USCCLength: Length, models.USCCChar: Char, models.USCCChecksum: Checksum, models.USCCPrefix: Prefix,
}

// ClassOf is the class of a code in normal form, false for a good one.
func ClassOf(code string) (Class, bool) {
	for _, fault := range models.USCCFaults(code) {
		if class, ok := classes[fault]; ok {
			return class, true
		}
	}
	return "", false
}

// A Source is who named an organisation.
type Source struct {
	Unit       string        // code of the unit
	Region     models.Region // of the unit
	Registered bool          // it is the registration itself (登记注册)
}

// An Org is one organisation as somebody named it: one code with one name.
type Org struct {
	models.Meta `bson:",inline"` // the id is OrgID(code, name)

	Code       string        `bson:"code"` // in normal form, perhaps wrong
	Name       string        `bson:"name"`
	Key        string        `bson:"key"`    // KeyOf the name
	Place      string        `bson:"place"`  // key and county: names are unique there at most
	Region     models.Region `bson:"region"` // the county of the code, else the unit's
	Office     models.Region `bson:"office"` // officeOf it
	Unit       string        `bson:"unit"`   // that named it first
	Registered bool          `bson:"registered,omitempty"`
	FirstSeen  time.Time     `bson:"firstSeen"`
	EndedAt    *time.Time    `bson:"endedAt,omitempty"` // found to be wrong, and not seen since; nil in use
}

// OrgID is the id of the pair.
func OrgID(code, name string) string { return models.Derived("org", code, KeyOf(name)) }

// NewOrg notes a pair for the first time. code is in normal form.
func NewOrg(code, name string, s Source, now time.Time) *Org {
	o := &Org{
		Meta: models.Meta{ID: OrgID(code, name)}, Code: code, Name: strings.TrimSpace(name), Key: KeyOf(name),
		Region: countyOf(code, s.Region), Office: officeOf(code, s.Region), Unit: s.Unit, Registered: s.Registered, FirstSeen: now,
	}
	o.Place = placeOf(o.Key, o.Region)
	return o
}

// Again takes a pair that was seen once more. It says whether anything changed.
func (o *Org) Again(s Source) bool {
	changed := o.EndedAt != nil || s.Registered && !o.Registered
	o.EndedAt = nil
	o.Registered = o.Registered || s.Registered
	return changed
}

// End takes a pair out of use: it was found to be wrong. It says whether anything changed.
func (o *Org) End(now time.Time) bool {
	if o.EndedAt != nil {
		return false
	}
	o.EndedAt = models.At(now)
	return true
}

func placeOf(key string, county models.Region) string { return key + "@" + string(county) }

// countyOf is the county a code names, or that of a region when it names none.
func countyOf(code string, r models.Region) models.Region {
	if len(code) == 18 && strings.IndexFunc(code[2:8], func(c rune) bool { return c < '0' || c > '9' }) < 0 {
		return models.Region(code[2:8])
	}
	return r.County()
}

// officeOf is the place whose office brings in order what a unit of r named: the county of the code when that lies in the unit's city, else
// r itself, since a wrong code may name a county anywhere.
func officeOf(code string, r models.Region) models.Region {
	if county := countyOf(code, r); r.City().Contains(county) {
		return county
	}
	return r
}

// KeyOf is a name as it is compared: half-width, in capitals, without spaces and signs. (长沙) and （长沙） are the same.
func KeyOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, name)
}

// A Finding is one thing wrong with a code or a name.
type Finding struct {
	Class  Class
	Slot   string // one ticket at a time: class, and the code or the place
	Code   string // "" when it is about a name
	Name   string // the name, or the registration's
	Region models.Region
	Office models.Region // whose it is to bring in order
	Unit   string        // that named it
	Codes  []string      // of DUP_SUBJECT, the first 20
	Names  []string      // of DUP_CODE and NAME_MISMATCH, the first 20
}

// FromRow is the finding of a row with a wrong code, as it came; false when the code is good.
func FromRow(raw, name, unit string, r models.Region) (Finding, bool) {
	code := models.NormalUSCC(raw)
	class, wrong := ClassOf(code)
	if !wrong || code == "" {
		return Finding{}, false
	}
	if long := []rune(code); len(long) > maxShown {
		code = string(long[:maxShown])
	}
	return Finding{Class: class, Slot: string(class) + "/" + code + "/" + KeyOf(name), Code: code, Name: name, Region: countyOf(code, r),
		Office: officeOf(code, r), Unit: unit}, true
}

// maxShown bounds what is kept of a wrong code, in runes; maxTwins how many names or codes a finding lists.
const (
	maxShown = 40
	maxTwins = 20
)

// OfCode finds what is wrong with one code under all the names in use with it. They share the code.
func OfCode(orgs []*Org) (Finding, bool) {
	orgs = inUse(orgs)
	if len(orgs) == 0 {
		return Finding{}, false
	}
	first := orgs[0]
	if f, wrong := FromRow(first.Code, first.Name, first.Unit, first.Region); wrong {
		f.Office = first.Office
		return f, true
	}
	if len(orgs) == 1 {
		return Finding{}, false
	}
	f := Finding{Class: DupCode, Code: first.Code, Name: first.Name, Region: first.Region, Office: first.Office, Unit: first.Unit}
	registered := 0
	for _, o := range orgs {
		if o.Registered {
			registered++
			f.Name = o.Name
		}
		if len(f.Names) < maxTwins {
			f.Names = append(f.Names, o.Name)
		}
	}
	if registered == 1 {
		f.Class = NameMismatch
	}
	f.Slot = "CODE/" + f.Code
	return f, true
}

// OfPlace finds whether one name in one county has several good codes in use. They share the place.
func OfPlace(orgs []*Org) (Finding, bool) {
	var good []*Org
	for _, o := range inUse(orgs) {
		if _, wrong := ClassOf(o.Code); !wrong {
			good = append(good, o)
		}
	}
	if len(good) < 2 {
		return Finding{}, false
	}
	f := Finding{Class: DupSubject, Slot: "NAME/" + good[0].Place, Name: good[0].Name, Region: good[0].Region, Office: good[0].Office,
		Unit: good[0].Unit}
	for _, o := range good[:min(len(good), maxTwins)] {
		f.Codes = append(f.Codes, o.Code)
	}
	return f, true
}

func inUse(orgs []*Org) []*Org {
	var live []*Org
	for _, o := range orgs {
		if o.EndedAt == nil {
			live = append(live, o)
		}
	}
	return live
}

// Suggest is what a wrong code may have been meant as: O as 0, I as 1, when that makes it good; "" otherwise. It is for a
// human to decide.
func Suggest(code string) string {
	meant := strings.NewReplacer("O", "0", "I", "1").Replace(models.NormalUSCC(code))
	if meant == code {
		return ""
	}
	if _, wrong := ClassOf(meant); wrong {
		return ""
	}
	return meant
}

// An Authority is who gives out codes of a kind.
type Authority string

// The authorities, by the first character of a code.
const (
	Staffing     Authority = "STAFFING"      // 编办: 1
	Justice      Authority = "JUSTICE"       // 司法: 3
	Culture      Authority = "CULTURE"       // 文旅: 4, 6
	CivilAffairs Authority = "CIVIL_AFFAIRS" // 民政: 5
	Religion     Authority = "RELIGION"      // 民宗: 7
	Unions       Authority = "UNIONS"        // 总工会: 8
	Market       Authority = "MARKET"        // 市监: 9
	Agriculture  Authority = "AGRICULTURE"   // 农业农村: N
	Office       Authority = "OFFICE"        // the credit office, for whatever else
)

// AuthorityOf is who gave out a code, by its first character.
//
// Source: docs/sources.md#uscc-tickets.
func AuthorityOf(code string) Authority {
	if code == "" {
		return Office
	}
	switch code[0] {
	case '1':
		return Staffing
	case '3':
		return Justice
	case '4', '6':
		return Culture
	case '5':
		return CivilAffairs
	case '7':
		return Religion
	case '8':
		return Unions
	case '9':
		return Market
	case 'N':
		return Agriculture
	}
	return Office
}
