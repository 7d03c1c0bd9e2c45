package api

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

type sifted struct {
	ID     string            `path:"id"`
	Name   string            `json:"name" validate:"required,max=40"`
	Reason string            `json:"reason" validate:"max=500"`
	Words  string            `json:"words" validate:"max=500"`
	Secret string            `json:"secret" text:"raw"`
	Open   string            `json:"open"`
	At     time.Time         `json:"at"`
	Lines  []sifted          `json:"lines" validate:"dive"`
	Names  []string          `json:"names" validate:"dive,max=9"`
	Values map[string]any    `json:"values"`
	Cells  map[string]string `json:"cells" validate:"max=200"`
	Words2 *models.Words     `json:"words2"`
}

func sifting1(t *testing.T, office bool, in *sifted) *sifting {
	t.Helper()
	s := &sifting{words: lexiconOf(StandardWords.Illness), office: office}
	siftOf(reflect.TypeFor[sifted](), texts{}, nil)(s, reflect.ValueOf(in).Elem(), "")
	return s
}

func TestTextsAreMadeFit(t *testing.T) {
	in := sifted{
		ID: " a ", Name: "\ufeff 李\u3000", Reason: "一\r\n二\t三 ", Secret: " s\u202e ", Words: "Cafe\u0301 👨\u200d👩\u200d👧",
		Values: map[string]any{"a": []any{" x ", 1.5, map[string]any{"b": "y "}}}, Cells: map[string]string{"k": " v "}, Names: []string{" n"},
		Words2: &models.Words{ZH: " 中 "},
	}
	if s := sifting1(t, true, &in); s.faults != nil || s.advice != nil {
		t.Errorf("%v %v", s.faults, s.advice)
	}
	want := sifted{
		ID: "a", Name: "李", Reason: "一\n二\t三", Secret: " s\u202e ", Words: "Caf\u00e9 👨\u200d👩\u200d👧",
		Values: map[string]any{"a": []any{"x", 1.5, map[string]any{"b": "y"}}}, Cells: map[string]string{"k": "v"}, Names: []string{"n"},
		Words2: &models.Words{ZH: "中"},
	}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("%+v", in)
	}
}

func TestHiddenCharactersAreRefused(t *testing.T) {
	for _, bad := range []string{
		"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f",
		"\u2060", "\ufeff", "\u00ad", "\u061c", "\x00", "\x07", "\x1b", "\x7f", "\u0085", "\u009b", "\u2028", "\u2029", "\U000e0041",
	} {
		text := "a" + bad + "b"
		for at, in := range map[string]sifted{
			"/name": {Name: text}, "/reason": {Reason: text}, "/open": {Open: text}, "#path/id": {ID: text}, "/names/1": {Names: []string{"a", text}},
			"/values/a": {Values: map[string]any{"a": text}}, "/lines/0/name": {Lines: []sifted{{Name: text}}}, "/words2/en": {Words2: &models.Words{EN: text}},
		} {
			if s := sifting1(t, false, &in); len(s.faults) != 1 || s.faults[0].Pointer != at || s.faults[0].Code != "characters" {
				t.Errorf("%q at %s: %v", bad, at, s.faults)
			}
		}
	}
	for at, in := range map[string]sifted{"/name": {Name: "a\nb"}, "/open": {Open: strings.Repeat("长", mostText+1)},
		"/cells/k": {Cells: map[string]string{"k": strings.Repeat("长", mostText+1)}}} {
		if s := sifting1(t, false, &in); len(s.faults) != 1 || s.faults[0].Pointer != at {
			t.Errorf("%s: %v", at, s.faults)
		}
	}
}

func TestIllnessIsNotToldOn(t *testing.T) {
	for text, word := range map[string]string{
		"因您患有糖尿病，不予通过": "糖尿病", "He has Diabetes.": "diabetes", "your medical history": "medical history", "HIV positive": "hiv",
		"由湖南省肿瘤医院结算": "", "Hunan Cancer Hospital": "", "材料不全": "", "cancerous": "", "按时缴费": "", "中风险": "",
	} {
		in := sifted{Reason: text, Words: text}
		office := sifting1(t, true, &in)
		if word == "" {
			if office.faults != nil || office.advice != nil {
				t.Errorf("%s: %v %v", text, office.faults, office.advice)
			}
			continue
		}
		if len(office.faults) != 1 || office.faults[0].Pointer != "/reason" || office.faults[0].Args["word"] != word || len(office.advice) != 1 {
			t.Errorf("%s: %v %v", text, office.faults, office.advice)
		}
		if own := sifting1(t, false, &in); own.faults != nil || len(own.advice) != 2 {
			t.Errorf("%s of oneself: %v %v", text, own.faults, own.advice)
		}
	}
}

// TestBrokenTextsAreRefused: bytes that are no UTF-8 come by a query, a path or a header, and end in no panic.
func TestBrokenTextsAreRefused(t *testing.T) {
	for _, text := range []string{"\xff", "a\xff", "\xe4\xb8", "长\xf0\x9f"} {
		s := sifting{}
		s.text(text, "#query/q", texts{most: 100})
		if len(s.faults) == 0 {
			t.Errorf("%q is taken", text)
		}
	}
}
