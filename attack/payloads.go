package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"
	"strings"
)

// repeat is n times a piece, between a head and a tail, without being held anywhere.
func repeat(head, piece string, n int, tail string) io.Reader {
	block := strings.Repeat(piece, 1+8192/len(piece))
	pieces := io.LimitReader(&again{piece: []byte(block)}, int64(n)*int64(len(piece)))
	return io.MultiReader(strings.NewReader(head), pieces, strings.NewReader(tail))
}

type again struct {
	piece []byte
	at    int
}

func (a *again) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], a.piece[a.at:])
		n, a.at = n+c, (a.at+c)%len(a.piece)
	}
	return n, nil
}

// png is a picture of one colour: width × height at 16 bits a channel, 8 bytes a pixel.
func png(width, height int) []byte {
	var out, pixels bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&out, binary.BigEndian, uint32(len(data))) //nolint:errcheck // a buffer takes all
		out.WriteString(kind)
		out.Write(data)
		_ = binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(append([]byte(kind), data...))) //nolint:errcheck // a buffer
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(width))
	chunk("IHDR", append(binary.BigEndian.AppendUint32(head, uint32(height)), 16, 6, 0, 0, 0))
	z, _ := zlib.NewWriterLevel(&pixels, zlib.BestSpeed)          //nolint:errcheck // the level is one there is
	_, _ = io.Copy(z, repeat("", "\x00", height*(1+8*width), "")) //nolint:errcheck // a buffer takes all
	_ = z.Close()
	chunk("IDAT", pixels.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

// jpegs are a small picture that says it is huge, and one with many passes over its pixels.
func jpegs() (huge, passes []byte) {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewYCbCr(image.Rect(0, 0, 64, 64), image.YCbCrSubsampleRatio420), nil) //nolint:errcheck // a buffer takes all
	huge = bytes.Clone(b.Bytes())
	at := bytes.Index(huge, []byte{0xFF, 0xC0})
	copy(huge[at+5:], []byte{0xEA, 0x60, 0xEA, 0x60})
	cut := bytes.LastIndex(b.Bytes(), []byte{0xFF, 0xDA})
	scan := b.Bytes()[cut : b.Len()-2]
	return huge, append(bytes.Clone(b.Bytes()[:cut]), bytes.Repeat(scan, 2000)...)
}

// workbook is an archive of parts that reads as a workbook.
func workbook(parts map[string]io.Reader) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="甲" sheetId="1" r:id="rId7"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId7" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>`,
		"xl/sharedStrings.xml":       `<sst><si><t>甲</t></si></sst>`,
	} {
		from := parts[name]
		if from == nil {
			from = strings.NewReader(text)
		}
		if w, err := z.Create(name); err == nil {
			_, _ = io.Copy(w, from) //nolint:errcheck // a buffer takes all
		}
	}
	_ = z.Close()
	return out.Bytes()
}

// workbooks unpack to far more than they are: at size 20 to hundreds of MiB.
func workbooks(size int) map[string][]byte {
	const head, tail = `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>`, `</sheetData></worksheet>`
	sheet := func(r io.Reader) map[string]io.Reader { return map[string]io.Reader{"xl/worksheets/sheet1.xml": r} }
	texts := func(r io.Reader) map[string]io.Reader { return map[string]io.Reader{"xl/sharedStrings.xml": r} }
	return map[string][]byte{
		"texts without end": workbook(texts(repeat(`<sst>`, `<si/>`, size*2_000_000, `</sst>`))),
		"long texts":        workbook(texts(repeat(`<sst>`, `<si><t>`+strings.Repeat("x", 60_000)+`</t></si>`, size*200, `</sst>`))),
		"one long text":     workbook(texts(repeat(`<sst><si><t>`, "x", size*10_000_000, `</t></si></sst>`))),
		"nested elements":   workbook(sheet(repeat(`<worksheet>`, `<a>`, size*1_000_000, ``))),
		"cells of one row":  workbook(sheet(repeat(head+`<row>`, `<c><v>1</v></c>`, size*500_000, `</row>`+tail))),
		"rows":              workbook(sheet(repeat(head, `<row/>`, size*1_000_000, tail))),
	}
}

// texts are bodies that no route should take, whatever it asks for.
func texts() map[string][]byte {
	var squeezed bytes.Buffer
	z := gzip.NewWriter(&squeezed)
	_, _ = io.Copy(z, repeat(`{"a":"`, "x", 100_000_000, `"}`)) //nolint:errcheck // a buffer takes all
	_ = z.Close()
	return map[string][]byte{
		"deep lists":    []byte(strings.Repeat("[", 500_000)),
		"deep objects":  []byte(strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)),
		"many names":    named(60_000),
		"one name":      []byte(`{"` + strings.Repeat("a", 900_000) + `":1}`),
		"twice a name":  []byte(`{` + strings.Repeat(`"id":"x",`, 50_000) + `"id":"y"}`),
		"a long number": []byte(`{"a":` + strings.Repeat("9", 900_000) + `}`),
		"an exponent":   []byte(`{"amountFen":1e999999999}`),
		"no UTF-8":      []byte("{\"a\":\"\xff\xfe\xc0\x80\"}"),
		"half a pair":   []byte(`{"a":"\ud800"}`),
		"NUL":           []byte("{\"a\":\"\\u0000\"}\x00"),
		"spaces":        bytes.Repeat([]byte(" "), 1<<20),
		"eight MiB":     bytes.Repeat([]byte("a"), 8<<20),
		"squeezed":      squeezed.Bytes(),
	}
}

func named(n int) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range n {
		fmt.Fprintf(&b, `"n%d":%d,`, i, i)
	}
	b.WriteString(`"z":0}`)
	return b.Bytes()
}

// doubling is a schema that asks 2^n schemas with n definitions.
func doubling(n int) m {
	defs := m{fmt.Sprint("d", n): m{"minLength": 1}}
	for i := range n {
		next := m{"$ref": fmt.Sprint("#/$defs/d", i+1)}
		defs[fmt.Sprint("d", i)] = m{"allOf": []m{next, next}}
	}
	return m{"$defs": defs, "type": "object", "properties": m{"A": m{"$ref": "#/$defs/d0"}}}
}
