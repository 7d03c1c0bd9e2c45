package flows

import (
	"strconv"
	"strings"

	"xinyi/models/batch"
)

// rows reads a sheet, row by row; n is the row's number from 1. A sheet that computes is refused. Errors: *batch.Fault; those of do.
func (b *workbook) rows(part string, do func(n int, cells []string) error) error {
	r := rowReader{book: b}
	err := b.walk(part, func(e element) error {
		if err := r.take(e); err != nil {
			return err
		}
		if e.name == "row" && e.closed {
			return do(r.row, r.cells)
		}
		return nil
	})
	return err
}

// rowReader gathers the cells of a row.
type rowReader struct {
	book   *workbook
	row    int
	cells  []string
	column int    // of the cell, from 0
	kind   string // of the cell
	value  strings.Builder
	inV    bool
	inline runs
}

func (r *rowReader) take(e element) error {
	switch {
	case e.name == "row" && !e.closed:
		r.row, r.cells, r.column = next(e.attr("r"), r.row), r.cells[:0], -1
		if r.row > batch.MaxSheetRows+1 {
			return &batch.Fault{Why: "batch.too_many_rows", Args: map[string]string{"max": strconv.Itoa(batch.MaxSheetRows)}}
		}
	case e.name == "c" && !e.closed:
		r.column, r.kind = columnOf(e.attr("r"), r.column+1), e.attr("t")
		r.value.Reset()
		r.inline = runs{}
		if r.column >= sheetWide {
			return errLarge
		}
	case e.name == "c" && e.closed:
		return r.put()
	case e.name == "v":
		r.inV = !e.closed
	case e.name == "f": // what a person sees need not be what is read
		return &batch.Fault{Why: "batch.formula"}
	case r.inV && e.name == "":
		r.value.Write(e.text)
	default:
		r.inline.take(e)
	}
	if r.value.Len() > 4*sheetCell || r.inline.text.Len() > 4*sheetCell {
		return errLarge
	}
	return nil
}

// put puts the cell in its place.
func (r *rowReader) put() error {
	text := r.value.String()
	switch r.kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(text))
		shared, ok := r.book.shared(n)
		if text = shared; text == "" && (err != nil || !ok) {
			return errBroken
		}
	case "inlineStr":
		text = r.inline.done()
	case "str":
		text = unescaped(text)
	}
	if len([]rune(text)) > sheetCell {
		return errLarge
	}
	for len(r.cells) < r.column {
		r.cells = append(r.cells, "")
	}
	r.cells = append(r.cells[:r.column], text)
	return nil
}

// next is the number of a row: as it says itself, when that is further on, else the one after the last.
func next(said string, last int) int {
	if n, err := strconv.Atoi(said); err == nil && n > last {
		return n
	}
	return last + 1
}

// columnOf is the column of a cell called like "AB7", from 0; without a name it is the one that follows.
func columnOf(name string, following int) int {
	n := 0
	for i := 0; i < len(name) && i < 4 && name[i] >= 'A' && name[i] <= 'Z'; i++ {
		n = n*26 + int(name[i]-'A') + 1
	}
	if n == 0 {
		return following
	}
	return n - 1
}
