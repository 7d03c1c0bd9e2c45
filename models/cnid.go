package models

import "errors"

// An IDNumber is a resident's number of GB 11643, checked: six digits of division, eight of birth, three of serial,
// one check character. Like any Secret it prints masked. The zero IDNumber is nobody's.
type IDNumber struct{ Secret }

// The faults of a number, as causes of identity.number_invalid.
var (
	errIDShape = errors.New("not 17 digits and a digit or X")
	errIDBirth = errors.New("no such birthday")
	errIDCheck = errors.New("check character does not fit")
)

// idWeights and idChecks are the weights and check characters of GB 11643 (ISO 7064 MOD 11-2).
var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const idChecks = "10X98765432"

// ParseIDNumber reads a number of 18 characters; a final x is taken as X. The division may be historic, so it is in no list;
// the birthday is a real day of 1800 or later, and whether it lies in the future is for whoever has a clock.
//
// Errors: Invalid "identity.number_invalid". Source: docs/sources.md#identity-number (GB 11643).
func ParseIDNumber(s string) (IDNumber, error) {
	bad := func(cause error) (IDNumber, error) {
		e := Bad("/idNumber", "cnid", "identity.number_invalid")
		e.Err = cause
		return IDNumber{}, e
	}
	if len(s) != 18 || s[0] == '0' {
		return bad(errIDShape)
	}
	sum := 0
	for i, w := range idWeights {
		if s[i] < '0' || s[i] > '9' {
			return bad(errIDShape)
		}
		sum += int(s[i]-'0') * w
	}
	last := s[17]
	if last == 'x' {
		last = 'X'
	}
	if last != 'X' && (last < '0' || last > '9') {
		return bad(errIDShape)
	}
	if last != idChecks[sum%11] {
		return bad(errIDCheck)
	}
	if _, err := ParseDay(idDay(s)); err != nil || s[6:10] < "1800" {
		return bad(errIDBirth)
	}
	return IDNumber{NewSecret(s[:17] + string(last))}, nil
}

// ValidIDNumber says whether ParseIDNumber reads s.
func ValidIDNumber(s string) bool {
	_, err := ParseIDNumber(s)
	return err == nil
}

// SyntheticIDNumber is the one number of a county (six digits) and a birthday that belongs to nobody: serial 000 is never
// issued. Made-up people get only such numbers, so they differ by county or birthday.
//
// Errors: Invalid "identity.number_invalid".
func SyntheticIDNumber(county Region, birth Day) (IDNumber, error) {
	if county.Level() != County || len(birth) != 10 {
		return IDNumber{}, Bad("/idNumber", "cnid", "identity.number_invalid")
	}
	body := string(county) + string(birth[:4]+birth[5:7]+birth[8:]) + "000"
	sum := 0
	for i, w := range idWeights {
		sum += int(body[i]-'0') * w
	}
	if sum < 0 {
		sum = 0 // no digits in it: ParseIDNumber refuses it
	}
	return ParseIDNumber(body + string(idChecks[sum%11]))
}

// Synthetic says whether n belongs to nobody: its serial is 000.
func (n IDNumber) Synthetic() bool { return len(n.text) == 18 && n.text[14:17] == "000" }

// Birth is the birthday, "" of the zero IDNumber.
func (n IDNumber) Birth() Day {
	if len(n.text) != 18 {
		return ""
	}
	return Day(idDay(n.text))
}

// Region is the county that first issued the number, perhaps long since renamed; "" of the zero IDNumber.
// It is not where the person lives.
func (n IDNumber) Region() Region {
	if len(n.text) != 18 {
		return ""
	}
	return Region(n.text[:6])
}

// AgeOn is the age on a day in full years, as AgeOn(n.Birth(), on).
func (n IDNumber) AgeOn(on Day) int { return AgeOn(n.Birth(), on) }

// AgeOn is how many full years a person born on birth has lived by on; a birthday counts. Somebody born on 29 February
// is a year older on 1 March of a common year. It is negative before birth, and 0 when a day is missing.
func AgeOn(birth, on Day) int {
	if len(birth) != 10 || len(on) != 10 {
		return 0
	}
	b, o := birth.Start().In(Shanghai), on.Start().In(Shanghai)
	age := o.Year() - b.Year()
	if on[5:] < birth[5:] {
		age--
	}
	return age
}

// AdultAge is when full civil capacity begins (Civil Code art. 17, 18), in years.
const AdultAge = 18

// Adult says whether a person born on birth is of age on a day. Without a birthday nobody is known to be.
func Adult(birth, on Day) bool { return birth != "" && AgeOn(birth, on) >= AdultAge }

func idDay(s string) string { return s[6:10] + "-" + s[10:12] + "-" + s[12:14] }
