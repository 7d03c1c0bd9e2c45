package api

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var (
	chinese = regexp.MustCompile(`\p{Han}`)
	private = regexp.MustCompile(`(?i)\b(looks?|souls?|veils?|sheaf|sheaves|wakes?|tells?|told|telling|doors?|lanes?|stumbled?|news|hands?|mend|anew)\b`)
	// brands are names that stand in English texts as they are.
	brands = strings.NewReplacer("信易", "")
)

// TestTextsOfRoutesArePlain holds the texts of the document to the field's words, in both languages.
func TestTextsOfRoutesArePlain(t *testing.T) {
	t.Parallel()
	routes := routeTexts()
	if len(routes) < 500 {
		t.Fatalf("only %d routes have texts", len(routes))
	}
	files, err := docFiles.ReadDir("docs/routes")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, f := range files {
		room := map[string]inBoth{}
		readDoc("routes/"+f.Name(), &room)
		sum += len(room)
	}
	if sum != len(routes) {
		t.Errorf("docs/routes has %d texts of %d routes: one is in two files", sum, len(routes))
	}
	for _, texts := range []map[string]inBoth{routes, tagTexts()} {
		for key, text := range texts {
			fault := func(bad bool, what string) {
				if bad {
					t.Errorf("%s: %s: %+v", key, what, text)
				}
			}
			fault(!text.whole(), "it is not there in both languages")
			fault(chinese.MatchString(brands.Replace(text.EN.Summary+text.EN.More)), "the English has Chinese in it")
			fault(!chinese.MatchString(text.ZH.Summary) || text.ZH.More != "" && !chinese.MatchString(text.ZH.More), "the Chinese has none in it")
			fault((text.EN.More == "") != (text.ZH.More == ""), "one language says more")
			fault(utf8.RuneCountInString(text.EN.Summary) > 80 || utf8.RuneCountInString(text.ZH.Summary) > 40, "its summary is long")
			fault(strings.HasSuffix(text.EN.Summary, ".") || strings.HasSuffix(text.ZH.Summary, "。"), "its summary ends with a full stop")
			fault(private.MatchString(text.EN.Summary), "its summary has a private word")
		}
	}
}
