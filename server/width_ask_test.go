package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
)

// strangers lets tokens say who they are beside the real ones: "walk/role/region", and "walk/role/region/person" of somebody at home.
type strangers struct{ api.Authenticator }

func (s strangers) Authenticate(ctx context.Context, token string) (api.Caller, error) {
	said, walks := strings.CutPrefix(token, "walk/")
	if !walks {
		return s.Authenticator.Authenticate(ctx, token)
	}
	parts := strings.Split(said, "/")
	a := models.Actor{Role: models.Role(parts[0]), Region: models.Region(parts[1])}
	name := "stranger-" + parts[0] + "-" + parts[1]
	if len(parts) > 2 {
		name = parts[2]
	}
	switch {
	case slices.Contains(identity.ClientKinds, a.Role):
		a.Org, a.Client = name, name
	case a.Is(models.Resident):
		a.Person = stranger
	case a.Is(models.Business):
		a.Person, a.Org = stranger, "91430181MA4L16JQ9P"
	default:
		a.Person, a.Org = name, name
	}
	return api.Caller{Session: "walk", Actors: []models.Actor{a}}, nil
}

// stranger is somebody of the demo city whose things nobody else's are.
const stranger = "staff-operator-2"

// answerOf is what is compared: all but what names the request.
type answerOf struct {
	status int
	body   string
	head   string
}

func (w *widthWalk) ask(token, line, body string, header ...string) answerOf {
	method, path, _ := strings.Cut(line, " ")
	rq, err := http.NewRequestWithContext(w.t.Context(), method, w.a.URL()+"/v1"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		w.t.Error(err)
		return answerOf{}
	}
	if body != "" {
		rq.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		rq.Header.Set("Authorization", "Bearer "+token)
	}
	rq.Header.Set("Idempotency-Key", "walk-"+strconv.FormatInt(w.keys.Add(1), 10))
	for i := 0; i+1 < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(rq)
	if err != nil {
		w.t.Error(err)
		return answerOf{}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		w.t.Error(err)
	}
	if res.StatusCode >= 400 {
		var p m
		if err := json.Unmarshal(raw, &p); err == nil {
			delete(p, "instance")
			delete(p, "requestId")
			raw, _ = json.Marshal(p)
		}
	}
	return answerOf{res.StatusCode, string(raw), res.Header.Get("ETag") + res.Header.Get("Content-Type") + res.Header.Get("Location") + res.Header.Get("Retry-After")}
}

// made is the least that a schema takes.
func (w *widthWalk) made(schema any, name string) any {
	s := asMap(schema)
	if ref, ok := s["$ref"].(string); ok {
		return w.made(w.doc["components"].(m)["schemas"].(m)[ref[strings.LastIndexByte(ref, '/')+1:]], name)
	}
	for _, list := range []string{"anyOf", "oneOf", "allOf"} {
		if all, ok := s[list].([]any); ok && len(all) > 0 {
			return w.made(all[0], name)
		}
	}
	if all, ok := s["enum"].([]any); ok {
		return all[0]
	}
	kind := s["type"]
	if all, ok := kind.([]any); ok {
		kind = all[0]
		if kind == "null" {
			kind = all[1]
		}
	}
	switch kind {
	case "object":
		out := m{}
		required, _ := s["required"].([]any)
		for _, r := range required {
			out[r.(string)] = w.made(asMap(s["properties"])[r.(string)], r.(string))
		}
		return out
	case "array":
		out := []any{}
		least, _ := s["minItems"].(float64)
		for range int(least) {
			out = append(out, w.made(s["items"], name))
		}
		return out
	case "integer", "number":
		least, ok := s["minimum"].(float64)
		if !ok {
			if above, ok := s["exclusiveMinimum"].(float64); ok {
				return above + 1
			}
			return 1
		}
		return least
	case "boolean":
		return true
	case "string":
		return madeText(s, name)
	}
	return m{}
}

