// Package report serves credit reports, printed and checked (信用报告).
package report

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/models/report"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves reports: for their holders, and for whoever is shown one.
type Handler struct {
	Reports  *store.Repo[report.Report]
	Uses     *store.Repo[recall.Use]
	Records  *store.Repo[record.Record]
	Forms    *file.Forms
	Subjects usecase.Subjects
	Seals    models.Seals
	Policy   report.Policy
	Address  func() string // public address of this service
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Post(r, "/me/reports", h.issue, mayMine, api.Creates, api.Limit(time.Hour, 30), api.Tag("reports"), api.Quota(api.Papers))
	api.Get(r, "/me/reports", h.list, mayMine, api.Tag("reports"))
	api.Get(r, "/me/reports/{id}", h.one, mayMine, api.Tag("reports"))
	api.Get(r, "/me/reports/{id}/pdf", h.pdf, mayMine, api.Limit(time.Minute, 30), api.Tag("reports"))
	api.Get(r, "/me/reports/{id}/json", h.bundle, mayMine, api.Tag("reports"))
	api.Post(r, "/me/reports/{id}/revoke", h.revoke, mayMine, api.Tag("reports"))
	api.Get(r, "/reports/sections", h.sections, api.Open(), api.Limit(time.Minute, 60))
	api.Get(r, "/reports/verify/{code}", h.verify, api.Open(), api.Limit(time.Minute, 30))
	api.Get(r, "/reports/verify/{code}/page", h.verifyPage, api.Open(), api.Limit(time.Minute, 30))
}

// view is a report as its holder sees it.
type view struct {
	ID       string        `json:"id"`
	Revision int64         `json:"revision"`
	No       string        `json:"no"`
	Kind     report.Kind   `json:"kind"`
	State    report.State  `json:"state"`
	Why      string        `json:"why,omitempty" description:"What superseded it: the kind of a record's event"`
	From     models.Day    `json:"from"`
	To       models.Day    `json:"to"`
	Sections []sectionView `json:"sections"`
	Rows     int           `json:"rows"`
	At       time.Time     `json:"issuedAt"`
	Until    models.Day    `json:"validUntil"`
	Code     string        `json:"verifyCode"`
	URL      string        `json:"verifyUrl"`
	Hash     string        `json:"sha256"`
}

// Revised lets clients ask whether it changed.
func (v view) Revised() int64 { return v.Revision }

// sectionView is a part of a report.
type sectionView struct {
	ID        string `json:"id"`
	Name      string `json:"name" personal:"false"`
	Fixed     bool   `json:"always" description:"In every report of the kind"`
	Connected bool   `json:"connected" description:"Somebody delivers what it shows; false: it says so and shows nothing"`
}

func viewSections(k report.Kind, shows []string, lang string) []sectionView {
	views := []sectionView{}
	for _, s := range report.Sections(k) {
		if shows == nil || slices.Contains(shows, s.ID) {
			views = append(views, sectionView{s.ID, s.In(lang), s.Fixed, s.Connected()})
		}
	}
	return views
}

func (h Handler) view(rq api.Request, r *report.Report) view {
	return view{
		ID: r.ID, Revision: r.Head().Revision, No: r.No, Kind: r.Kind, State: r.Standing(rq.Now), Why: r.Moved.Reason, From: r.From, To: r.To,
		Sections: viewSections(r.Kind, r.Shows, rq.Lang), Rows: r.Rows, At: r.At, Until: r.Until, Code: r.Code, URL: h.url(r.Code), Hash: r.Hash,
	}
}

// url is where a code is checked: what the QR code on paper says.
func (h Handler) url(code string) string {
	return strings.TrimSuffix(h.Address(), "/") + "/v1/reports/verify/" + code + "/page"
}

type issueRequest struct {
	Kind     string     `json:"kind" validate:"required,oneof=CREDIT SPECIAL"`
	From     models.Day `json:"from,omitempty" validate:"omitempty,day" description:"At most five years back; as far as that when absent"`
	To       models.Day `json:"to,omitempty" validate:"omitempty,day" description:"Today when absent"`
	Sections []string   `json:"sections,omitempty" validate:"max=20,dive,max=32" description:"Those that are always there come anyway; all when absent"`
	Fields   []string   `json:"fields,omitempty" validate:"max=100,dive,max=64" description:"Columns of records by key; all when absent. Document, unit, day and marks are always there"`
}

