package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/report"
)

// sampleReport is a content with everything a report can show.
func sampleReport(kind report.Kind) reportContent {
	c := reportContent{
		Format: format, No: "CSXY-20261124-004211-6", Kind: kind, Issuer: "https://xinyi.example", From: "2021-11-24", To: "2026-11-24",
		Subject: subject{models.Organisation, "长沙市岳麓区龘靐食品销售有限公司", "91430104MA4L0000X1"},
		At:      time.Date(2026, 11, 24, 2, 30, 0, 0, time.UTC), Until: "2026-12-24", Code: "ABCDEFGHIJKLMNOPQRSTUVWX23",
		URL: "https://xinyi.example/v1/reports/verify/ABCDEFGHIJKLMNOPQRSTUVWX23/page",
	}
	for i, s := range report.Sections(kind) {
		part := section{ID: s.ID, Words: s.Words, Connected: s.Connected(), Rows: []reportRow{}}
		for n := range min(len(s.Categories)*3, 4-i%4) {
			part.Rows = append(part.Rows, reportRow{
				Record: fmt.Sprintf("r%d@1", n), Words: s.Words, Document: fmt.Sprintf("长市监罚决〔2026〕%07d号", n+1), Unit: "长沙市市场监督管理局",
				DecidedOn: "2026-05-10", Severity: []models.Severity{models.General, models.Serious, models.Minor}[n%3], EndsOn: "2027-05-10",
				Mark: []string{"", "OBJECTED", "REPAIRED", "CORRECTED"}[n%4], MarkedOn: "2026-08-20",
				Values: []value{{"违法行为类型", "未按规定明码标价"}, {"罚款金额(万元)", "0.05"},
					{"处罚内容", "责令改正，处以罚款；" + strings.Repeat("没收违法所得并按照有关规定上缴国库，", 1+5*(n%2))}},
			})
		}
		c.Sections = append(c.Sections, part)
	}
	return c
}

// The same report is the same bytes, in both languages, and every character of it is in the typeface.
func TestReportsPrint(t *testing.T) {
	for _, kind := range report.Kinds {
		text, err := sampleReport(kind).canonical()
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range []string{"zh", "en"} {
			a, err := PrintReport(text, paper.HashOf(text), lang)
			if err != nil {
				t.Fatal(err)
			}
			b, err := PrintReport(text, paper.HashOf(text), lang)
			if err != nil || !bytes.Equal(a, b) || !bytes.HasPrefix(a, []byte("%PDF-")) {
				t.Errorf("%s %s: printed twice, %d and %d bytes: %v", kind, lang, len(a), len(b), err)
			}
			if dir := os.Getenv("REPORT_DIR"); dir != "" { // to look at
				if err := os.WriteFile(fmt.Sprintf("%s/%s-%s.pdf", dir, kind, lang), a, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	face, err := paper.Noto()
	if err != nil {
		t.Fatal(err)
	}
	glyphs := apitest.Covered(t, face)
	for key, text := range api.Texts {
		if strings.HasPrefix(key, "report.") {
			for _, r := range text["zh"] + text["en"] {
				if !unicode.IsControl(r) && !glyphs[r] {
					t.Errorf("%s: the typeface has no %q", key, r)
				}
			}
		}
	}
	for _, r := range "龘靐〔〕㙍䶮𠮷" {
		if !glyphs[r] && r < 0x10000 {
			t.Errorf("the typeface has no %q", r)
		}
	}
	if len(glyphs) < 30000 {
		t.Errorf("the typeface has %d characters", len(glyphs))
	}
}

// A seal holds for a file as it is: one byte more, less or other, and it does not.
func TestReportsAreCheckedOffline(t *testing.T) {
	at := time.Date(2026, 11, 24, 2, 30, 0, 0, time.UTC)
	seal, err := models.NewSeal(bytes.Repeat([]byte{7}, 32), at)
	if err != nil {
		t.Fatal(err)
	}
	other, err := models.NewSeal(bytes.Repeat([]byte{8}, 32), at)
	if err != nil {
		t.Fatal(err)
	}
	ours := models.Seals{models.SealOf(seal.Public, at)}
	c := sampleReport(report.Special)
	text, err := c.canonical()
	if err != nil {
		t.Fatal(err)
	}
	id, signature, err := models.Seals{seal}.Sign(sealedContent(paper.HashOf(text)))
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := reportBundle{text, paper.HashOf(text), id, signature}.bytes()
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := PrintReport(text, paper.HashOf(text), "zh")
	if err != nil {
		t.Fatal(err)
	}
	if pdf, err = paper.SealPDF(pdf, c.No, models.Seals{seal}); err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"json": bundle, "pdf": pdf} {
		got, err := CheckReport(raw, ours)
		if err != nil || got.No != c.No {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if _, err := CheckReport(raw, models.Seals{models.SealOf(other.Public, at)}); !errors.Is(err, paper.ErrForged) {
			t.Errorf("%s passes with a key that is not ours: %v", name, err)
		}
		for _, i := range []int{len(raw) / 3, len(raw) / 2, len(raw) - 10} {
			bad := bytes.Clone(raw)
			bad[i] ^= 1
			if _, err := CheckReport(bad, ours); err == nil {
				t.Errorf("%s: byte %d was altered and it passes", name, i)
			}
		}
		if _, err := CheckReport(append(bytes.Clone(raw), " more"...), ours); err == nil {
			t.Errorf("%s with more at its end passes", name)
		}
	}
	if got, err := CheckReport(bytes.ReplaceAll(bundle, []byte("  "), nil), ours); err != nil || got.Subject != c.Subject.Name {
		t.Errorf("a report that was only laid out anew: %v", err)
	}
	if _, err := CheckReport([]byte(`{"content":{}}`), ours); !errors.Is(err, paper.ErrNoReport) {
		t.Errorf("what is no report: %v", err)
	}
}
