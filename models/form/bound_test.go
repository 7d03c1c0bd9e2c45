package form

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// doubling is n definitions of which each asks the next one twice.
func doubling(n int, how string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"d%d":{"%s":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, how, i+1, i+1)
	}
	return fmt.Sprintf(`"$defs":{%s"d%d":{"minLength":1}},`, b.String(), n)
}

// with is the small schema with more at its beginning, and in its first column.
func with(top, column string) string {
	return strings.Replace(strings.Replace(small, "{", "{"+top, 1), `"maxLength":4,`, `"maxLength":4,`+column, 1)
}

func TestBombsAreRefusedAtOnce(t *testing.T) {
	enum := `"enum":["` + strings.Repeat(`a","`, maxEnum) + `b"],`
	for name, tc := range map[string]struct{ schema, code, at string }{
		"24 nested definitions":   {with(doubling(24, "allOf"), `"$ref":"#/$defs/d0",`), "schema_work", ""},
		"of any of two":           {with(doubling(24, "anyOf"), `"$ref":"#/$defs/d0",`), "schema_work", ""},
		"one of two, many":        {with(doubling(40, "oneOf"), `"$ref":"#/$defs/d0",`), "schema_combinators", "/$defs/"},
		"itself":                  {with(`"$defs":{"a":{"not":{"$ref":"#/$defs/a"}}},`, `"$ref":"#/$defs/a",`), "schema_recursion", "/$defs/a"},
		"itself, over another":    {with(`"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},`, `"$ref":"#/$defs/a",`), "schema_recursion", "/$defs/"},
		"the whole":               {with(``, `"$ref":"#",`), "schema_recursion", ""},
		"nowhere":                 {with(``, `"$ref":"#/$defs/a",`), "schema_ref", "/$defs/a"},
		"outside":                 {with(``, `"$ref":"http://127.0.0.1/x.json",`), "schema_ref", "/properties/a/$ref"},
		"another name":            {with(`"$defs":{"a":{"$anchor":"x"}},`, `"$ref":"#x",`), "schema_elsewhere", "/$defs/a/$anchor"},
		"a reference that moves":  {with(``, `"$dynamicRef":"#x",`), "schema_elsewhere", "/properties/a/$dynamicRef"},
		"depth":                   {with(``, strings.Repeat(`"not":{`, 30)+`"minLength":1`+strings.Repeat(`}`, 30)+`,`), "schema_depth", "/properties/a/not"},
		"values":                  {with(`"x-list":[`+strings.Repeat("1,", maxNodes)+`1],`, ``), "schema_nodes", ""},
		"bytes":                   {with(`"description":"`+strings.Repeat("x", maxBytes)+`",`, ``), "schema_bytes", ""},
		"a dictionary":            {with(``, enum), "schema_enum", "/properties/a/enum"},
		"a pattern that looks":    {with(``, `"pattern":"(?=a)b",`), "schema_pattern", "/properties/a/pattern"},
		"a pattern of a kilobyte": {with(``, `"pattern":"`+strings.Repeat("a", 1000)+`",`), "schema_pattern_long", "/properties/a/pattern"},
		"a pattern that repeats":  {with(``, `"pattern":"^((a{1,30}){1,30})$",`), "schema_pattern_repeats", "/properties/a/pattern"},
		"patterns of names":       {with(`"patternProperties":{"^(a{900})$":{}},`, ``), "schema_pattern_repeats", "/patternProperties/^(a{900})$"},
		"many patterns": {with(`"$defs":{"p":{"pattern":"^a{300}$"}},"allOf":[`+strings.Repeat(`{"$ref":"#/$defs/p"},`, 40)+`{}],`, ``),
			"schema_work", ""},
		"for every column": {with(`"$defs":{"p":{"enum":[`+strings.Repeat("1,", 400)+`1]}},"patternProperties":{`+
			`"a":{"$ref":"#/$defs/p"},"b":{"$ref":"#/$defs/p"},"c":{"$ref":"#/$defs/p"},"d":{"$ref":"#/$defs/p"},"e":{"$ref":"#/$defs/p"},"f":{"$ref":"#/$defs/p"},"g":{"$ref":"#/$defs/p"}},`, ``),
			"schema_work", ""},
	} {
		began := time.Now()
		_, err := Parse(tc.schema)
		if took := time.Since(began); took > 200*time.Millisecond {
			t.Errorf("%s: refused after %v", name, took)
		}
		var f *Fault
		if !errors.As(err, &f) || f.Code != tc.code || !strings.HasPrefix(f.Pointer, tc.at) || !errors.Is(err, Err) {
			t.Errorf("%s: %v, want %s at %s", name, err, tc.code, tc.at)
		}
	}
	for name, fine := range map[string]string{
		"a condition":  with(`"if":{"required":["n"]},"then":{"required":["d"]},`, `"pattern":"^\\p{Han}{2,60}$",`),
		"a definition": with(doubling(5, "allOf"), `"$ref":"#/$defs/d0",`),
	} {
		if _, err := Parse(fine); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