// mostRows bounds the records of one report.
const mostRows = 1000

func (h Handler) issue(ctx context.Context, rq api.Request, in issueRequest) (view, error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return view{}, err
	}
	q, err := report.Request{Kind: report.Kind(in.Kind), From: in.From, To: in.To, Shows: in.Sections, Fields: in.Fields}.Settle(h.Policy,
		rq.Now)
	if err != nil {
		return view{}, err
	}
	records, err := h.fitting(ctx, sub, q)
	if err != nil {
		return view{}, err
	}
	id := rq.NewID()
	if was, err := h.Reports.Get(ctx, id); err == nil { // the same request again, after a crash
		return h.view(rq, was), nil
	}
	r, err := h.make(ctx, rq, q, report.Issue{ID: id, Subject: sub}, records)
	if err != nil {
		return view{}, err
	}
	if err := h.use(ctx, r, records); err != nil {
		return view{}, err
	}
	if err := h.Reports.Insert(ctx, r); err != nil {
		return view{}, err
	}
	return h.view(rq, r), nil
}

// fitting are the records that a report shows, by category, the last decided first.
func (h Handler) fitting(ctx context.Context, sub models.Subject, q report.Request) (map[string][]*record.Record, error) {
	found, n := map[string][]*record.Record{}, 0
	wanted := map[string]bool{}
	for _, s := range report.Sections(q.Kind) {
		for _, c := range s.Categories {
			wanted[c] = slices.Contains(q.Shows, s.ID)
		}
	}
	_, err := h.Records.Each(ctx, store.RecordsOf(sub.Ref), func(r *record.Record) error {
		if !q.Fits(r) {
			return nil
		}
		it, _, err := h.Forms.Of(ctx, r.Item, r.ItemVersion)
		if err != nil || !wanted[it.Category] {
			return err
		}
		if n++; n > mostRows {
			return models.E(models.TooLarge, "report.too_many")
		}
		found[it.Category] = append(found[it.Category], r)
		return nil
	})
	return found, err
}

// make writes the content of a report down and seals it.
func (h Handler) make(ctx context.Context, rq api.Request, q report.Request, issue report.Issue,
	records map[string][]*record.Record) (*report.Report, error) {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	issue.Code = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:])
	for _, rs := range records {
		issue.Rows += len(rs)
	}
	content, err := h.content(ctx, rq, q, issue, records)
	if err != nil {
		return nil, err
	}
	issue.Name = models.NewSecret(content.Subject.Name)
	text, err := content.canonical()
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	issue.Content, issue.Hash = string(text), paper.HashOf(text)
	if issue.Seal, issue.Signature, err = h.Seals.Sign(sealedContent(issue.Hash)); err != nil {
		return nil, err
	}
	return report.New(q, issue, h.Policy, rq.Actor, rq.Now)
}

// use notes every record a report shows, before it is there: a change of one will find it.
func (h Handler) use(ctx context.Context, r *report.Report, records map[string][]*record.Record) error {
	var uses []*recall.Use
	for _, rs := range records {
		for _, rec := range rs {
			uses = append(uses, recall.NewUse(recall.Paper{Kind: recall.Report, Ref: r.ID, Recipient: ""}, rec.ID, rec.Current.No, r.Subject, r.At))
		}
	}
	if len(uses) == 0 {
		return nil
	}
	err := h.Uses.InsertMany(ctx, uses)
	if errors.Is(err, models.Conflict) { // a request that was cut off before
		return nil
	}
	return err
}

func (h Handler) list(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[view], error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return api.List[view]{}, err
	}
	return api.Found(ctx, h.Reports, store.ReportsOf(sub.Ref), in, func(r *report.Report) view { return h.view(rq, r) })
}

