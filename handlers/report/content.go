package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/record"
	"xinyi/models/report"
	"xinyi/store"
)

// reportContent is what a report says, in the form that is signed.
type reportContent struct {
	Format   string      `json:"format"` // reportFormat
	No       string      `json:"no"`
	Kind     report.Kind `json:"kind"`
	Issuer   string      `json:"issuer"`
	Subject  subject     `json:"subject"`
	From     models.Day  `json:"from"`
	To       models.Day  `json:"to"`
	At       time.Time   `json:"issuedAt"`
	Until    models.Day  `json:"validUntil"`
	Code     string      `json:"verifyCode"`
	URL      string      `json:"verifyUrl"`
	Sections []section   `json:"sections"`
}

const format = "xinyi-report/1"

// subject is whom a report is about. The code of a person is masked.
type subject struct {
	Kind models.SubjectKind `json:"kind"`
	Name string             `json:"name"`
	Code string             `json:"code"`
}

// section is a part. Connected false: nobody delivers it, so nothing is said.
type section struct {
	ID string `json:"id"`
	models.Words
	Connected bool        `json:"connected"`
	Rows      []reportRow `json:"rows"`
}

// reportRow is a record as it was.
type reportRow struct {
	Record       string          `json:"record"` // id@version
	models.Words                 // of its catalogue item
	Document     string          `json:"document"`
	Unit         string          `json:"unit"`
	DecidedOn    models.Day      `json:"decidedOn"`
	Severity     models.Severity `json:"severity,omitempty"`
	Mark         string          `json:"mark,omitempty"` // OBJECTED, CORRECTED, REPAIRED
	MarkedOn     models.Day      `json:"markedOn,omitempty"`
	EndsOn       models.Day      `json:"endsOn,omitempty"`
	Values       []value         `json:"values"`
}

type value struct {
	Heading string `json:"heading"`
	Text    string `json:"text"`
}

// content writes down what a report says.
func (h Handler) content(ctx context.Context, rq api.Request, q report.Request, in report.Issue,
	records map[string][]*record.Record) (reportContent, error) {
	c := reportContent{
		Format: format, No: report.Number(in.ID, rq.Now), Kind: q.Kind, Issuer: h.Address(), From: q.From, To: q.To, At: rq.Now,
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
		part := section{ID: s.ID, Words: s.Words, Connected: s.Connected(), Rows: []reportRow{}}
		for _, category := range s.Categories {
			for _, r := range records[category] {
				row, err := h.row(ctx, q, r)
				if err != nil {
					return c, err
				}
				part.Rows = append(part.Rows, row)
			}
		}
		slices.SortStableFunc(part.Rows, func(a, b reportRow) int { return api.CompareText(string(b.DecidedOn), string(a.DecidedOn)) })
		c.Sections = append(c.Sections, part)
	}
	return c, nil
}

// subject names whom a report is about.
func (h Handler) subject(ctx context.Context, rq api.Request, sub models.Subject, records map[string][]*record.Record) (subject, error) {
	if sub.Kind == models.Organisation {
		org, err := h.Forms.Orgs.First(ctx, store.OrgsOfCode(sub.Ref))
		if err == nil {
			return subject{sub.Kind, org.Name, sub.Ref}, nil
		}
		if models.CodeOf(err) != models.NotFound {
			return subject{}, err
		}
		for _, rs := range records {
			return subject{sub.Kind, rs[0].Name.Reveal(), sub.Ref}, nil
		}
		return subject{sub.Kind, rq.Actor.Org, sub.Ref}, nil
	}
	p, err := api.Here(h.Subjects.People.Get(ctx, rq.Actor.Person))
	if err != nil {
		return subject{}, err
	}
	return subject{sub.Kind, p.Name.Reveal(), p.IDNumber.String()}, nil
}

func (h Handler) row(ctx context.Context, q report.Request, r *record.Record) (reportRow, error) {
	s := file.Shower{Forms: h.Forms, Lang: "zh", Own: true}
	shown, err := s.Row(ctx, r)
	if err != nil {
		return reportRow{}, err
	}
	it, form, err := h.Forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return reportRow{}, err
	}
	row := reportRow{
		Record: r.Versioned(), Words: it.Name, Document: r.Key, Unit: shown.UnitName, DecidedOn: r.DecidedOn,
		Severity: shown.Severity, Mark: shown.Mark, EndsOn: shown.Ends, Values: []value{},
	}
	if row.Mark != "" {
		row.MarkedOn = models.DayOf(r.Moved.At)
	}
	for _, v := range s.Values(form, r.Current) {
		if v.Text != "" && (len(q.Fields) == 0 || slices.Contains(q.Fields, v.Key)) {
			row.Values = append(row.Values, value{v.Heading, v.Text})
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
	return paper.CanonicalJSON(raw)
}

// reportBundle is a report for programs.
type reportBundle struct {
	Content   jsontext.Value `json:"content"`
	Hash      string         `json:"sha256"`    // of the content in canonical form (RFC 8785), in hex
	Seal      string         `json:"seal"`      // id of the key, of GET /v1/seals
	Signature string         `json:"signature"` // Ed25519, over "xinyi-report/1\n" and the hash, in base64
}

func (b reportBundle) bytes() ([]byte, error) { return json.Marshal(b, jsontext.WithIndent("  ")) }

// sealedContent and sealedPDF are what a seal signs: each begins with what it is, so one never stands for the other.
func sealedContent(hash string) []byte { return []byte(format + "\n" + hash) }

// CheckReport checks a report, PDF or JSON, with nothing but public keys. Whether it still holds only the service knows.
// Errors: ErrNoReport, ErrForged.
func CheckReport(raw []byte, seals models.Seals) (paper.Checked, error) {
	if strings.HasPrefix(string(raw), "%PDF-") {
		return paper.CheckPDF(raw, seals)
	}
	var b reportBundle
	if err := json.Unmarshal(raw, &b); err != nil || b.Signature == "" {
		return paper.Checked{}, paper.ErrNoReport
	}
	text, err := paper.CanonicalJSON(b.Content)
	if err != nil {
		return paper.Checked{}, paper.ErrNoReport
	}
	var c reportContent
	if err := json.Unmarshal(text, &c); err != nil || c.Format != format {
		return paper.Checked{}, paper.ErrNoReport
	}
	hash := paper.HashOf(text)
	if err := paper.Fits(seals, b.Seal, b.Signature, sealedContent(hash)); err != nil {
		return paper.Checked{}, err
	}
	if hash != b.Hash {
		return paper.Checked{}, paper.ErrForged
	}
	return c.checked(), nil
}

// checked is what a report says of itself.
func (c reportContent) checked() paper.Checked {
	return paper.Checked{No: c.No, Kind: string(c.Kind), Subject: c.Subject.Name, From: string(c.From), To: string(c.To),
		At: c.At.Format(time.RFC3339), Until: string(c.Until), URL: c.URL}
}
