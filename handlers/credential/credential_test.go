package credential

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
	"xinyi/models/credential"
)

// sampleCredential is an honour of a person, or of a firm.
func sampleCredential(t *testing.T, kind models.SubjectKind) *credential.Credential {
	t.Helper()
	in := credential.Issue{
		ID: "c1", Of: "award-1", Kind: credential.Honour, Holder: models.Subject{Kind: models.PersonSubject, Ref: "hash", Person: "ann"}, Name: "王小梅",
		Facts: credential.Facts{
			Title: models.Words{ZH: "诚信之星", EN: "Star of Honesty"}, Level: 2, No: "430181-2026-2394947200", Since: "2026-11-24", Until: "2028-11-23",
			Deed: "十二年如一日，替外出务工的乡亲代管承包地，收支逐笔公开，从未差过一分钱；丈夫去世后替他还清全部借款。", Region: "430181", Place: "浏阳市", Unit: "浏阳市社会信用体系建设办公室",
		},
		Code: "ABCDEFGHIJKLMNOPQRSTUVWX23", Secret: strings.Repeat("5a", 32), List: "1", Index: 77,
	}
	if kind == models.Organisation {
		in.Holder, in.Name = models.Subject{Kind: kind, Ref: "91430104MA4L0000X1"}, "长沙市岳麓区龘靐食品销售有限公司"
		in.Facts.Title, in.Facts.Level, in.Facts.Unit, in.Facts.Code = models.Words{ZH: "诚信经营企业", EN: "Honest Enterprise"}, 3, "长沙市社会信用体系建设领导小组办公室", "91430104MA4L0000X1"
		in.Facts.Deed = "连续五年合同履约率百分之百，无一起消费投诉未决。"
	}
	c, err := credential.New(in, time.Date(2026, 11, 24, 2, 30, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The same certificate is the same bytes, in both languages, and every character of it is in a typeface.
func TestCertificatesPrint(t *testing.T) {
	for _, kind := range []models.SubjectKind{models.PersonSubject, models.Organisation} {
		c := sampleCredential(t, kind)
		for _, lang := range []string{"zh", "en"} {
			url := "https://xinyi.example/v1/credentials/verify/" + c.Code + "/page"
			a, err := PrintCertificate(c, url, lang)
			if err != nil {
				t.Fatal(err)
			}
			b, err := PrintCertificate(c, url, lang)
			if err != nil || !bytes.Equal(a, b) || !bytes.HasPrefix(a, []byte("%PDF-")) {
				t.Errorf("%s %s: printed twice, %d and %d bytes: %v", kind, lang, len(a), len(b), err)
			}
			if dir := os.Getenv("REPORT_DIR"); dir != "" { // to look at
				if err := os.WriteFile(fmt.Sprintf("%s/certificate-%s-%s.pdf", dir, kind, lang), a, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	face, err := serif()
	if err != nil {
		t.Fatal(err)
	}
	glyphs := apitest.Covered(t, face)
	for key, text := range api.Texts {
		if strings.HasPrefix(key, "credential.") {
			for _, r := range text["zh"] + text["en"] {
				if !unicode.IsControl(r) && (!glyphs[r] || !inSerif(string(r))) {
					t.Errorf("%s: the typeface has no %q", key, r)
				}
			}
		}
	}
	for r := rune(0x20); r < 0x10000; r++ {
		if !unicode.IsControl(r) && !unicode.Is(unicode.Cs, r) && inSerif(string(r)) && !glyphs[r] {
			t.Errorf("the serif typeface was to have %q", r)
		}
	}
	if inSerif("龘") || inSerif("王𠮷") {
		t.Error("a rare character was to be set in the other typeface")
	}
}

func TestDaysInWords(t *testing.T) {
	for day, want := range map[models.Day][2]string{
		"2026-11-24": {"二〇二六年十一月二十四日", "24 November 2026"}, "2030-01-10": {"二〇三〇年一月十日", "10 January 2030"}, "2028-12-31": {"二〇二八年十二月三十一日", "31 December 2028"},
		"2027-10-20": {"二〇二七年十月二十日", "20 October 2027"},
	} {
		for i, lang := range []string{"zh", "en"} {
			if got := (diploma{lang: lang}).written(day); got != want[i] {
				t.Errorf("%s, not %s", got, want[i])
			}
		}
	}
}
