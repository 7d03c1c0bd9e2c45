package api

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"xinyi/models"
)

// describe adds one operation.
func (rt *route) describe(ref *openapi31.Reflector) error {
	oc, err := ref.NewOperationContext(rt.Method, "/v1"+rt.Path)
	if err != nil {
		return err
	}
	oc.SetSummary(rt.says.EN.Summary)
	oc.SetDescription(rt.says.EN.More)
	oc.SetTags(rt.tag)
	oc.SetID(operationID(rt.Method, rt.Path))
	oc.AddReqStructure(zero(rt.in))
	switch {
	case rt.out == reflect.TypeFor[None]():
		oc.AddRespStructure(nil, openapi.WithHTTPStatus(rt.status))
	case rt.out.Implements(reflect.TypeFor[File]()):
		oc.AddRespStructure(nil, openapi.WithHTTPStatus(rt.status), openapi.WithContentType("*/*")) // the header says which
	case rt.streams:
		oc.AddRespStructure(zero(rt.out), openapi.WithHTTPStatus(rt.status), openapi.WithContentType(EventStream), func(cu *openapi.ContentUnit) {
			cu.Description = "Server-sent events. The schema is that of an event's data."
		})
	default:
		oc.AddRespStructure(zero(rt.out), openapi.WithHTTPStatus(rt.status))
	}
	op, ok := oc.(openapi31.OperationExposer)
	if !ok {
		return errors.New("the reflector hides its operations")
	}
	op.Operation().WithMapOfAnythingItem("x-zh", rt.says.ZH.extension())
	refuses(op.Operation().ResponsesEns(), rt.problems())
	rt.access(oc, op.Operation())
	if rt.inside {
		op.Operation().WithServers(operatorsServer)
	}
	if err := ref.AddOperation(oc); err != nil {
		return err
	}
	for _, p := range op.Operation().Parameters {
		if p.Parameter != nil && rt.demands(string(p.Parameter.In), p.Parameter.Name) {
			p.Parameter.WithRequired(true)
		}
	}
	return nil
}

// operatorsServer is where the routes that are Inside are answered.
var operatorsServer = openapi31.Server{URL: "http://{operators}",
	Variables: map[string]openapi31.ServerVariable{"operators": {Default: "127.0.0.1:9464"}}}

// access says who may call, and which headers steer the call.
func (rt *route) access(oc openapi.OperationContext, op *openapi31.Operation) {
	if !rt.Open {
		oc.AddSecurity("bearer")
		op.WithMapOfAnythingItem("x-action", rt.Action)
		op.WithMapOfAnythingItem("x-roles", rt.roles)
		if len(rt.Handed) > 0 {
			op.WithMapOfAnythingItem("x-mandates", rt.Handed)
		}
	}
	header := func(name, says string, required bool) {
		p := openapi31.Parameter{Name: name, In: openapi31.ParameterInHeader, Schema: map[string]any{"type": "string", "maxLength": 255}}
		p.WithDescription(says).WithRequired(required)
		op.Parameters = append(op.Parameters, openapi31.ParameterOrReference{Parameter: &p})
	}
	if rt.keyed {
		header(headerKey, fmt.Sprintf("Names this request, so that a retry does not happen twice. Its answer is kept for %s.", rt.keeps), true)
	}
	switch {
	case !rt.out.Implements(reflect.TypeFor[Revised]()):
	case rt.Method == http.MethodGet:
		header(fiber.HeaderIfNoneMatch, "An ETag: 304 when it is still the latest.", false)
	case rt.compares():
		header(fiber.HeaderIfMatch, "The ETag that was read: 412 when somebody changed it in between.", false)
	}
}

// compares says whether the route compares If-Match with what it changes. A creation has nothing to compare yet.
func (rt *route) compares() bool {
	return rt.Method != http.MethodGet && rt.status != http.StatusCreated && rt.out.Implements(reflect.TypeFor[Revised]())
}