// mine is a report of the caller's. Errors: NotFound.
func (h Handler) mine(ctx context.Context, rq api.Request, id string) (*report.Report, error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return nil, err
	}
	r, err := h.Reports.Get(ctx, id)
	if err != nil || !r.Subject.Is(sub) {
		return nil, api.NotYours(err)
	}
	return r, nil
}

func (h Handler) one(ctx context.Context, rq api.Request, in api.ByID) (view, error) {
	r, err := h.mine(ctx, rq, in.ID)
	if err != nil {
		return view{}, err
	}
	return h.view(rq, r), nil
}

func (h Handler) revoke(ctx context.Context, rq api.Request, in api.ByID) (view, error) {
	if _, err := h.mine(ctx, rq, in.ID); err != nil {
		return view{}, err
	}
	r, err := api.Change(ctx, rq, h.Reports, in.ID, func(r *report.Report) error { return r.Revoke(rq.Actor, rq.Now) })
	if err != nil {
		return view{}, err
	}
	return h.view(rq, r), nil
}

func (h Handler) bundle(ctx context.Context, rq api.Request, in api.ByID) (api.Download, error) {
	r, err := h.mine(ctx, rq, in.ID)
	if err != nil {
		return api.Download{}, err
	}
	raw, err := reportBundle{jsontext.Value(r.Content.Reveal()), r.Hash, r.Seal, r.Signature}.bytes()
	if err != nil {
		return api.Download{}, models.E(models.Internal, "internal", err)
	}
	return api.Download{Kind: "application/json; charset=utf-8", Body: raw}, nil
}

func (h Handler) pdf(ctx context.Context, rq api.Request, in api.ByID) (api.Download, error) {
	r, err := h.mine(ctx, rq, in.ID)
	if err != nil {
		return api.Download{}, err
	}
	raw, err := PrintReport([]byte(r.Content.Reveal()), r.Hash, rq.Lang)
	if err != nil {
		return api.Download{}, models.E(models.Internal, "internal", err)
	}
	if raw, err = paper.SealPDF(raw, r.No, h.Seals); err != nil {
		return api.Download{}, err
	}
	return api.Download{Kind: "application/pdf", Body: raw}, nil
}

type sectionsRequest struct {
	Kind string `query:"kind" validate:"required,oneof=CREDIT SPECIAL"`
}

func (h Handler) sections(_ context.Context, rq api.Request, in sectionsRequest) (api.List[sectionView], error) {
	return api.List[sectionView]{Items: viewSections(report.Kind(in.Kind), nil, rq.Lang)}, nil
}

// verifiedView is all that somebody who was shown a report is told.
type verifiedView struct {
	No       string        `json:"no"`
	Kind     report.Kind   `json:"kind"`
	State    report.State  `json:"state"`
	Name     string        `json:"name" description:"Of a person: masked"`
	From     models.Day    `json:"from"`
	To       models.Day    `json:"to"`
	Sections []sectionView `json:"sections"`
	Fields   []string      `json:"fields,omitempty" description:"Columns its holder chose; all when absent"`
	At       time.Time     `json:"issuedAt"`
	Until    models.Day    `json:"validUntil"`
	Hash     string        `json:"sha256" description:"Of the content; the paper shows it too"`
	Checked  time.Time     `json:"checkedAt"`
}

func (h Handler) verify(ctx context.Context, rq api.Request, in api.VerifyRequest) (verifiedView, error) {
	r, err := h.Reports.First(ctx, store.ReportByCode(strings.ToUpper(in.Code)))
	if err != nil {
		return verifiedView{}, err
	}
	name := r.Name.String()
	if r.Subject.Kind == models.Organisation {
		name = r.Name.Reveal()
	}
	return verifiedView{
		r.No, r.Kind, r.Standing(rq.Now), name, r.From, r.To, viewSections(r.Kind, r.Shows, rq.Lang), r.Fields, r.At, r.Until, r.Hash, rq.Now,
	}, nil
}

// Portions are what an export holds of reports.
func (h Handler) Portions() []api.Portion { return []api.Portion{api.Listing("reports", true, h.list)} }