func madeText(s m, name string) string {
	switch s["format"] {
	case "date":
		return "2027-01-05"
	case "date-time":
		return "2027-01-05T08:00:00Z"
	case "uuid":
		return "0196b7a0-0000-7000-8000-000000000001"
	}
	switch {
	case name == "phone":
		return "19900000001"
	case name == "region", name == "place", name == "county":
		return "430181"
	case name == "village":
		return "430181108203"
	case strings.Contains(strings.ToLower(name), "amount"):
		return "1.00"
	}
	least, _ := s["minLength"].(float64)
	return "x" + strings.Repeat("x", max(0, int(least)-1))
}

// at is the first text at a dotted path of a document, through arrays.
func textAt(raw bson.Raw, path string) string {
	head, rest, more := strings.Cut(path, ".")
	v := raw.Lookup(head)
	if list, ok := v.ArrayOK(); ok {
		all, err := list.Values()
		if err != nil || len(all) == 0 {
			return ""
		}
		v = all[0]
	}
	if more {
		if inner, ok := v.DocumentOK(); ok {
			return textAt(inner, rest)
		}
		return ""
	}
	if s, ok := v.StringValueOK(); ok {
		return s
	}
	if n, ok := v.AsInt64OK(); ok {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// noneOf are ids that are well-formed and nobody's, of collections whose ids are of a form of their own.
var noneOf = map[string]string{"items": "NONE", "representatives": "91430181MAXX3B1R9X"}

// filled puts the ids of a document into a path and a body; none of them is there for a nil document.
func filled(text string, of target, raw bson.Raw) string {
	value := func(name string) string {
		at := of.ids[name]
		if raw != nil {
			if v := textAt(raw, cmp.Or(at, "_id")); v != "" && (at != "" || name == "id") {
				return v
			}
		}
		switch name {
		case "n", "no", "version":
			return "1"
		case "household":
			return "h1"
		}
		return cmp.Or(noneOf[of.in], "00000000000000000000000000000000")
	}
	text = pathNames.ReplaceAllStringFunc(text, func(s string) string { return value(s[1 : len(s)-1]) })
	for name := range of.ids {
		if strings.Contains(text, "$"+name) {
			text = strings.ReplaceAll(text, "$"+name, value(name))
		}
	}
	return text
}

// revisionOf is a document's revision, as If-Match names it.
func revisionOf(raw bson.Raw) string {
	n, _ := raw.Lookup("revision").AsInt64OK()
	return `"` + strconv.FormatInt(n, 10) + `"`
}

// bodyOf is a body for a route: the least that is well-formed, and over it what its target says.
func (w *widthWalk) bodyOf(name string, of target) string {
	method, path, _ := strings.Cut(name, " ")
	op := asMap(asMap(w.doc["paths"].(m)["/v1"+path])[strings.ToLower(method)])
	content := asMap(asMap(op["requestBody"])["content"])
	schema := asMap(content["application/json"])["schema"]
	if schema == nil {
		if len(content) > 0 {
			return "x"
		}
		return ""
	}
	body := asMap(w.made(schema, ""))
	if of.like != "" {
		var seen m
		if err := json.Unmarshal([]byte(w.ask("", of.like, "").body), &seen); err != nil {
			w.t.Error(err)
		}
		for _, key := range []string{"name", "category", "kinds", "nature", "openness", "keepMonths", "cycle", "units", "basis", "schema"} {
			body[key] = seen[key]
		}
	}
	maps.Copy(body, of.body)
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Error(err)
	}
	return string(raw)
}

// queryOf are the parameters a route cannot do without.
func (w *widthWalk) queryOf(name string, of target) string {
	if of.ask != "" {
		return "?" + of.ask
	}
	method, path, _ := strings.Cut(name, " ")
	op := asMap(asMap(w.doc["paths"].(m)["/v1"+path])[strings.ToLower(method)])
	params, _ := op["parameters"].([]any)
	q := ""
	for _, p := range params {
		p := asMap(p)
		if p["in"] == "query" && p["required"] == true {
			q += "&" + p["name"].(string) + "=" + fmt.Sprint(w.made(p["schema"], p["name"].(string)))
		}
	}
	return strings.Replace(q, "&", "?", 1)
}
