package api

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"xinyi/models"
)

// about is what a developer must know before the first call.
const about = `Credit services of a city: see a doctor now and pay later.

- Sign in, then send ` + "`Authorization: Bearer <token>`" + `. Who holds several offices picks one with X-Acting-As (a role or an organisation);
  a guardian or agent names the person with X-Acting-For.
- Errors are application/problem+json (RFC 9457). code and reason are stable; texts are Chinese or English by Accept-Language.
- Where Idempotency-Key is required, a retry with the same key and body is answered as the first time, with Idempotent-Replayed: true.
- Unknown fields and unknown query parameters are refused. Amounts in fields ending in Fen are whole fen (1/100 yuan).
- Times are RFC 3339 in UTC, days are YYYY-MM-DD in Asia/Shanghai.
- Lists go on with cursor=nextCursor until nextCursor is "".`

// aboutZH is about in Chinese.
const aboutZH = `城市信用服务：先诊疗、后付费。

- 登录后发送 ` + "`Authorization: Bearer <token>`" + `。任多个职务的，以 X-Acting-As 选定一个（职务或组织）；
  监护人、代办人以 X-Acting-For 指明本人。
- 错误采用 application/problem+json（RFC 9457）。code 和 reason 保持不变；文字按 Accept-Language 返回中文或英文。
- 须带 Idempotency-Key 的接口，以相同键和内容重试时返回首次结果，并带 Idempotent-Replayed: true。
- 未定义的字段和查询参数不予接受。以 Fen 结尾的字段为整数分（1/100 元）。
- 时间为 UTC（RFC 3339），日期为 Asia/Shanghai 的 YYYY-MM-DD。
- 列表以 cursor=nextCursor 翻页，直至 nextCursor 为空。`

// documents holds what each set of routes was described as: sha256 → func() ([]byte, error). A process has few sets, tests aside.
var documents sync.Map

// Document is the OpenAPI document of the routes. It is made when somebody first asks, and once in a process for routers whose
// routes, permissions, version and sandbox flag are the same. Nobody writes to the bytes.
//
// Its error lists every route that cannot be described; a test asks for that of the real routes.
func (r *Router) Document() ([]byte, error) {
	made, _ := documents.LoadOrStore(r.fingerprint(), sync.OnceValues(r.describe))
	return made.(func() ([]byte, error))() //nolint:errcheck,forcetypeassert // nothing else is stored
}

// fingerprint tells apart whatever a document can differ by. Types are told apart by address: two may have the same name.
func (r *Router) fingerprint() [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q %t %q\n", r.Cfg.Version, r.Cfg.Sandbox, r.Permissions())
	for _, rt := range r.Routes {
		fmt.Fprintf(h, "%q %q %q %q %q %q %q %t %t %s %d %t %t %p %p\n", rt.Method, rt.Path, rt.says, rt.tag, rt.Action, rt.roles, rt.Handed,
			rt.Open, rt.keyed, rt.keeps, rt.status, rt.streams, rt.inside, rt.in, rt.out)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// describe makes the OpenAPI 3.1 document from the routes.
func (r *Router) describe() ([]byte, error) {
	ref := openapi31.NewReflector()
	spec := ref.Spec
	spec.Info.WithTitle("Xinyi 信易").WithVersion(orElse(r.Cfg.Version, "dev")).WithDescription(about).
		WithMapOfAnythingItem("x-zh", said{More: aboutZH}.extension())
	spec.SetHTTPBearerTokenSecurity("bearer", "JWT", "From POST /v1/auth/sessions for people, POST /v1/auth/token for systems.")
	spec.WithMapOfAnythingItem("x-permissions", r.Permissions())
	spec.WithMapOfAnythingItem("x-sandbox", r.Cfg.Sandbox)
	ref.DefaultOptions = append(ref.DefaultOptions,
		jsonschema.InterceptDefName(func(t reflect.Type, _ string) string { return typeName(t) }),
		jsonschema.InterceptProp(constrain), jsonschema.InterceptSchema(shape), jsonschema.InterceptSchema(r.scoped))
	ref.AddTypeMapping(models.Secret{}, "")
	faults := []error{describeProblems(ref)}
	for _, rt := range r.Routes {
		if err := rt.describe(ref); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", rt.Name(), err))
		}
	}
	spec.WithTags(r.tags()...)
	raw, err := spec.MarshalJSON()
	return raw, errors.Join(append(faults, err)...)
}

// tags are the groups the routes stand in, with their names.
func (r *Router) tags() []openapi31.Tag {
	used := map[string]bool{}
	for _, rt := range r.Routes {
		used[rt.tag] = true
	}
	var tags []openapi31.Tag
	for _, name := range slices.Sorted(maps.Keys(used)) {
		tag := openapi31.Tag{Name: name}
		if text := tagTexts()[name]; text.whole() {
			tag.WithMapOfAnythingItem("x-displayName", text.EN.Summary).WithMapOfAnythingItem("x-zh", text.ZH.extension())
		}
		tags = append(tags, tag)
	}
	return tags
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// refusals are the problems all routes share, each a response of its own.
var refusals = []int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
	http.StatusPreconditionFailed, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable,
}

// otherProblem is the response for every status an operation does not name.
const otherProblem = "Problem"

// describeProblems adds the shared responses. The reflector makes responses for an operation only, so one is borrowed.
func describeProblems(ref *openapi31.Reflector) error {
	const borrowed = "/problems"
	oc, err := ref.NewOperationContext(http.MethodGet, borrowed)
	if err != nil {
		return err
	}
	oc.AddRespStructure(Problem{}, openapi.WithContentType("application/problem+json"), func(cu *openapi.ContentUnit) {
		cu.IsDefault, cu.Description = true, "Any other problem"
	})
	if err := ref.AddOperation(oc); err != nil {
		return err
	}
	other := ref.Spec.Paths.MapOfPathItemValues[borrowed].Get.Responses.Default
	delete(ref.Spec.Paths.MapOfPathItemValues, borrowed)
	shared := ref.Spec.ComponentsEns()
	shared.WithResponsesItem(otherProblem, *other)
	for _, status := range refusals {
		one := *other.Response
		one.Description = http.StatusText(status)
		shared.WithResponsesItem(refusalName(status), openapi31.ResponseOrReference{Response: &one})
	}
	return nil
}

// refusalName is a status as the name of a response: 404 is NotFound.
func refusalName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// refuses names the shared problems an operation answers with.
func refuses(to *openapi31.Responses, statuses []int) {
	named := func(name string) openapi31.ResponseOrReference {
		return openapi31.ResponseOrReference{Reference: &openapi31.Reference{Ref: "#/components/responses/" + name}}
	}
	for _, status := range statuses {
		to.WithMapOfResponseOrReferenceValuesItem(strconv.Itoa(status), named(refusalName(status)))
	}
	other := named(otherProblem)
	to.Default = &other
}
