package models

import (
	"strconv"
	"strings"
)

// MaxTitle bounds the characters of a name or a title.
const MaxTitle = 120

// Words are a text in the two languages. Both are there, but where a field may be left out.
type Words struct {
	ZH string `bson:"zh" json:"zh" validate:"required,max=1000"`
	EN string `bson:"en" json:"en" validate:"required,max=1000"`
}

// In is the text in a language, Chinese unless "en".
func (w Words) In(lang string) string {
	if lang == "en" && w.EN != "" {
		return w.EN
	}
	return w.ZH
}

// Check finds what is missing, and what is longer than most characters, below the pointer at.
func (w Words) Check(at string, most int) (faults []Field) {
	for _, x := range []struct{ lang, text string }{{"zh", w.ZH}, {"en", w.EN}} {
		switch {
		case strings.TrimSpace(x.text) == "":
			faults = append(faults, Field{Pointer: at + "/" + x.lang, Code: "required"})
		case len([]rune(x.text)) > most:
			faults = append(faults, Field{Pointer: at + "/" + x.lang, Code: "max", Args: map[string]string{"param": strconv.Itoa(most)}})
		}
	}
	return faults
}
