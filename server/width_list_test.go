package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"xinyi/models"
)

// somewhereElse are values of a list's parameters that name what is Changsha's.
var somewhereElse = map[string][]string{
	"place": {"430181", "430181108203", "4301"}, "region": {"430181"}, "unit": {"unit-changsha-scjg"}, "hospital": {"hospital-liuyang-zhongyi"},
	"org": {"office-credit-changsha"}, "subject": {"visit-resident-001-1-1"}, "about": {"agreement-resident-001"}, "round": {"430181-2025-VILLAGE"},
	"item": {"XZCF", "XZXK"}, "contested": {"true"}, "layout": {"households"}, "village": {"430181108203"}, "month": {time.Now().Format("2006-01")},
	"since": {"2026-01-01"},
}

// asks are the queries of a list that are tried: the least, and each value of each of its parameters.
func (w *widthWalk) asks(name string) (all []string) {
	method, path, _ := strings.Cut(name, " ")
	op := asMap(asMap(w.doc["paths"].(m)["/v1"+path])[strings.ToLower(method)])
	params, _ := op["parameters"].([]any)
	least := "?limit=200"
	if !strings.Contains(fmt.Sprint(params), "limit") {
		least = "?"
	}
	var more []string
	for _, p := range params {
		p := asMap(p)
		key, _ := p["name"].(string)
		if p["in"] != "query" || key == "limit" || key == "cursor" {
			continue
		}
		values := somewhereElse[key]
		schema := asMap(p["schema"])
		if ref, ok := schema["$ref"].(string); ok && schema["enum"] == nil {
			schema = asMap(w.doc["components"].(m)["schemas"].(m)[ref[strings.LastIndexByte(ref, '/')+1:]])
		}
		enum, _ := schema["enum"].([]any)
		for _, v := range enum {
			values = append(values, fmt.Sprint(v))
		}
		if p["required"] == true {
			if len(values) == 0 {
				values = []string{fmt.Sprint(w.made(p["schema"], key))}
			}
			least += "&" + key + "=" + values[0]
		}
		for _, v := range values {
			more = append(more, "&"+key+"="+v)
		}
	}
	all = []string{least}
	for _, m := range more {
		key, _, _ := strings.Cut(m, "=")
		q := regexp.MustCompile(regexp.QuoteMeta(key)+"=[^&]*").ReplaceAllString(least, "")
		all = append(all, q+m)
	}
	return all
}

// figures are numbers of a list that are the product's own and nothing that was counted.
var figures = map[string]bool{
	"GET /benefits/metrics days": true, "GET /benefits/metrics scenesWanted": true, "GET /benefits/metrics fieldsTotal": true, // the plan's
	"GET /loans/metrics targetFen": true, // the plan's
	"GET /uscc/scans parts":        true, // of the scan that the caller began
}

var aDivision = regexp.MustCompile(`"(4301\d{2}(\d{3})?(\d{3})?|4301)"`)

// list walks a list: nothing that was there before is in it, and nothing was counted.
func (w *widthWalk) list(name, token string, of target) (faults []string) {
	own := strings.Split(token, "/")[2]
	for _, q := range w.asks(name) {
		if of.ask != "" {
			q = "?" + of.ask
		}
		got := w.ask(token, name+q, "")
		switch {
		case got.status == 404, got.status == 403, got.status == 400 && !strings.HasSuffix(q, "limit=200"):
			continue
		case got.status != 200:
			faults = append(faults, fmt.Sprintf("%s%s by %s: %d %.300s", name, q, token, got.status, got.body))
			continue
		}
		for _, region := range aDivision.FindAllStringSubmatch(got.body, -1) {
			if !models.Region(own).Contains(models.Region(region[1])) {
				faults = append(faults, fmt.Sprintf("%s%s by %s shows something of %s: %.300s", name, q, token, region[1], got.body))
				break
			}
		}
		for _, id := range texts(got.body) {
			if w.ids[id] {
				faults = append(faults, fmt.Sprintf("%s%s by %s shows %s: %.300s", name, q, token, id, got.body))
				break
			}
		}
		if key := counted(name, got.body); key != "" {
			faults = append(faults, fmt.Sprintf("%s%s by %s counts %s: %.600s", name, q, token, key, got.body))
		}
	}
	w.mu.Lock()
	w.done[name]++
	w.mu.Unlock()
	return faults
}

// texts are all texts of an answer.
func texts(body string) (all []string) {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return nil
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case m:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case string:
			all = append(all, v)
		}
	}
	walk(v)
	return all
}

// counted is a number of an answer that is not nothing, "" for none.
func counted(name, body string) (key string) {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return ""
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case m:
			for k, x := range v {
				walk(k, x)
			}
		case []any:
			for _, x := range v {
				walk(at, x)
			}
		case float64:
			if v != 0 && !figures[name+" "+at] {
				key = at
			}
		}
	}
	walk("", v)
	return key
}
