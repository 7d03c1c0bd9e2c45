package api

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"

	"xinyi/models"
)

// A rule is a validation tag of our own: how it is checked, and how the document shows it.
type rule struct {
	ok      func(reflect.Value) bool
	pattern string
	format  string
	says    string
}

// maxFen bounds an amount a request may name: ¥100 billion.
const maxFen = 10_000_000_000_000

var (
	mobile       = regexp.MustCompile(`^1[3-9]\d{9}$`)
	installed    = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)
	divisionCode = regexp.MustCompile(`^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$`)
)

// rules are the tags of our own. Sources: GB 32100 (uscc), GB 11643 (cnid), GB/T 2260 (division).
var rules = map[string]rule{
	"fen":      {ok: func(v reflect.Value) bool { return v.CanInt() && v.Int() >= 0 && v.Int() <= maxFen }, says: "amount in fen, 1/100 yuan"},
	"yuan":     {ok: text(func(s string) bool { _, err := models.ParseYuan(s); return err == nil }), pattern: models.YuanPattern, says: "amount in yuan below 100 million, with at most two decimals"},
	"cnid":     {ok: text(models.ValidIDNumber), pattern: `^\d{17}[\dXx]$`, says: "resident ID number with a valid check digit (GB 11643)"},
	"cnphone":  {ok: text(mobile.MatchString), pattern: mobile.String(), says: "mobile number of the mainland"},
	"uscc":     {ok: text(validUSCC), pattern: `^[0-9A-HJ-NPQRTUWXY]{18}$`, says: "unified social credit code with a valid check character (GB 32100)"},
	"division": {ok: text(divisionCode.MatchString), pattern: divisionCode.String(), says: "division code (GB/T 2260): province 2, city 4, county 6, town 9, village 12 digits"},
	"install":  {ok: text(installed.MatchString), pattern: installed.String(), says: "what an app calls its installation on a device"},
	"known":    {ok: isKnown, says: ""}, // one of its type's Enum, which the document shows by itself
	"day":      {ok: text(func(s string) bool { _, err := models.ParseDay(s); return err == nil }), format: "date", says: "day in Asia/Shanghai"},
}

func text(ok func(string) bool) func(reflect.Value) bool {
	return func(v reflect.Value) bool { return v.Kind() == reflect.String && ok(v.String()) }
}

// enumerated is a type that says what all its values are.
type enumerated interface{ Enum() []any }

func isKnown(v reflect.Value) bool {
	e, ok := v.Interface().(enumerated)
	return ok && slices.Contains(e.Enum(), v.Interface())
}

const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// validUSCC checks length, alphabet and check character: weights 3^(i−1) mod 31.
func validUSCC(s string) bool {
	if len(s) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		n := strings.IndexByte(usccAlphabet, s[i])
		if n < 0 {
			return false
		}
		sum += n * weight
		weight = weight * 3 % 31
	}
	return s[17] == usccAlphabet[(31-sum%31)%31]
}

var checker = func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	for tag, r := range rules {
		if err := v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return r.ok(f.Field()) }); err != nil {
			panic(err) // a tag of ours that the validator refuses: found by the first test
		}
	}
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		for _, in := range []string{"path", "query", "header"} {
			if name := f.Tag.Get(in); name != "" {
				return "#" + in + "/" + name
			}
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			return name
		}
		return "~" // embedded: no place of its own in a pointer
	})
	return v
}()

// validated checks the tags of v. Errors: Invalid with every fault.
func validated(v reflect.Value) error {
	err := checker.Struct(v.Addr().Interface())
	if err == nil {
		return nil
	}
	var faults validator.ValidationErrors
	if !errors.As(err, &faults) {
		return models.E(models.Internal, "internal", err)
	}
	fields := make([]models.Field, len(faults))
	for i, f := range faults {
		fields[i] = models.Field{Pointer: pointer(f.Namespace()), Code: f.Tag()}
		param := f.Param()
		if e, ok := f.Value().(enumerated); ok && f.Tag() == "known" {
			fields[i].Code, param = "oneof", strings.Trim(fmt.Sprint(e.Enum()), "[]")
		}
		if param != "" {
			fields[i].Args = map[string]string{"param": param}
		}
	}
	return &models.Error{Code: models.Invalid, Reason: "request.invalid", Fields: fields}
}

// pointer turns the validator's "payRequest.lines[3].amount" into "/lines/3/amount".
func pointer(namespace string) string {
	_, rest, _ := strings.Cut(namespace, ".")
	var b strings.Builder
	for part := range strings.SplitSeq(rest, ".") {
		if part == "~" {
			continue
		}
		if strings.HasPrefix(part, "#") {
			return part
		}
		name, at, _ := strings.Cut(part, "[")
		b.WriteString("/" + name)
		for index := range strings.SplitSeq(at, "[") {
			if index != "" {
				b.WriteString("/" + strings.TrimSuffix(index, "]"))
			}
		}
	}
	return b.String()
}

// rulesOf finds validate tags that cannot work: unknown ones, ones without a text, a list whose items are never looked at.
func rulesOf(t reflect.Type) (err error) {
	defer func() {
		if p := recover(); p != nil { // the validator panics on an unknown tag
			err = fmt.Errorf("%s: %v", t, p)
		}
	}()
	if err := tagsOf(t, map[reflect.Type]bool{}); err != nil {
		return err
	}
	_ = checker.Struct(reflect.New(t).Interface()) //nolint:errcheck // only its panic matters
	return nil
}

func tagsOf(t reflect.Type, seen map[reflect.Type]bool) error {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("validate")
		for _, name := range tagNames(tag) {
			if name != "known" && !HasText("field."+name) { // known is told as oneof
				return fmt.Errorf("%s.%s: no text field.%s", t, f.Name, name)
			}
		}
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct && f.Tag.Get("json") != "" && !strings.Contains(tag, "dive") {
			return fmt.Errorf("%s.%s: the items are not validated: dive is missing", t, f.Name)
		}
		if err := tagsOf(f.Type, seen); err != nil {
			return err
		}
	}
	return nil
}

// tagNames are the rules of a validate tag by name, without those that only steer.
func tagNames(tag string) []string {
	var names []string
	for part := range strings.FieldsFuncSeq(tag, func(r rune) bool { return r == ',' || r == '|' }) {
		name, _, _ := strings.Cut(part, "=")
		switch name {
		case "dive", "omitempty", "omitnil", "omitzero", "keys", "endkeys", "structonly", "-":
		default:
			names = append(names, name)
		}
	}
	return names
}
