package flows_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"xinyi/flows"
	"xinyi/models/batch"
)

// packed is an archive of parts; one of a workbook's own parts that is not given is the least there can be.
func packed(t *testing.T, parts map[string]io.Reader) []byte {
	t.Helper()
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="甲" sheetId="1" r:id="rId7"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId7" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>`,
		"xl/sharedStrings.xml":       `<sst><si><t>甲</t></si></sst>`,
	} {
		if parts[name] == nil {
			parts[name] = strings.NewReader(text)
		}
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.Copy(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// many is a text with a piece many times in it.
func many(head, piece string, n int, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), &pieces{piece: piece, left: n}, strings.NewReader(tail))
}

type pieces struct {
	piece string
	left  int
	have  string
}

func (r *pieces) Read(p []byte) (int, error) {
	if r.have == "" {
		if r.left <= 0 {
			return 0, io.EOF
		}
		n := min(r.left, 1+4096/len(r.piece))
		r.have, r.left = strings.Repeat(r.piece, n), r.left-n
	}
	n := copy(p, r.have)
	r.have = r.have[n:]
	return n, nil
}

const sheetHead, sheetTail = `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>`, `</sheetData></worksheet>`

// TestWorkbookBombs: a workbook of a few hundred KiB takes neither memory nor time, whichever of its parts unpacks to how much.
func TestWorkbookBombs(t *testing.T) {
	for name, tc := range map[string]struct {
		parts map[string]io.Reader
		want  string // "" for one that is read
	}{
		"texts without end":       {map[string]io.Reader{"xl/sharedStrings.xml": many(`<sst>`, `<si/>`, 2_500_000, `</sst>`)}, "batch.workbook_too_large"},
		"one long text":           {map[string]io.Reader{"xl/sharedStrings.xml": many(`<sst><si><t>`, `长`, 1_000_000, `</t></si></sst>`)}, "batch.workbook_too_large"},
		"long texts":              {map[string]io.Reader{"xl/sharedStrings.xml": many(`<sst>`, `<si><t>`+strings.Repeat("x", 60_000)+`</t></si>`, 700, `</sst>`)}, "batch.workbook_too_large"},
		"styles without end":      {map[string]io.Reader{"xl/styles.xml": many(`<styleSheet><cellXfs>`, `<xf numFmtId="1"/>`, 1_000_000, `</cellXfs></styleSheet>`)}, ""},
		"a long attribute":        {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(`<worksheet a="`, `x`, 2_000_000, `"/>`)}, "batch.workbook_too_large"},
		"a comment":               {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(`<worksheet><!-- `, `x`, 2_000_000, `--></worksheet>`)}, "batch.workbook_too_large"},
		"elements in each other":  {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(`<worksheet>`, `<a>`, 10_000, ``)}, "batch.workbook_too_large"},
		"rows without cells":      {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(sheetHead, `<row/>`, 100_000, sheetTail)}, "batch.too_many_rows"},
		"a row far below":         {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(sheetHead, `<row r="1048576"><c><v>1</v></c></row>`, 1, sheetTail)}, "batch.too_many_rows"},
		"a cell far to the right": {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(sheetHead, `<row><c r="XFD2"><v>1</v></c></row>`, 1, sheetTail)}, "batch.workbook_too_large"},
		"cells of one row":        {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(sheetHead+`<row>`, `<c><v>1</v></c>`, 10_000, `</row>`+sheetTail)}, "batch.workbook_too_large"},
		"cells in one place":      {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(sheetHead+`<row>`, `<c r="A2"><v>1</v></c>`, 100_000, `</row>`+sheetTail)}, ""},
		"pieces of a text":        {map[string]io.Reader{"xl/worksheets/sheet1.xml": many(sheetHead+`<row><c t="inlineStr"><is>`, `<r><t>x</t></r>`, 100_000, `</is></c></row>`+sheetTail)}, "batch.workbook_too_large"},
		"a text of nowhere":       {map[string]io.Reader{"xl/sharedStrings.xml": strings.NewReader(`<sst/>`)}, "batch.broken_workbook"},
		"another coding":          {map[string]io.Reader{"xl/sharedStrings.xml": strings.NewReader(`<?xml version="1.0" encoding="UTF-16"?><sst/>`)}, "batch.broken_workbook"},
		"an entity":               {map[string]io.Reader{"xl/sharedStrings.xml": strings.NewReader(`<!DOCTYPE a [<!ENTITY b "c">]><sst><si><t>&b;</t></si></sst>`)}, "batch.broken_workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			raw := packed(t, tc.parts)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			err := flows.Unpack(t.Context(), raw, io.Discard)
			runtime.ReadMemStats(&after)
			var fault *batch.Fault
			if tc.want == "" && err != nil || tc.want != "" && (!errors.As(err, &fault) || fault.Why != tc.want) {
				t.Errorf("%d KiB: %v", len(raw)>>10, err)
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 160<<20 {
				t.Errorf("%d KiB took %d MiB", len(raw)>>10, grown>>20)
			}
		})
	}
}

// TestWorkbookAsItIsWritten: what other programs write, and the same name twice.
func TestWorkbookAsItIsWritten(t *testing.T) {
	raw := packed(t, map[string]io.Reader{
		"xl/worksheets/sheet1.xml": strings.NewReader(`<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="s"><x:v> 1 </x:v></x:c><x:c r="C1" t="inlineStr"><x:is><x:t>内</x:t></x:is></x:c></x:row>` +
			`<x:row r="4"><x:c r="B4" t="b"><x:v>1</x:v></x:c><x:c t="str"><x:v>a_x000D_b_x005F_</x:v></x:c></x:row></x:sheetData></x:worksheet>`),
		"xl/sharedStrings.xml": strings.NewReader(`<sst><si/><si><r><t>粗</t></r><r><t xml:space="preserve"> 细</t></r><rPh><t>cū</t></rPh></si></sst>`),
	})
	var out strings.Builder
	if err := flows.Unpack(t.Context(), raw, &out); err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(out.String()))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 2 || strings.Join(rows[0], "|") != "粗 细||内" || strings.Join(rows[1], "|") != "|1|a\nb_" && strings.Join(rows[1], "|") != "|1|a\rb_" {
		t.Errorf("%q %v", rows, err)
	}
	var twice bytes.Buffer
	z := zip.NewWriter(&twice)
	for _, name := range []string{"xl/workbook.xml", "XL/Workbook.xml"} {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := flows.Unpack(t.Context(), twice.Bytes(), io.Discard); err == nil {
		t.Error("a part that is there twice is read")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	long := packed(t, map[string]io.Reader{"xl/worksheets/sheet1.xml": many(sheetHead, `<row r="2"/>`, 1_000_000, sheetTail)})
	if err := flows.Unpack(gone, long, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits for it any more: %v", err)
	}
}
