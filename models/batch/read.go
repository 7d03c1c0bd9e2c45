package batch

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"xinyi/models"
)

// maxRow bounds one row of a file, in bytes.
const maxRow = 1 << 20

// errLongRow is a row over its bound: an unclosed quote, or no rows at all.
var errLongRow = errors.New("a row is longer than 1 MiB")

// A Line is one row of a file: its cells by column key, or what makes it unreadable.
type Line struct {
	No     int // from 1, headings left out
	Key    string
	Cells  map[string]string
	Faults []models.Field
}

// Columns says which column a heading or a key names; false for none.
type Columns func(heading string) (key string, ok bool)

// A Reader reads rows from a file at the place a cursor names.
type Reader interface {
	// Next is the next row, and the cursor after it. io.EOF at the end; any other error ends the file.
	Next() (Line, error)
	Cursor() Cursor
}

// A Fault is a file that cannot be read.
type Fault struct {
	Why  string // key of the texts
	Args map[string]string
}

func (f *Fault) Error() string { return f.Why }

// NewReader reads the rows of a file from the place of c on; in starts at the byte c.Offset names. Errors: *Fault.
func NewReader(format Format, in io.Reader, c Cursor, columns Columns) (Reader, error) {
	if format == JSON {
		return newJSON(in, c)
	}
	return newCSV(in, c, columns)
}

// a bounded reader fails when a row takes more than maxRow bytes.
type bounded struct {
	in   io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (b *bounded) row() { b.left = maxRow }

// csvReader reads comma, tab or semicolon separated rows of UTF-8 or GB18030. Bytes below 0x30 are never part of a GB18030
// character, so rows and quotes are found in the bytes as they are, and only cells are decoded.
type csvReader struct {
	bound  *bounded
	csv    *csv.Reader
	cursor Cursor
	from   int64
}

func newCSV(in io.Reader, c Cursor, columns Columns) (Reader, error) {
	bound := &bounded{in, maxRow}
	r := &csvReader{bound: bound, cursor: c, from: c.Offset}
	if c.Head != nil {
		r.open(bound)
		return r, nil
	}
	buffered := bufio.NewReaderSize(bound, 64<<10)
	start, err := buffered.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(start) == 0 {
		return nil, &Fault{Why: "batch.no_rows"}
	}
	if bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
		if _, err := buffered.Discard(3); err != nil {
			return nil, err
		}
		start, r.from = start[3:], r.from+3
	}
	if bytes.IndexByte(start, 0) >= 0 {
		return nil, &Fault{Why: "batch.no_text"}
	}
	r.cursor.Encoding, r.cursor.Comma = encodingOf(start), commaOf(start)
	r.open(buffered)
	return r, r.head(columns)
}

func (r *csvReader) open(in io.Reader) {
	r.csv = csv.NewReader(in)
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	if r.cursor.Comma != "" {
		r.csv.Comma = rune(r.cursor.Comma[0])
	}
}

// encodingOf is gb18030 when the start of a file is no UTF-8, the last character left out because it may be cut.
func encodingOf(start []byte) string {
	for cut := range min(utf8.UTFMax, len(start)) {
		if utf8.Valid(start[:len(start)-cut]) {
			return "utf-8"
		}
	}
	return "gb18030"
}

