package form

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const small = `{"type":"object","additionalProperties":false,"required":["a"],"dependentRequired":{"d":["n"]},"properties":{
"n":{"type":"integer","x-kind":"whole","title":"数量","x-title-en":"Count","x-unit":"fen","minimum":1,"x-order":2,"x-mine":"yes"},
"a":{"type":"string","x-kind":"text","title":"名称","x-title-en":"Name","maxLength":4,"x-order":1},
"c":{"type":"string","x-kind":"text","title":"种类","x-title-en":"Kind","enum":["1","2"],"x-labels":{"1":{"zh":"甲","en":"One"}},"x-order":3},
"d":{"type":"string","x-kind":"day","title":"日期","x-title-en":"Day","x-order":4}}}`

func TestParse(t *testing.T) {
	f, err := Parse(small)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, c := range f.Columns {
		keys = append(keys, c.Key+" "+c.Widget)
	}
	if got := fmt.Sprint(keys); got != "[a text n money c choice d date]" {
		t.Error(got)
	}
	var own struct {
		Mine string `json:"x-mine"`
	}
	n := f.Find("数量*")
	if n == nil || f.Find("n") != n || f.Find("数") != nil || n.Hints(&own) != nil || own.Mine != "yes" || n.Title.EN != "Count" {
		t.Errorf("%+v %+v", n, own)
	}
	if c := f.Find("c"); c.Label("1").EN != "One" || c.Label("2").EN != "2" {
		t.Errorf("%+v", c.Choices)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"an open object":      {`"additionalProperties":false,`, ``},
		"a kind of its own":   {`"x-kind":"day"`, `"x-kind":"date"`},
		"another type":        {`"type":"integer"`, `"type":"string"`},
		"one language":        {`"x-title-en":"Name"`, `"x-title-en":""`},
		"a label in one":      {`"en":"One"`, `"en":""`},
		"two of one title":    {`"title":"数量"`, `"title":"名称"`},
		"a path":              {`"a":{`, `"a.b":{`},
		"a secret number":     {`"x-mine":"yes"`, `"x-private":true`},
		"what stands outside": {`"x-mine":"yes"`, `"$ref":"http://127.0.0.1/x.json"`},
	} {
		if _, err := Parse(strings.Replace(small, change[0], change[1], 1)); err == nil {
			t.Errorf("%s was taken", name)
		} else if name != "what stands outside" && !errors.Is(err, Err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckPointsAtTheFault(t *testing.T) {
	f, err := Parse(small)
	if err != nil {
		t.Fatal(err)
	}
	for want, values := range map[string]map[string]any{
		"[]":                            {"a": "x", "n": int64(1), "c": "2", "d": "2026-05-01"},
		"[/a required]":                 {},
		"[/a max]":                      {"a": "长长长长长"},
		"[/n range]":                    {"a": "x", "n": int64(0)},
		"[/c not_listed]":               {"a": "x", "c": "3"},
		"[/n required_with]":            {"a": "x", "d": "2026-05-01"},
		"[/a wrong_type]":               {"a": int64(1)},
		"[/n wrong_type /c wrong_type]": {"a": "x", "n": "1", "c": true},
	} {
		got := map[string]bool{}
		for _, x := range f.Check(values) {
			got[x.Pointer+" "+x.Code] = true
		}
		whole := strings.Fields(strings.Trim(want, "[]"))
		if len(got) != len(whole)/2 {
			t.Errorf("%s: %v", want, got)
		}
		for i := 0; i+1 < len(whole); i += 2 {
			if !got[whole[i]+" "+whole[i+1]] {
				t.Errorf("%s: %v", want, got)
			}
		}
	}
	if x := f.Find("d").Check("2026-02-30"); x == nil || x.Code != "day" {
		t.Errorf("%+v", x)
	}
}
