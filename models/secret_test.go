package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSecretMasks(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "李": "李", "李四": "李*", "123456": "1*****", "1234567": "1******", "1234567890": "1*********", "13800000001": "138****0001",
		"43018119900101": "430*******0101", "430181199001010": "430181*****1010", "430181199001010003": "430181********0003",
	} {
		if got := NewSecret(text).String(); got != want {
			t.Errorf("%q prints as %q, want %q", text, got, want)
		}
	}
	if s := NewSecret("x"); s.Empty() || s.Reveal() != "x" || !NewSecret("").Empty() {
		t.Error("Reveal and Empty")
	}
}

func TestSecretNeverLeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9A-Za-z一-十"\\]{7,20}`).Draw(t, "text")
		s := NewSecret(text)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s)
		js, err := json.Marshal(map[string]any{"s": s})
		if err != nil {
			t.Fatal(err)
		}
		type holder struct{ S Secret }
		out := []string{log.String(), string(js), fmt.Sprint(s), fmt.Sprint(holder{s}), fmt.Sprint(&holder{s})}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			out = append(out, fmt.Sprintf(verb, s), fmt.Sprintf(verb, holder{s}))
		}
		for _, o := range out {
			if strings.Contains(o, text) {
				t.Fatalf("%q leaks %q", o, text)
			}
		}
	})
}