// commaOf is the separator that the first line has most of.
func commaOf(start []byte) string {
	line, _, _ := bytes.Cut(start, []byte("\n"))
	best, most := ",", 0
	for _, c := range []string{",", "\t", ";"} {
		if n := bytes.Count(line, []byte(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

func (r *csvReader) decode(s string) (string, bool) {
	if r.cursor.Encoding != "gb18030" {
		return s, utf8.ValidString(s)
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().String(s)
	return text, err == nil && !strings.ContainsRune(text, utf8.RuneError)
}

// head reads the headings. Errors: *Fault for none, for one nobody knows, and for one twice.
func (r *csvReader) head(columns Columns) error {
	cells, err := r.csv.Read()
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return &Fault{Why: "batch.no_rows"}
	case errors.As(err, &parse) && !errors.Is(err, errLongRow):
		return &Fault{Why: "batch.broken_heading"}
	case err != nil:
		return r.broken(err)
	}
	head := make([]string, len(cells))
	for i, cell := range cells {
		text, ok := r.decode(cell)
		text = strings.TrimSpace(text)
		if !ok {
			return &Fault{Why: "batch.no_text"}
		}
		if text == "" && i == len(cells)-1 {
			continue // a separator at the end of every line
		}
		key, known := columns(text)
		if !known {
			return &Fault{Why: "batch.unknown_heading", Args: map[string]string{"heading": cut(text)}}
		}
		if slices.Contains(head[:i], key) {
			return &Fault{Why: "batch.heading_twice", Args: map[string]string{"heading": cut(text)}}
		}
		head[i] = key
	}
	r.cursor.Head = head
	r.mark()
	return nil
}

// cut keeps a text that goes into an answer short.
func cut(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// mark notes that a row ended here.
func (r *csvReader) mark() {
	r.cursor.Offset = r.from + r.csv.InputOffset()
	r.bound.row()
}

// broken turns an error of the reader into one of the file.
func (r *csvReader) broken(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, errLongRow):
		return &Fault{Why: "batch.row_too_long"}
	}
	return err
}

// Next implements Reader. A row whose quotes are wrong is a line with a fault.
func (r *csvReader) Next() (Line, error) {
	cells, err := r.csv.Read()
	var parse *csv.ParseError
	if err != nil && !errors.As(err, &parse) {
		return Line{}, r.broken(err)
	}
	r.cursor.Row++
	line := Line{No: r.cursor.Row}
	if err != nil {
		if errors.Is(err, errLongRow) {
			return Line{}, r.broken(err)
		}
		line.Faults = []models.Field{{Pointer: "", Code: "unreadable_row"}}
		r.mark()
		return line, nil
	}
	line.Cells = make(map[string]string, len(r.cursor.Head))
	for i, cell := range cells {
		if i >= len(r.cursor.Head) || r.cursor.Head[i] == "" {
			if strings.TrimSpace(cell) != "" {
				line.Faults = append(line.Faults, models.Field{Pointer: "", Code: "too_many_cells"})
				break
			}
			continue
		}
		text, ok := r.decode(cell)
		if !ok {
			line.Faults = append(line.Faults, models.Field{Pointer: "/" + r.cursor.Head[i], Code: "no_text"})
			continue
		}
		line.Cells[r.cursor.Head[i]] = text
	}
	r.mark()
	return line, nil
}

// Cursor implements Reader.
func (r *csvReader) Cursor() Cursor { return r.cursor }

// jsonReader reads an array of objects of texts, numbers and truth values.
type jsonReader struct {
	bound  *bounded
	dec    *json.Decoder
	cursor Cursor
	from   int64
	end    bool
	comma  bool // one was read already: a row must follow
}

func newJSON(in io.Reader, c Cursor) (Reader, error) {
	bound := &bounded{in, maxRow}
	r := &jsonReader{bound: bound, cursor: c}
	if c.Offset == 0 {
		r.dec = json.NewDecoder(bound)
		r.dec.UseNumber()
		t, err := r.dec.Token()
		if err != nil || t != json.Delim('[') {
			return nil, &Fault{Why: "batch.no_array"}
		}
		return r, nil
	}
	buffered := bufio.NewReader(bound)
	skipped := int64(0)
	for {
		b, err := buffered.ReadByte()
		if err != nil {
			return nil, &Fault{Why: "batch.broken_json"}
		}
		skipped++
		if b == ',' {
			break
		}
		if b == ']' {
			r.end = true
			return r, nil
		}
		if !bytes.ContainsRune([]byte(" \t\r\n"), rune(b)) {
			return nil, &Fault{Why: "batch.broken_json"}
		}
	}
	r.from, r.comma = c.Offset+skipped-1, true // the bracket put in front
	r.dec = json.NewDecoder(io.MultiReader(strings.NewReader("["), buffered))
	r.dec.UseNumber()
	if _, err := r.dec.Token(); err != nil {
		return nil, &Fault{Why: "batch.broken_json"}
	}
	return r, nil
}

// Next implements Reader. A row that is no object of plain values is a line with a fault.
func (r *jsonReader) Next() (Line, error) {
	if r.end {
		return Line{}, io.EOF
	}
	if !r.dec.More() {
		if t, err := r.dec.Token(); err != nil || t != json.Delim(']') || r.comma {
			return Line{}, r.broken(err)
		}
		r.end = true
		return Line{}, io.EOF
	}
	var raw json.RawMessage
	if err := r.dec.Decode(&raw); err != nil {
		return Line{}, r.broken(err)
	}
	r.comma = false
	r.cursor.Row++
	r.cursor.Offset = r.from + r.dec.InputOffset()
	r.bound.row()
	line := Line{No: r.cursor.Row}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&object); err != nil || object == nil {
		line.Faults = []models.Field{{Pointer: "", Code: "unreadable_row"}}
		return line, nil //nolint:nilerr // it is the row's verdict
	}
	line.Cells, line.Faults = plain(object)
	return line, nil
}

// plain are the values of an object as cells.
func plain(object map[string]any) (map[string]string, []models.Field) {
	cells := make(map[string]string, len(object))
	var faults []models.Field
	for key, value := range object {
		switch x := value.(type) {
		case nil:
		case string:
			cells[key] = x
		case json.Number:
			cells[key] = x.String()
		case bool:
			cells[key] = map[bool]string{true: "true", false: "false"}[x]
		default:
			faults = append(faults, models.Field{Pointer: "/" + cut(key), Code: "wrong_type"})
		}
	}
	return cells, faults
}

func (r *jsonReader) broken(err error) error {
	if errors.Is(err, errLongRow) {
		return &Fault{Why: "batch.row_too_long"}
	}
	return &Fault{Why: "batch.broken_json"}
}

// Cursor implements Reader.
func (r *jsonReader) Cursor() Cursor { return r.cursor }
