package api

import (
	"reflect"
	"slices"
	"strings"

	"xinyi/models"
)

// personalNames are fields that are about a person whatever their view says of itself.
var personalNames = []string{
	"Name", "Phone", "IDNumber", "Person", "PersonID", "Patient", "Birth", "Address", "Principal", "Agent", "Officer", "Holder", "Subject",
	"SubjectRef",
}

// personalTypes are types that only personal data has.
var personalTypes = []reflect.Type{reflect.TypeFor[models.Secret](), reflect.TypeFor[models.IDNumber](), reflect.TypeFor[models.Subject]()}

// Unrevealed lists the routes that are open to others than the person alone, answer what is about a person, and do not say
// that they reveal it: "GET /path field".
func (r *Router) Unrevealed() []string {
	var open []string
	for _, rt := range r.Routes {
		if rt.Reveals || rt.Open || !slices.ContainsFunc(rt.roles, func(role models.Role) bool {
			return role != models.Resident &&
				role != models.Business
		}) {
			continue
		}
		if field := personalIn(rt.out, map[reflect.Type]bool{}); field != "" {
			open = append(open, rt.Name()+" "+field)
		}
	}
	slices.Sort(open)
	return open
}

// personalIn is the first field of an answer that is about a person, "" for none: one that says so with the tag personal, or
// one whose name or type says it.
func personalIn(t reflect.Type, seen map[reflect.Type]bool) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		if slices.Contains(personalTypes, t) {
			return t.String()
		}
		t = t.Elem()
	}
	switch {
	case slices.Contains(personalTypes, t):
		return t.String()
	case t.Kind() != reflect.Struct || seen[t]:
		return ""
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" {
			continue
		}
		if f.Tag.Get("personal") == "true" || f.Tag.Get("personal") != "false" && slices.Contains(personalNames, f.Name) {
			return strings.TrimPrefix(t.String(), "handlers.") + "." + f.Name
		}
		if inner := personalIn(f.Type, seen); inner != "" {
			return inner
		}
	}
	return ""
}
