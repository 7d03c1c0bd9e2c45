package flows

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"xinyi/models/batch"
)

// A workbook is an XLSX (ECMA-376) that is read as a stream: one part after the other, each element as it comes, and of all texts that
// cells share only the bytes themselves. What it takes up is bounded by its text, not by what its XML would be as a tree.
type workbook struct {
	ctx     context.Context // of the one reading it is made for
	parts   map[string]*zip.File
	left    int64 // bytes that may still be unpacked
	texts   []byte
	ends    []uint32 // where each shared text ends in texts
	visited int      // elements so far
	over    bool     // more is unpacked than is allowed
}

// The bounds of a workbook, beside those of its first sheet.
const (
	unzipped   = 256 << 20 // bytes of the parts that are read
	sharedText = 32 << 20  // bytes of the texts that cells share
	sharedMost = 2 << 20   // such texts
	nested     = 32        // elements inside each other
	longest    = 1 << 20   // bytes between two tags
	looksAfter = 4096      // elements, at each of which it is asked whether anybody still waits
)

var (
	errBroken = &batch.Fault{Why: "batch.broken_workbook"}
	errLarge  = &batch.Fault{Why: "batch.workbook_too_large"}
)

func openWorkbook(ctx context.Context, raw []byte) (*workbook, error) {
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, errBroken
	}
	b := &workbook{ctx: ctx, parts: map[string]*zip.File{}, left: unzipped}
	for _, f := range archive.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if b.parts[name] != nil { // one reader takes the first, another the last
			return nil, errBroken
		}
		b.parts[name] = f
	}
	return b, nil
}

// An element is an opening tag or, with closed, a closing one; or the text between, without a name.
type element struct {
	name   string
	closed bool
	attrs  []xml.Attr
	text   []byte // valid until the next
}

// attr is an attribute, "" for none; of several spaces the name alone counts.
func (e element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// walk reads a part to its end. A part that is not there is empty. Errors: *batch.Fault; that of the context; those of do.
func (b *workbook) walk(part string, do func(element) error) (err error) {
	f := b.parts[strings.ToLower(part)]
	if f == nil {
		return nil
	}
	in, err := f.Open()
	if err != nil {
		return errBroken
	}
	defer func() { _ = in.Close() }()
	d, depth := xml.NewDecoder(&counted{Reader: in, of: b}), 0
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errBroken } // a workbook is UTF-8
	for {
		t, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return b.fault(err)
		}
		e := element{}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			e.name, e.attrs = t.Name.Local, t.Attr
		case xml.EndElement:
			depth--
			e.name, e.closed = t.Name.Local, true
		case xml.CharData:
			e.text = t
		default:
			continue
		}
		if b.visited++; b.visited%looksAfter == 0 && b.ctx.Err() != nil {
			return b.ctx.Err()
		}
		if depth > nested {
			return errLarge
		}
		if err := do(e); err != nil {
			return err
		}
	}
}

// fault is what a broken reading is to whoever sent the file.
func (b *workbook) fault(err error) error {
	var known *batch.Fault
	switch {
	case b.ctx.Err() != nil:
		return b.ctx.Err()
	case b.over: // the decoder may have tripped over the end it was given
		return errLarge
	case errors.As(err, &known):
		return known
	}
	return errBroken
}

// counted counts what is unpacked, whatever the archive says of it, and what stands between two tags, which is gathered before it is seen.
type counted struct {
	io.Reader
	of  *workbook
	gap int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if at := bytes.LastIndexByte(p[:n], '<'); at >= 0 {
		c.gap = n - at
	} else {
		c.gap += n
	}
	if c.of.left -= int64(n); c.of.left < 0 || c.gap > longest {
		c.of.over = true
		return 0, errLarge
	}
	return n, err
}

// first is the part of the first sheet. Errors: *batch.Fault.
func (b *workbook) first() (string, error) {
	id, target := "", ""
	err := b.walk("xl/workbook.xml", func(e element) error {
		if e.name == "sheet" && !e.closed && id == "" {
			id = e.attr("id")
		}
		return nil
	})
	if err == nil && id == "" {
		err = &batch.Fault{Why: "batch.no_rows"}
		if b.parts["xl/workbook.xml"] == nil {
			err = errBroken
		}
	}
	if err == nil {
		err = b.walk("xl/_rels/workbook.xml.rels", func(e element) error {
			if e.name == "Relationship" && !e.closed && e.attr("Id") == id {
				target = e.attr("Target")
			}
			return nil
		})
	}
	if err != nil {
		return "", err
	}
	part := strings.TrimPrefix(target, "/")
	if !strings.HasPrefix(target, "/") {
		part = path.Join("xl", target)
	}
	if b.parts[strings.ToLower(part)] == nil {
		return "", errBroken
	}
	return part, nil
}

// share reads the texts that cells share.
func (b *workbook) share() error {
	var one runs
	return b.walk("xl/sharedStrings.xml", func(e element) error {
		one.take(e)
		if e.name != "si" || !e.closed {
			return nil
		}
		text := one.done()
		if len(b.texts)+len(text) > sharedText || len(b.ends) == sharedMost {
			return errLarge
		}
		b.texts = append(b.texts, text...)
		b.ends = append(b.ends, uint32(len(b.texts))) //nolint:gosec // bounded by sharedText
		return nil
	})
}

// shared is the n-th of these texts.
func (b *workbook) shared(n int) (string, bool) {
	if n < 0 || n >= len(b.ends) {
		return "", false
	}
	from := uint32(0)
	if n > 0 {
		from = b.ends[n-1]
	}
	return string(b.texts[from:b.ends[n]]), true
}

// runs put the pieces of a text together; how it is read aloud (rPh) is left out.
type runs struct {
	text          strings.Builder
	inText, aloud bool
}

func (r *runs) take(e element) {
	switch {
	case e.name == "t":
		r.inText = !e.closed
	case e.name == "rPh":
		r.aloud = !e.closed
	case e.name == "" && r.inText && !r.aloud:
		r.text.Write(e.text)
	}
}

func (r *runs) done() string {
	s := unescaped(r.text.String())
	*r = runs{}
	return s
}

var escapes = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescaped writes _x000D_ as the character it stands for (ECMA-376-1 §22.9.2.19).
func unescaped(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escapes.ReplaceAllStringFunc(s, func(code string) string {
		n, err := strconv.ParseUint(code[2:6], 16, 16)
		if err != nil || utf16.IsSurrogate(rune(n)) {
			return code
		}
		return string(rune(n))
	})
}
