package models

import "strings"

// A USCC is a unified social credit code (统一社会信用代码, GB 32100-2015), checked and in normal form: one character for the
// registering office, one for the kind of organisation, six digits of division, nine of the organisation itself (GB 11714),
// one check character. "" is nobody's.
type USCC string

// The faults of a code, in the order in which they are looked for. The last two are warnings: such codes were issued.
const (
	USCCLength   = "uscc_length"   // not 18 characters
	USCCChar     = "uscc_char"     // a character outside the alphabet, or a division that is no digits
	USCCChecksum = "uscc_checksum" // the check character does not fit
	USCCPrefix   = "uscc_prefix"   // no such registering office or kind
	USCCInner    = "uscc_inner"    // warning: the organisation's own check character does not fit
)

const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// usccWeights are 3^(i−1) mod 31, innerWeights those of GB 11714.
var (
	usccWeights  = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	innerWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}
)

// usccKinds are the first two characters that are issued.
const usccKinds = " 11 12 13 19 21 29 31 32 33 34 35 39 41 49 51 52 53 54 59 61 62 69 71 72 79 81 89 91 92 93 A1 A9 N1 N2 N3 N9 Y1 "

// NormalUSCC is s trimmed, in capitals and half-width. It corrects no letter: whether an O was meant as 0 is for a human.
func NormalUSCC(s string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(s) {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(strings.TrimSpace(b.String()))
}

// USCCFaults are the faults of a code in normal form, none for a good one.
//
// Source: docs/sources.md#uscc (GB 32100-2015, GB 11714).
func USCCFaults(s string) []string {
	if len([]rune(s)) != 18 {
		return []string{USCCLength}
	}
	sum := 0
	for i, r := range s {
		n := strings.IndexRune(usccAlphabet, r)
		if n < 0 || len(s) != 18 || i >= 2 && i < 8 && n > 9 {
			return []string{USCCChar}
		}
		if i < 17 {
			sum += n * usccWeights[i]
		}
	}
	var faults []string
	if usccAlphabet[(31-sum%31)%31] != s[17] {
		faults = append(faults, USCCChecksum)
	}
	if !strings.Contains(usccKinds, " "+s[:2]+" ") {
		faults = append(faults, USCCPrefix)
	}
	if innerCheck(s[8:16]) != s[16] {
		faults = append(faults, USCCInner)
	}
	return faults
}

// innerCheck is the check character of GB 11714 over eight characters.
func innerCheck(body string) byte {
	sum := 0
	for i, w := range innerWeights {
		n := int(body[i] - '0')
		if body[i] >= 'A' {
			n = int(body[i]-'A') + 10
		}
		sum += n * w
	}
	switch c := 11 - sum%11; c {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return byte('0' + c)
	}
}

// ParseUSCC reads a code after bringing it into normal form; a warning does not refuse it.
// Errors: Invalid "uscc.invalid", the field's code says why.
func ParseUSCC(s string) (USCC, error) {
	s = NormalUSCC(s)
	for _, fault := range USCCFaults(s) {
		if fault != USCCInner {
			return "", Bad("/code", fault, "uscc.invalid")
		}
	}
	return USCC(s), nil
}

// Region is the county where c was registered, perhaps long since renamed.
func (c USCC) Region() Region {
	if len(c) != 18 {
		return ""
	}
	return Region(c[2:8])
}

// SyntheticUSCC is the n-th made-up code of a kind ("91": a firm) and a county: both check characters fit, and its own part begins
// with MAXX, chosen so as not to be a registration. 0 ≤ n < 923521. "" for what is out of bounds.
func SyntheticUSCC(kind string, county Region, n int) USCC {
	base := len(usccAlphabet)
	if len(kind) != 2 || county.Level() != County || n < 0 || n >= base*base*base*base {
		return ""
	}
	body := []byte(kind + string(county) + "MAXX0000")
	for i := len(body) - 1; i >= len(body)-4; i-- {
		body[i] = usccAlphabet[n%base]
		n /= base
	}
	body = append(body, innerCheck(string(body[8:16])))
	sum := 0
	for i, c := range body {
		v := strings.IndexByte(usccAlphabet, c)
		if v < 0 {
			return ""
		}
		sum += v * usccWeights[i]
	}
	return USCC(append(body, usccAlphabet[(31-sum%31)%31]))
}
