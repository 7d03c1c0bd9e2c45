package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinyi/models"
	"xinyi/models/record"
	"xinyi/models/report"
	"xinyi/store"
)

// reportContent is what a report says, in the form that is signed.
type reportContent struct {
	Format   string          `json:"format"` // reportFormat
	No       string          `json:"no"`
	Kind     report.Kind     `json:"kind"`
	Issuer   string          `json:"issuer"`
	Subject  reportSubject   `json:"subject"`
	From     models.Day      `json:"from"`
	To       models.Day      `json:"to"`
	At       time.Time       `json:"issuedAt"`
	Until    models.Day      `json:"validUntil"`
	Code     string          `json:"verifyCode"`
	URL      string          `json:"verifyUrl"`
	Sections []reportSection `json:"sections"`
}

const reportFormat = "xinyi-report/1"

// reportSubject is whom a report is about. The code of a person is masked.
type reportSubject struct {
	Kind models.SubjectKind `json:"kind"`
	Name string             `json:"name"`
	Code string             `json:"code"`
}

// reportSection is a part. Connected false: nobody delivers it, so nothing is said.
type reportSection struct {
	ID        string      `json:"id"`
	ZH        string      `json:"zh"`
	EN        string      `json:"en"`
	Connected bool        `json:"connected"`
	Rows      []reportRow `json:"rows"`
}

// reportRow is a record as it was.
type reportRow struct {
	Record    string          `json:"record"` // id@version
	ZH        string          `json:"zh"`     // of its catalogue item
	EN        string          `json:"en"`
	Document  string          `json:"document"`
	Unit      string          `json:"unit"`
	DecidedOn models.Day      `json:"decidedOn"`
	Severity  models.Severity `json:"severity,omitempty"`
	Mark      string          `json:"mark,omitempty"` // OBJECTED, CORRECTED, REPAIRED
	MarkedOn  models.Day      `json:"markedOn,omitempty"`
	EndsOn    models.Day      `json:"endsOn,omitempty"`
	Values    []reportValue   `json:"values"`
}

type reportValue struct {
	Heading string `json:"heading"`
	Text    string `json:"text"`
}

// content writes down what a report says.
func (h Report) content(ctx context.Context, rq Request, q report.Request, in report.Issue, records map[string][]*record.Record) (reportContent, error) {
	c := reportContent{
		Format: reportFormat, No: report.Number(in.ID, rq.Now), Kind: q.Kind, Issuer: h.Address(), From: q.From, To: q.To, At: rq.Now,
		Until: h.Policy.Until(rq.Now), Code: in.Code, URL: h.url(in.Code),
	}
	var err error
	if c.Subject, err = h.subject(ctx, rq, in.Subject, records); err != nil {
		return c, err
	}
	for _, s := range report.Sections(q.Kind) {
		if !slices.Contains(q.Shows, s.ID) {
			continue
		}
		part := reportSection{ID: s.ID, ZH: s.ZH, EN: s.EN, Connected: s.Connected(), Rows: []reportRow{}}
		for _, category := range s.Categories {
			for _, r := range records[category] {
				row, err := h.row(ctx, q, r)
				if err != nil {
					return c, err
				}
				part.Rows = append(part.Rows, row)
			}
		}
		slices.SortStableFunc(part.Rows, func(a, b reportRow) int { return compareText(string(b.DecidedOn), string(a.DecidedOn)) })
		c.Sections = append(c.Sections, part)
	}
	return c, nil
}

// subject names whom a report is about.
func (h Report) subject(ctx context.Context, rq Request, sub models.Subject, records map[string][]*record.Record) (reportSubject, error) {
	if sub.Kind == models.Organisation {
		org, err := h.Forms.Orgs.First(ctx, store.OrgsOfCode(sub.Ref))
		if err == nil {
			return reportSubject{sub.Kind, org.Name, sub.Ref}, nil
		}
		if models.CodeOf(err) != models.NotFound {
			return reportSubject{}, err
		}
		for _, rs := range records {
			return reportSubject{sub.Kind, rs[0].Name.Reveal(), sub.Ref}, nil
		}
		return reportSubject{sub.Kind, rq.Actor.Org, sub.Ref}, nil
	}
	p, err := here(h.Subjects.People.Get(ctx, rq.Actor.Person))
	if err != nil {
		return reportSubject{}, err
	}
	return reportSubject{sub.Kind, p.Name.Reveal(), p.IDNumber.String()}, nil
}

