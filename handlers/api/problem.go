package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"xinyi/models"
)

// statuses is what each code is in HTTP.
var statuses = map[models.Code]int{
	models.Invalid: http.StatusBadRequest, models.Unauthenticated: http.StatusUnauthorized, models.Forbidden: http.StatusForbidden,
	models.NotFound: http.StatusNotFound, models.Conflict: http.StatusConflict, models.InvalidTransition: http.StatusConflict,
	models.Stale: http.StatusPreconditionFailed, models.Denied: http.StatusUnprocessableEntity, models.Limited: http.StatusTooManyRequests,
	models.TooLarge: http.StatusRequestEntityTooLarge, models.Unavailable: http.StatusServiceUnavailable,
	models.Internal: http.StatusInternalServerError,
}

// codes is what a refusal of the server underneath is to us.
var codes = map[int]models.Code{
	http.StatusNotFound: models.NotFound, http.StatusRequestEntityTooLarge: models.TooLarge, http.StatusTooManyRequests: models.Limited,
	http.StatusServiceUnavailable: models.Unavailable, http.StatusRequestTimeout: models.Unavailable,
}

// Problem is an error as RFC 9457 writes it.
type Problem struct {
	Type      string          `json:"type" description:"Where the code is explained"`
	Title     string          `json:"title" description:"The kind of problem, in the caller's language"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail" description:"This problem, in the caller's language"`
	Instance  string          `json:"instance" description:"The path that was asked"`
	Code      models.Code     `json:"code" description:"Stable kind of problem"`
	Reason    string          `json:"reason" description:"Stable key of the very reason"`
	RequestID string          `json:"requestId"`
	Errors    []ProblemField  `json:"errors,omitempty" description:"With invalid: every fault of the request"`
	State     string          `json:"state,omitempty" description:"With invalid_transition: where the document stands"`
	Allowed   []string        `json:"allowed,omitempty" description:"With invalid_transition: where it may go from there"`
	Last      *problemMove    `json:"last,omitempty" description:"With invalid_transition: its last move"`
	Clauses   []ProblemClause `json:"clauses,omitempty" description:"With denied: every condition and how it came out"`
}

// A ProblemField is one fault of a request.
type ProblemField struct {
	Pointer string `json:"pointer" description:"RFC 6901 into the body, or #query/name, #path/name, #header/name"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type problemMove struct {
	By     models.Role `json:"by"`
	At     time.Time   `json:"at"`
	Reason string      `json:"reason,omitempty"`
}

// A ProblemClause is one condition of a rule, and how it came out.
type ProblemClause struct {
	ID           string       `json:"id"`
	Outcome      Outcome      `json:"outcome"`
	Observed     string       `json:"observed,omitempty"`
	Required     string       `json:"required,omitempty"`
	ChangeableBy ChangeableBy `json:"changeableBy"`
	From         *models.Day  `json:"from,omitempty" description:"The day on which time alone changes it"`
	Label        string       `json:"label"`
	Remedy       string       `json:"remedy,omitempty"`
}

// ProblemKind is the media type of a problem.
const ProblemKind = "application/problem+json; charset=utf-8"

// coded is err as one of ours: an error of the server underneath by its status, anything nobody coded as Internal.
func coded(err error) (*models.Error, int) {
	var f *fiber.Error
	if errors.As(err, &f) {
		code, ok := codes[f.Code]
		switch {
		case !ok && f.Code >= 500:
			code = models.Internal
		case !ok:
			code = models.Invalid
		}
		return models.E(code, "http."+strconv.Itoa(f.Code), err), f.Code
	}
	var e *models.Error
	if !errors.As(err, &e) {
		if code := models.CodeOf(err); code != models.Internal {
			e = models.E(code, string(code), err)
		} else {
			e = models.E(models.Internal, "internal", err)
		}
	}
	status, ok := statuses[e.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	return e, status
}

// problemOf renders an error. Nothing of its cause is in it.
func problemOf(e *models.Error, status int, rq *Request, path string) Problem {
	p := Problem{
		Type: "/docs#" + string(e.Code), Title: Say("code."+string(e.Code), rq.Lang, nil), Status: status,
		Instance: path, Code: e.Code, Reason: e.Reason, RequestID: rq.ID,
	}
	if p.Detail = Say(e.Reason, rq.Lang, e.Args); p.Detail == "" {
		p.Detail = p.Title
	}
	for _, f := range e.Fields {
		message := Say("field."+f.Code, rq.Lang, f.Args)
		if message == "" {
			message = p.Detail
		}
		p.Errors = append(p.Errors, ProblemField{f.Pointer, f.Code, message})
	}
	if e.Where != nil {
		p.State, p.Allowed = e.Where.State, e.Where.Allowed
		if !e.Where.Last.At.IsZero() {
			p.Last = &problemMove{e.Where.Last.By, e.Where.Last.At.UTC(), e.Where.Last.Reason}
		}
	}
	for _, c := range e.Clauses {
		p.Clauses = append(p.Clauses, ViewClause(c, rq.Lang))
	}
	return p
}

// ViewClause puts a clause into words.
func ViewClause(c models.Clause, lang string) ProblemClause {
	name, _, _ := strings.Cut(c.ID, "-") // the second of a kind is "kind-2"
	if strings.HasPrefix(name, "custom.") {
		name = "custom"
	}
	label := Say("clause."+name, lang, nil)
	if label == "" {
		label = c.ID
	}
	return ProblemClause{c.ID, Outcome(c.Outcome), c.Observed, c.Required, ChangeableBy(c.ChangeableBy), c.From, label,
		Say("clause."+name+".remedy", lang, nil)}
}

// refused is the answer to an error. A 5xx is logged with its cause; the caller learns only the request id.
func (r *Router) refused(err error, rq *Request, route, path string) answered {
	e, status := coded(err)
	if status >= 500 {
		r.Cfg.Log.Error("request failed", "request", rq.ID, "route", route, "status", status, "err", err)
	}
	body, fault := json.Marshal(problemOf(e, status, rq, path))
	if fault != nil {
		r.Cfg.Log.Error("problem cannot be written", "request", rq.ID, "err", fault)
	}
	return answered{status: status, kind: ProblemKind, body: body, retry: retryAfter(e)}
}

// retryAfter is what Retry-After says, 0 for nothing: whole seconds, rounded up.
func retryAfter(e *models.Error) int {
	if e.RetryAfter > 0 {
		return int((e.RetryAfter + time.Second - 1) / time.Second)
	}
	if e.Code == models.Unavailable || e.Code == models.Limited {
		return 1
	}
	return 0
}

// failed answers what never reached a route: no such path, another method, a body over the bound.
func (r *Router) failed(c *fiber.Ctx, err error) error {
	rq := &Request{ID: requestID(c), Lang: Language(c.Get(fiber.HeaderAcceptLanguage))}
	c.Set(headerRequestID, rq.ID)
	r.write(c, rq, r.refused(err, rq, "", string(c.Request().URI().Path())))
	return nil
}
