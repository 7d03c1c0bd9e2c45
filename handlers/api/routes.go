package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"
)

// said is a text of the document: a line without a full stop, and what else is worth saying.
type said struct {
	Summary string `json:"summary"`
	More    string `json:"more,omitempty"`
}

// inBoth is a text in English and in Chinese.
type inBoth struct {
	EN said `json:"en"`
	ZH said `json:"zh"`
}

// extension is the text as the document has it beside the English one.
func (s said) extension() map[string]string {
	x := map[string]string{"summary": s.Summary, "description": s.More}
	maps.DeleteFunc(x, func(_, text string) bool { return text == "" })
	return x
}

func (t inBoth) whole() bool { return t.EN.Summary != "" && t.ZH.Summary != "" }

// routeTexts are what the document says of the routes, from docs/routes: method and path → text. Each room has a file.
var routeTexts = sync.OnceValue(func() map[string]inBoth {
	all := map[string]inBoth{}
	files, err := docFiles.ReadDir("docs/routes")
	if err != nil {
		panic(err) // embedded: it is there or the program does not compile
	}
	for _, f := range files {
		readDoc("routes/"+f.Name(), &all)
	}
	return all
})

// tagTexts are the names of the groups routes stand in.
var tagTexts = sync.OnceValue(func() (all map[string]inBoth) {
	readDoc("tags.json", &all)
	return all
})

// readDoc reads a file of the documentation. What it names is added to v.
func readDoc(name string, v any) {
	raw, err := docFiles.ReadFile("docs/" + name)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		panic(fmt.Errorf("docs/%s: %w", name, err)) // found by every test
	}
}
