package batch

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// columns are A, B and C, by key or by heading.
func columns(heading string) (string, bool) {
	key, ok := map[string]string{"甲": "A", "乙": "B", "丙": "C", "A": "A", "B": "B", "C": "C"}[heading]
	return key, ok
}

// all reads a file to its end, from place to place: every row by a reader of its own, or all by one.
func all(format Format, text string, fresh bool) (rows []string, last Cursor, err error) {
	c := Cursor{}
	r, err := NewReader(format, strings.NewReader(text), c, columns)
	if err != nil {
		return nil, c, err
	}
	for n := 0; n < 10_000; n++ {
		line, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, r.Cursor(), nil
		}
		if err != nil {
			return rows, r.Cursor(), err
		}
		var cells []string
		for _, key := range []string{"A", "B", "C"} {
			cells = append(cells, line.Cells[key])
		}
		for _, f := range line.Faults {
			cells = append(cells, f.Pointer+"!"+f.Code)
		}
		rows = append(rows, fmt.Sprint(line.No, " ", strings.Join(cells, "|")))
		if !fresh {
			continue
		}
		c = r.Cursor()
		if c.Offset > int64(len(text)) {
			return rows, c, errors.New("the place is beyond the end")
		}
		if r, err = NewReader(format, strings.NewReader(text[c.Offset:]), c, columns); err != nil {
			return rows, c, err
		}
	}
	return rows, c, errors.New("the file never ends")
}

func gb(t *testing.T, text string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReadCSV(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want []string // rows, or the fault
	}{
		"plain":               {"甲,乙,丙\n1,2,3\n4,5,6\n", []string{"1 1|2|3", "2 4|5|6"}},
		"no last newline":     {"甲,乙\n1,2", []string{"1 1|2|"}},
		"a byte order mark":   {"\xef\xbb\xbf甲,乙\n1,2\n", []string{"1 1|2|"}},
		"CRLF":                {"甲,乙\r\n1,2\r\n3,4\r\n", []string{"1 1|2|", "2 3|4|"}},
		"tabs":                {"甲\t乙\n1\t2,5\n", []string{"1 1|2,5|"}},
		"semicolons":          {"甲;乙\n1;2,5\n", []string{"1 1|2,5|"}},
		"quotes":              {"甲,乙\n\"a,\"\"b\"\"\nc\",2\n", []string{"1 a,\"b\"\nc|2|"}},
		"another order":       {"丙,甲\n3,1\n", []string{"1 1||3"}},
		"by key":              {"A,B\n1,2\n", []string{"1 1|2|"}},
		"GB18030":             {gb(t, "甲,乙\n长沙,𠮷\n"), []string{"1 长沙|𠮷|"}},
		"a short row":         {"甲,乙\n1\n", []string{"1 1||"}},
		"a blank line":        {"甲,乙\n1,2\n\n3,4\n", []string{"1 1|2|", "2 3|4|"}},
		"too many cells":      {"甲,乙\n1,2,3\n4,5\n", []string{"1 1|2||!too_many_cells", "2 4|5|"}},
		"a comma at the end":  {"甲,乙,\n1,2,\n", []string{"1 1|2|"}},
		"a bare quote":        {"甲,乙\n1\"x,2\n3,4\n", []string{"1 |||!unreadable_row", "2 3|4|"}},
		"no UTF-8 in a cell":  {"甲,乙\n" + strings.Repeat("好,好\n", 6000) + "\xff,2\n", nil},
		"headings alone":      {"甲,乙\n", nil},
		"nothing":             {"", []string{"batch.no_rows"}},
		"a mark alone":        {"\xef\xbb\xbf", []string{"batch.no_rows"}},
		"newlines alone":      {"\n\n\n", []string{"batch.no_rows"}},
		"zeros":               {"甲,\x00\n", []string{"batch.no_text"}},
		"an unknown heading":  {"甲,丁\n1,2\n", []string{"batch.unknown_heading"}},
		"an empty heading":    {"甲,,乙\n1,2\n", []string{"batch.unknown_heading"}},
		"a heading twice":     {"甲,乙,A\n1,2,3\n", []string{"batch.heading_twice"}},
		"a quote in headings": {"甲\"x,乙\n1,2\n", []string{"batch.broken_heading"}},
		"an endless heading":  {"\"" + strings.Repeat("x", 2*maxRow), []string{"batch.row_too_long"}},
		"an endless row":      {"甲,乙\n1,2\n\"" + strings.Repeat("x", 2*maxRow), []string{"1 1|2|", "batch.row_too_long"}},
	} {
		for _, fresh := range []bool{false, true} {
			got, _, err := all(CSV, tc.text, fresh)
			if err != nil {
				got = append(got, err.Error())
			}
			if name == "no UTF-8 in a cell" {
				if len(got) != 6001 || got[6000] != "6001 |2||/A!no_text" {
					t.Errorf("%s: %q", name, got[len(got)-1])
				}
				continue
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%s, anew for every row %v: %.300q, want %q", name, fresh, got, tc.want)
			}
			var fault *Fault
			if err != nil && !errors.As(err, &fault) {
				t.Errorf("%s: %v is no fault of the file", name, err)
			}
		}
	}
}

func TestReadJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"plain":         {`[{"A":"1","B":2,"C":true},{"A":"4"}]`, []string{"1 1|2|true", "2 4||"}},
		"spaced":        {" [ \n{\"A\":\"1\"} ,\n {\"A\":\"2\"}\n ] ", []string{"1 1||", "2 2||"}},
		"null":          {`[{"A":null}]`, []string{"1 ||"}},
		"exact":         {`[{"A":0.000001,"B":12345678901234567890}]`, []string{"1 0.000001|12345678901234567890|"}},
		"nested":        {`[{"A":{"x":1},"B":"2"}]`, []string{"1 |2||/A!wrong_type"}},
		"no object":     {`[1,{"A":"2"}]`, []string{"1 |||!unreadable_row", "2 2||"}},
		"nothing in it": {`[]`, nil},
		"no array":      {`{"A":"1"}`, []string{"batch.no_array"}},
		"empty":         {``, []string{"batch.no_array"}},
		"cut off":       {`[{"A":"1"},{"A"`, []string{"1 1||", "batch.broken_json"}},
		"no comma":      {`[{"A":"1"} {"A":"2"}]`, []string{"1 1||", "batch.broken_json"}},
		"an endless":    {`[{"A":"` + strings.Repeat("x", 2*maxRow), []string{"batch.row_too_long"}},
	} {
		for _, fresh := range []bool{false, true} {
			got, _, err := all(JSON, tc.text, fresh)
			if err != nil {
				got = append(got, err.Error())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%s, anew for every row %v: %.300q, want %q", name, fresh, got, tc.want)
			}
		}
	}
}

// whatever is read, a file ends, its faults are the file's, and going on from any place reads the same.
func agrees(t *testing.T, format Format, text string) {
	t.Helper()
	if len(text) > 1<<16 {
		t.Skip("longer than what a fuzzing run should spend its time on: the readers are the same at any length")
	}
	once, end, err := all(format, text, false)
	again, _, errAgain := all(format, text, true)
	var fault *Fault
	if err != nil && !errors.As(err, &fault) {
		t.Fatalf("%v is no fault of the file", err)
	}
	if !slices.Equal(once, again) || (err == nil) != (errAgain == nil) {
		t.Fatalf("at once %q (%v), anew for every row %q (%v)", once, err, again, errAgain)
	}
	if end.Offset > int64(len(text)) || end.Row != len(once) && err == nil {
		t.Fatalf("%+v after %d rows of %d bytes", end, len(once), len(text))
	}
}

func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"甲,乙\n1,2\n", "\xef\xbb\xbfA\tB\r\n1\t2\r\n", "A;B\n\"x\";\"y\ny\"\n", "A,B\n1\"2,3\n", "A,B\n\"1,2\n3", "A\n\n\n1", "\xbc\xd7,\xd2\xd2\n1,2\n", "A,B,\n1,2,3\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { agrees(t, CSV, text) })
}

func FuzzJSON(f *testing.F) {
	for _, text := range []string{`[{"A":"1"}]`, `[{"A":1},{"B":true},null,7]`, ` [ ] `, `[{"A":"1"},`, `[{"A":"1"}]]`, `[{"A":[1]}]`, `{}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { agrees(t, JSON, text) })
}