// problems are the statuses of refusal a caller must be ready for.
func (rt *route) problems() []int {
	list := []int{http.StatusBadRequest, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	switch {
	case !rt.Open:
		list = append(list, http.StatusUnauthorized, http.StatusForbidden)
	case rt.Method != http.MethodGet: // what it is sent signs in or is signed, and may be refused
		list = append(list, http.StatusUnauthorized)
	}
	if len(rt.names()) > 0 {
		list = append(list, http.StatusNotFound)
	}
	if rt.Method != http.MethodGet {
		list = append(list, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	if rt.compares() {
		list = append(list, http.StatusPreconditionFailed)
	}
	slices.Sort(list)
	return list
}

// demands says whether a parameter is required.
func (rt *route) demands(in, name string) bool {
	for _, p := range rt.plan.params {
		if p.in == in && strings.EqualFold(p.name, name) {
			own, _ := tagRules(rt.in.FieldByIndex(p.index).Tag.Get("validate"))
			return in == "path" || slices.Contains(own, "required")
		}
	}
	return strings.EqualFold(name, headerKey)
}

// operationID is the method and the path in one word: postMedicalBillsIdPayments.
func operationID(method, path string) string {
	id := strings.ToLower(method)
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return strings.ContainsRune("/{}-_.", r) }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

// typeName is a Go type in the document: a room's view carries the room's name, what rooms share does not. billView of
// medical is MedicalBillView, api.List[billView] is ListMedicalBillView.
func typeName(t reflect.Type) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(t.PkgPath()+"."+t.Name(), func(r rune) bool { return strings.ContainsRune("[],*· ", r) }) {
		pkg, name := part[:max(0, strings.LastIndexByte(part, '.'))], part[strings.LastIndexByte(part, '.')+1:]
		name = strings.ToUpper(name[:1]) + name[1:]
		if room := roomOf(pkg); !strings.HasPrefix(name, room) {
			name = room + name
		}
		b.WriteString(name)
	}
	return b.String()
}

// roomOf is a package's name in front of its types: nothing for what is no capability's.
func roomOf(pkg string) string {
	dir, room := path.Split(pkg)
	if !strings.HasSuffix(dir, "/handlers/") || strings.HasSuffix(room, "test") || slices.Contains([]string{"api", "file", "paper"}, room) {
		return ""
	}
	return strings.ToUpper(room[:1]) + room[1:]
}

// responding says whether the schema being made is an answer's.
func responding(rc *jsonschema.ReflectContext) bool {
	oc, ok := openapi.OperationCtx(rc)
	return ok && oc.IsProcessingResponse()
}

// shape closes the objects of requests and names days.
func shape(p jsonschema.InterceptSchemaParams) (bool, error) {
	if !p.Processed || !p.Value.IsValid() {
		return false, nil
	}
	t := p.Value.Type()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[models.Day]() {
		p.Schema.WithFormat("date")
	}
	if t.Kind() == reflect.Struct && p.Schema.HasType(jsonschema.Object) && !responding(p.Context) {
		closed := false
		p.Schema.WithAdditionalProperties(jsonschema.SchemaOrBool{TypeBoolean: &closed})
	}
	return false, nil
}

// constrain carries a field's validate tag into the document. A field of an answer is always there unless it is omitted when empty.
func constrain(p jsonschema.InterceptPropParams) error {
	if !p.Processed {
		return nil
	}
	own, items := tagRules(p.Field.Tag.Get("validate"))
	_, options, _ := strings.Cut(p.Field.Tag.Get("json"), ",")
	if slices.Contains(own, "required") || responding(p.Context) && !strings.Contains(options, "omit") {
		if !slices.Contains(p.ParentSchema.Required, p.Name) {
			p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
		}
	}
	t := p.Field.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, r := range own {
		bound(p.PropertySchema, t, r)
	}
	if !responding(p.Context) {
		bounded(p.PropertySchema, p.Field)
	}
	if p.PropertySchema.Items != nil && p.PropertySchema.Items.SchemaOrBool != nil && t.Kind() == reflect.Slice {
		if item := p.PropertySchema.Items.SchemaOrBool.TypeObject; item != nil && item.Ref == nil {
			for _, r := range items {
				bound(item, t.Elem(), r)
			}
		}
	}
	return nil
}

// bounded writes the bound of texts that a field of a request names none for.
func bounded(s *jsonschema.Schema, f reflect.StructField) {
	most := int64(textsOf(f).most)
	if most == 0 || f.Tag.Get("body") == "raw" {
		return
	}
	longest(s, most)
}

// longest bounds the texts of a schema and of what it lists or maps.
func longest(s *jsonschema.Schema, most int64) {
	if s == nil {
		return
	}
	if s.HasType(jsonschema.String) && s.Enum == nil && s.Format == nil && s.Pattern == nil && s.MaxLength == nil {
		s.WithMaxLength(most)
	}
	if s.Items != nil && s.Items.SchemaOrBool != nil {
		longest(s.Items.SchemaOrBool.TypeObject, most)
	}
	if s.AdditionalProperties != nil {
		longest(s.AdditionalProperties.TypeObject, most)
	}
}

// tagRules splits a validate tag into the rules of the value and those of its items.
func tagRules(tag string) (own, items []string) {
	all := strings.Split(tag, ",")
	if i := slices.Index(all, "dive"); i >= 0 {
		return all[:i], all[i+1:]
	}
	return all, nil
}

// bound writes one validation rule as JSON Schema.
func bound(s *jsonschema.Schema, t reflect.Type, r string) {
	name, param, _ := strings.Cut(r, "=")
	if own, ok := rules[name]; ok {
		if own.pattern != "" {
			s.WithPattern(own.pattern)
		}
		if own.format != "" {
			s.WithFormat(own.format)
		}
		if s.Description == nil && own.says != "" {
			s.WithDescription(own.says)
		}
		if name == "fen" {
			s.WithMinimum(0).WithMaximum(maxFen)
		}
		return
	}
	if name == "oneof" {
		s.Enum = nil
		for v := range strings.FieldsSeq(param) {
			s.Enum = append(s.Enum, enumValue(t, strings.Trim(v, "'")))
		}
		return
	}
	n, err := strconv.ParseInt(param, 10, 64)
	if err != nil {
		return
	}
	switch t.Kind() {
	case reflect.String:
		length(s.WithMinLength, s.WithMaxLength, name, n)
	case reflect.Slice:
		length(s.WithMinItems, s.WithMaxItems, name, n)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number(s, name, float64(n))
	}
}

func enumValue(t reflect.Type, v string) any {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil && t.Kind() != reflect.String {
		return n
	}
	return v
}

func length(least func(int64) *jsonschema.Schema, most func(int64) *jsonschema.Schema, name string, n int64) {
	switch name {
	case "gte", "min":
		least(n)
	case "lte", "max":
		most(n)
	case "gt":
		least(n + 1)
	case "lt":
		most(n - 1)
	case "len":
		least(n)
		most(n)
	}
}

func number(s *jsonschema.Schema, name string, n float64) {
	switch name {
	case "gte", "min":
		s.WithMinimum(n)
	case "lte", "max":
		s.WithMaximum(n)
	case "gt":
		s.WithExclusiveMinimum(n)
	case "lt":
		s.WithExclusiveMaximum(n)
	}
}
