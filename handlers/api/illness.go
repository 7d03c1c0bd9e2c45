package api

import (
	_ "embed"
	"strings"
	"unicode"
)

//go:embed words/illness.txt
var illnessText string

// Words are the lists of words that free texts are looked through for.
type Words struct {
	Illness []string // with ! before it: a name in which such a word is fine
}

// StandardWords are cautious: what is on a list is plainly of its kind.
//
// Source: docs/sources.md#catalogue-forbidden; the words are our assumption.
var StandardWords = Words{Illness: wordsIn(illnessText)}

func wordsIn(text string) (words []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			words = append(words, line)
		}
	}
	return words
}

// lexicon is a list made ready.
type lexicon struct {
	han, latin []string
	fine       *strings.Replacer
}

func lexiconOf(words []string) *lexicon {
	x := &lexicon{}
	var fine []string
	for _, w := range words {
		w = strings.ToLower(w)
		name, isFine := strings.CutPrefix(w, "!")
		switch {
		case isFine:
			fine = append(fine, name, " ")
		case strings.IndexFunc(w, isHan) >= 0:
			x.han = append(x.han, w)
		case w != "":
			x.latin = append(x.latin, " "+w+" ")
		}
	}
	x.fine = strings.NewReplacer(fine...)
	return x
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// find is the first word of the list in a text, "" for none.
func (x *lexicon) find(text string) string {
	text = x.fine.Replace(strings.ToLower(text))
	for _, w := range x.han {
		if strings.Contains(text, w) {
			return w
		}
	}
	words := " " + strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r >= 0x80 || !unicode.IsLetter(r) }), " ") + " "
	for _, w := range x.latin {
		if strings.Contains(words, w) {
			return strings.TrimSpace(w)
		}
	}
	return ""
}
