package models

import (
	"fmt"
	"strings"
	"testing"
)

func TestWordsAreCheckedInBothLanguages(t *testing.T) {
	for want, w := range map[string]Words{
		"[]":                           {ZH: "四个汉字", EN: "four"},
		"[/t/zh required]":             {ZH: " ", EN: "four"},
		"[/t/en required]":             {ZH: "四个汉字"},
		"[/t/zh max 4]":                {ZH: "五个汉字长", EN: "four"},
		"[/t/zh required /t/en max 4]": {EN: strings.Repeat("x", 5)},
	} {
		got := []string{}
		for _, f := range w.Check("/t", 4) {
			got = append(got, strings.TrimSpace(f.Pointer+" "+f.Code+" "+f.Args["param"]))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%+v: %v, want %s", w, got, want)
		}
	}
	if w := (Words{ZH: "甲", EN: "a"}); w.In("en") != "a" || w.In("zh") != "甲" || w.In("fr") != "甲" || (Words{ZH: "甲"}).In("en") != "甲" {
		t.Error("In takes the wrong language")
	}
}