func (h Report) row(ctx context.Context, q report.Request, r *record.Record) (reportRow, error) {
	s := shower{h.Forms, "zh", true}
	shown, err := s.row(ctx, r)
	if err != nil {
		return reportRow{}, err
	}
	it, form, err := h.Forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return reportRow{}, err
	}
	row := reportRow{
		Record: r.Versioned(), ZH: in("zh", it.Name), EN: in("en", it.Name), Document: r.Key, Unit: shown.UnitName, DecidedOn: r.DecidedOn,
		Severity: shown.Severity, Mark: shown.Mark, EndsOn: shown.Ends, Values: []reportValue{},
	}
	if row.Mark != "" {
		row.MarkedOn = models.DayOf(r.Moved.At)
	}
	for _, v := range s.values(form, r.Current) {
		if v.Text != "" && (len(q.Fields) == 0 || slices.Contains(q.Fields, v.Key)) {
			row.Values = append(row.Values, reportValue{v.Heading, v.Text})
		}
	}
	return row, nil
}

// canonical is the content in canonical form (RFC 8785): the bytes that are signed.
func (c reportContent) canonical() ([]byte, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return canonicalJSON(raw)
}

func canonicalJSON(raw []byte) ([]byte, error) {
	v := jsontext.Value(slices.Clone(raw))
	err := v.Canonicalize()
	return v, err
}

// reportBundle is a report for programs.
type reportBundle struct {
	Content   jsontext.Value `json:"content"`
	Hash      string         `json:"sha256"`    // of the content in canonical form (RFC 8785), in hex
	Seal      string         `json:"seal"`      // id of the key, of GET /v1/seals
	Signature string         `json:"signature"` // Ed25519, over "xinyi-report/1\n" and the hash, in base64
}

func (b reportBundle) bytes() ([]byte, error) { return json.Marshal(b, jsontext.WithIndent("  ")) }

func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// sealedContent and sealedPDF are what a seal signs: each begins with what it is, so one never stands for the other.
func sealedContent(hash string) []byte { return []byte(reportFormat + "\n" + hash) }

func sealedPDF(no string, hash string) []byte {
	return []byte("xinyi-report-pdf/1\n" + no + "\n" + hash)
}

// pdfSeal begins the last line of a sealed PDF, a comment that readers pass over: number, seal and signature follow.
const pdfSeal = "%xinyi-report-pdf/1 "

// sealPDF adds the line that says over our seal what the bytes before it are.
func sealPDF(raw []byte, no string, seals models.Seals) ([]byte, error) {
	id, signature, err := seals.Sign(sealedPDF(no, hashOf(raw)))
	if err != nil {
		return nil, err
	}
	return append(raw, pdfSeal+no+" "+id+" "+signature+"\n"...), nil
}

// Checked is what a file says of itself, once its seal was found good.
type Checked struct {
	No      string
	Kind    string
	Subject string
	From    string
	To      string
	At      string
	Until   string
	URL     string
}

// The faults of a report that is checked offline.
var (
	ErrNoReport = errors.New("this is no report of ours: neither a sealed PDF nor a JSON report")
	ErrForged   = errors.New("the seal does not fit: the file was altered, or the key is not among ours")
)

// CheckReport checks a report, PDF or JSON, with nothing but public keys. Whether it still holds only the service knows.
// Errors: ErrNoReport, ErrForged.
func CheckReport(raw []byte, seals models.Seals) (Checked, error) {
	if strings.HasPrefix(string(raw), "%PDF-") {
		return checkPDF(raw, seals)
	}
	var b reportBundle
	if err := json.Unmarshal(raw, &b); err != nil || b.Signature == "" {
		return Checked{}, ErrNoReport
	}
	text, err := canonicalJSON(b.Content)
	if err != nil {
		return Checked{}, ErrNoReport
	}
	var c reportContent
	if err := json.Unmarshal(text, &c); err != nil || c.Format != reportFormat {
		return Checked{}, ErrNoReport
	}
	if hash := hashOf(text); hash != b.Hash || !seals.Verify(b.Seal, b.Signature, sealedContent(hash)) {
		return Checked{}, ErrForged
	}
	return Checked{c.No, string(c.Kind), c.Subject.Name, string(c.From), string(c.To), c.At.Format(time.RFC3339), string(c.Until), c.URL}, nil
}

func checkPDF(raw []byte, seals models.Seals) (Checked, error) {
	at := strings.LastIndex(string(raw), pdfSeal)
	if at < 0 {
		return Checked{}, ErrNoReport
	}
	var no, id, signature string
	if n, err := fmt.Sscanf(string(raw[at+len(pdfSeal):]), "%s %s %s\n", &no, &id, &signature); err != nil || n != 3 {
		return Checked{}, ErrNoReport
	}
	if string(raw[at:]) != pdfSeal+no+" "+id+" "+signature+"\n" || !seals.Verify(id, signature, sealedPDF(no, hashOf(raw[:at]))) {
		return Checked{}, ErrForged
	}
	return Checked{No: no}, nil
}
