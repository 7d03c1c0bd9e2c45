package form

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xinyi/models"
)

// Tidy takes white space and invisible marks off both ends.
func Tidy(s string) string {
	return strings.Trim(s, " \t\r\n\u00a0\u3000\u200b\ufeff")
}

// Narrow is s tidied with full-width letters, digits and signs as the half-width ones.
func Narrow(s string) string {
	s = Tidy(s)
	wide := false
	for _, r := range s {
		if r >= '！' && r <= '～' {
			wide = true
			break
		}
	}
	if !wide {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, s)
}

// Cell reads a cell that is not blank. code is the fault, "" for none.
func (c *Column) Cell(text string) (value any, code string, args map[string]string) {
	if len(c.Choices) > 0 {
		v, ok := c.Choice(Narrow(text))
		if !ok {
			return nil, "oneof", map[string]string{"param": c.Options()}
		}
		return v, "", nil
	}
	switch c.Kind {
	case Day:
		if d, ok := ReadDay(text); ok {
			return string(d), "", nil
		}
		return nil, "day", nil
	case Wan:
		if n, ok := Decimal(Narrow(text), 6); ok {
			return n, "", nil
		}
		return nil, "wan", nil
	case Yuan:
		if n, ok := Decimal(Narrow(text), 2); ok {
			return n, "", nil
		}
		return nil, "yuan", nil
	case Whole:
		n, err := strconv.ParseInt(Narrow(text), 10, 64)
		if err != nil {
			return nil, "number", nil
		}
		return n, "", nil
	case Yes:
		return truth(Narrow(text))
	}
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, "syntax", nil
	case utf8.RuneCountInString(text) > c.Max:
		return nil, "max", map[string]string{"param": strconv.Itoa(c.Max)}
	}
	return text, "", nil
}

// Choice is the value a cell stands for: the value itself, or its label.
func (c *Column) Choice(text string) (string, bool) {
	for _, l := range c.Choices {
		if l.Value == text || l.Label.ZH == text || l.Label.EN == text {
			return l.Value, true
		}
	}
	return "", false
}

// Options are the values a dictionary takes, in words.
func (c *Column) Options() string {
	words := make([]string, len(c.Choices))
	for i, l := range c.Choices {
		if words[i] = l.Value; l.Label.ZH != l.Value {
			words[i] += " " + l.Label.ZH
		}
	}
	return strings.Join(words, "；")
}

func truth(text string) (any, string, map[string]string) {
	switch strings.ToLower(text) {
	case "1", "是", "true", "y":
		return true, "", nil
	case "0", "否", "false", "n":
		return false, "", nil
	}
	return nil, "oneof", map[string]string{"param": "1 是；0 否"}
}

// The days that a workbook keeps as numbers: the first of 2000 and the last of 2099, counted from 1899-12-30.
const firstSerial, lastSerial = 36526, 73050

// ReadDay reads 2026-05-10, 2026/5/10, 2026.5.10, 20260510 and 2026年5月10日, full-width or not, and the number a workbook keeps a
// day of this century as.
func ReadDay(text string) (models.Day, bool) {
	text = Narrow(text)
	if len(text) == 10 && text[4] == '-' && text[7] == '-' {
		return realDay(text[:4], text[5:7], text[8:])
	}
	if len(text) == 8 && strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }) < 0 {
		return realDay(text[:4], text[4:6], text[6:])
	}
	if n, ok := digits(text, 5); ok && n >= firstSerial && n <= lastSerial {
		return models.Day("1899-12-30").Add(n), true
	}
	text = strings.NewReplacer("年", "-", "月", "-", "日", "", "/", "-", ".", "-").Replace(text)
	parts := strings.Split(text, "-")
	if len(parts) != 3 {
		return "", false
	}
	return realDay(parts[0], parts[1], parts[2])
}

// realDay is the day of a year of four digits that there is.
func realDay(year, month, day string) (models.Day, bool) {
	y, ok := digits(year, 4)
	m, okM := digits(month, 2)
	d, okD := digits(day, 2)
	if !ok || !okM || !okD || len(year) != 4 || y < 1900 || m < 1 || m > 12 || d < 1 {
		return "", false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d {
		return "", false
	}
	return models.Day(t.Format(time.DateOnly)), true
}

// digits reads 1 to most digits.
func digits(s string, most int) (n int, ok bool) {
	if s == "" || len(s) > most {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// Decimal reads an amount that is not negative as whole units of 10^-places, exactly; zeros beyond the places are dropped,
// other digits there are refused. A comma may stand before every third digit.
func Decimal(text string, places int) (int64, bool) {
	whole, frac, dotted := strings.Cut(text, ".")
	if strings.Contains(whole, ",") {
		groups := strings.Split(whole, ",")
		for i, g := range groups {
			if i > 0 && len(g) != 3 || i == 0 && (g == "" || len(g) > 3) {
				return 0, false
			}
		}
		whole = strings.Join(groups, "")
	}
	frac = strings.TrimRight(frac, "0")
	if whole == "" || len(frac) > places || dotted && strings.HasSuffix(text, ".") {
		return 0, false
	}
	var n int64
	for _, r := range whole + frac + strings.Repeat("0", places-len(frac)) {
		if r < '0' || r > '9' || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(r-'0')
	}
	return n, true
}
