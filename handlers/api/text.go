package api

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed text/*.json
var textFiles embed.FS

// Texts are the sentences of all areas: key → language → sentence with {placeholders}. Keys are
//
//	code.<code>            the title of a problem
//	<reason>               its detail: "medical.bill_not_payable"
//	field.<code>           what is wrong with a field; {param} is the bound
//	clause.<id>[.remedy]   a clause of a rule, and what would change it
//	http.<status>          what the server underneath refuses
var Texts = func() map[string]map[string]string {
	all := map[string]map[string]string{}
	files, err := textFiles.ReadDir("text")
	if err != nil {
		panic(err) // embedded: it is there or the program does not compile
	}
	for _, f := range files {
		raw, err := textFiles.ReadFile("text/" + f.Name())
		if err != nil {
			panic(err)
		}
		var area map[string]map[string]string
		if err := json.Unmarshal(raw, &area); err != nil {
			panic(fmt.Errorf("text/%s: %w", f.Name(), err)) // found by every test
		}
		for key, text := range area {
			if all[key] != nil {
				repeated = append(repeated, f.Name()+": "+key)
			}
			all[key] = text
		}
	}
	return all
}()

// repeated are keys that two areas define: a test refuses them.
var repeated []string

// HasText says whether a key has its sentence in both languages.
func HasText(key string) bool { return Texts[key]["zh"] != "" && Texts[key]["en"] != "" }

// Say is the sentence of key in lang, "" when there is none. A placeholder without a value stays as it is.
func Say(key, lang string, args map[string]string) string {
	sentence := Texts[key][lang]
	if len(args) == 0 || !strings.Contains(sentence, "{") {
		return sentence
	}
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}
