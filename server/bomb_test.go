package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

// document is what the city says of itself.
func (c *city) document() m {
	c.t.Helper()
	resp, err := http.Get(c.url + "/openapi.json")
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return parsed(c.t, raw)
}

func parsed(t *testing.T, raw []byte) (doc m) {
	t.Helper()
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// fieldsOf calls do for every field a request body may have, with its path: "terms/needs/text".
func fieldsOf(doc m, schema any, at string, seen []string, do func(at string, field m)) {
	s, ok := schema.(m)
	if !ok {
		return
	}
	if ref, ok := s["$ref"].(string); ok {
		if slices.Contains(seen, ref) {
			return
		}
		name := ref[strings.LastIndex(ref, "/")+1:]
		fieldsOf(doc, doc["components"].(m)["schemas"].(m)[name], at, append(seen, ref), do)
		return
	}
	do(at, s)
	for name, p := range asMap(s["properties"]) {
		fieldsOf(doc, p, strings.TrimPrefix(at+"/"+name, "/"), seen, do)
	}
	fieldsOf(doc, s["items"], at, seen, do)
	fieldsOf(doc, s["additionalProperties"], at, seen, do)
	for _, list := range []string{"anyOf", "oneOf", "allOf"} {
		all, _ := s[list].([]any)
		for _, one := range all {
			fieldsOf(doc, one, at, seen, do)
		}
	}
}

func asMap(v any) m {
	x, _ := v.(m)
	return x
}

// eachOperation calls do for every operation with its body's schema, nil for none.
func eachOperation(doc m, do func(name string, operation m, body any)) {
	for path, methods := range doc["paths"].(m) {
		for method, op := range methods.(m) {
			content := asMap(asMap(asMap(op)["requestBody"])["content"])
			do(strings.ToUpper(method)+" "+path, asMap(op), asMap(content["application/json"])["schema"])
		}
	}
}

// doubling asks 2^n schemas with n definitions.
func doubling(n int) m {
	defs := m{fmt.Sprint("d", n): m{"minLength": 1}}
	for i := range n {
		next := m{"$ref": fmt.Sprint("#/$defs/d", i+1)}
		defs[fmt.Sprint("d", i)] = m{"allOf": []m{next, next}}
	}
	return defs
}

// What an officer drafts is bounded on every way in: a bomb is refused at once, with what is wrong and where.
func TestBombsAreRefusedAtEveryDraft(t *testing.T) {
	t.Parallel()
	v := openVillage(t)
	office, provider := v.signIn(cityCredit), v.client(alliance)
	item := drafted("BOMB", "用途")
	item["schema"].(m)["$defs"], item["schema"].(m)["properties"].(m)["QT"].(m)["$ref"] = doubling(24), "#/$defs/d0"
	rewritten := maps.Clone(item)
	delete(rewritten, "code")
	bomb, err := json.Marshal(item["schema"])
	if err != nil {
		t.Fatal(err)
	}
	farm := m{"section": "bomb", "region": "4301", "title": m{"zh": "某某", "en": "x"}, "rows": 0, "scope": "farm.assets", "order": 1, "schema": string(bomb)}
	var model m
	raw, err := json.Marshal(v.must(200, office, "GET", "/v1/farmers/models/household@1", nil, "X-Acting-As", creditOffice)["set"])
	if err != nil {
		t.Fatal(err)
	}
	grow := func(set m) m {
		d := set["dimensions"].([]any)[0].(m)
		for len(d["indicators"].([]any)) < 200 {
			d["indicators"] = append(d["indicators"].([]any), d["indicators"].([]any)...)
		}
		return set
	}
	if err := json.Unmarshal(raw, &model); err != nil {
		t.Fatal(err)
	}
	set, _ := json.Marshal(grow(model))
	raw, err = os.ReadFile("../seed/villagescheme.json")
	if err != nil {
		t.Fatal(err)
	}
	var scheme m
	if err := json.Unmarshal(raw, &scheme); err != nil {
		t.Fatal(err)
	}
	grow(scheme["set"].(m))
	plan, _ := json.Marshal(scheme)
	dear := strings.Repeat("serious.size()+", 30) + "0 == 0"
	programme := m{
		"kind": "PERSON", "year": 2026, "title": m{"zh": "好人", "en": "Good"}, "level": 3, "office": "市信用办", "opens": models.DayOf(time.Now()).Add(3),
		"categories": []m{{"code": "star", "title": m{"zh": "好人", "en": "Good"}, "seats": 1}}, "departments": []string{bureau},
		"vetting": []m{{"id": "award.x", "expr": strings.Repeat("(", 240) + "true" + strings.Repeat(")", 240), "source": dear, "basis": "b", "changeableBy": "nobody",
			"label": m{"zh": "某", "en": "x"}, "remedy": m{"zh": "某", "en": "x"}}},
	}
	needs := terms("某券", []m{{"kind": "CUSTOM", "text": strings.Repeat("!(1>2)&&", 60) + "1.5 > 1.0", "label": m{"zh": "某", "en": "x"}, "remedy": m{"zh": "某", "en": "x"},
		"basis": "b", "changeableBy": "nobody"}}, 2, models.DayOf(time.Now()))
	offer := v.must(201, provider, "POST", "/v1/provider/offers", m{"scene": "XYG", "for": "PERSON", "terms": needs})["id"].(string)
	tests := map[string]struct {
		token, path string
		body        m
		pointer     string // its beginning
	}{
		"POST /v1/catalogue":                          {office, "/v1/catalogue", item, "/schema"},
		"PUT /v1/catalogue/{code}/versions/{version}": {office, "/v1/catalogue/XZCF/versions/1", rewritten, ""},
		"POST /v1/farmers/forms":                      {office, "/v1/farmers/forms", farm, "/schema"},
		"POST /v1/farmers/models":                     {office, "/v1/farmers/models", m{"set": string(set)}, "/dimensions"},
		"PUT /v1/farmers/models/{id}":                 {office, "/v1/farmers/models/household@1", m{"set": string(set)}, ""},
		"POST /v1/village-schemes":                    {office, "/v1/village-schemes", m{"level": "VILLAGE", "plan": string(plan)}, "/plan"},
		"PUT /v1/village-schemes/{id}":                {office, "/v1/village-schemes/village@1", m{"plan": string(plan)}, ""},
		"POST /v1/award-programmes":                   {office, "/v1/award-programmes", programme, "/vetting"},
		"PUT /v1/award-programmes/{id}":               {office, "/v1/award-programmes/none", programme, ""},
		"POST /v1/provider/offers":                    {provider, "/v1/provider/offers/" + offer + "/versions/1/validate", nil, "/clauses"},
		"POST /v1/provider/offers/{id}/versions":      {provider, "/v1/provider/offers/" + offer + "/versions/1/validate", nil, "/clauses"},
		"PUT /v1/provider/offers/{id}/versions/{no}":  {provider, "/v1/provider/offers/" + offer + "/versions/1/validate", nil, "/clauses"},
	}
	doc := v.document()
	eachOperation(doc, func(name string, _ m, body any) {
		fieldsOf(doc, body, "", nil, func(at string, _ m) {
			switch at[strings.LastIndex(at, "/")+1:] {
			case "schema", "expr", "set", "plan", "needs":
				if _, walked := tests[name]; !walked {
					t.Errorf("%s takes %s: no bomb is tried", name, at)
				}
			}
		})
	})
	for name, tc := range tests {
		method, _, _ := strings.Cut(name, " ")
		as := []string{"X-Acting-As", creditOffice}
		if tc.token == provider {
			method, as = "POST", nil
		}
		var body any
		if tc.body != nil {
			body = tc.body
		}
		began := time.Now()
		status, out := v.call(tc.token, method, tc.path, body, as...)
		took := time.Since(began)
		said := asMap(firstOf(out["errors"]))
		pointer, _ := said["pointer"].(string)
		if status < 400 || status >= 500 || tc.pointer != "" && !strings.HasPrefix(pointer, tc.pointer) || took > 5*time.Second {
			t.Errorf("%s: %d after %v, want %s: %v", name, status, took, tc.pointer, out)
		}
		t.Logf("%s: %d %v %v", name, status, took, said)
	}
}

func firstOf(v any) any {
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil
	}
	return list[0]
}
