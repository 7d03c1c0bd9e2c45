// Package paper is what rooms print with: pages, sealed PDFs, QR codes.
package paper

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"image/png"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinyi/models"
)

// CanonicalJSON is v in the one form that is hashed: keys in order, no spaces.
func CanonicalJSON(raw []byte) ([]byte, error) {
	v := jsontext.Value(slices.Clone(raw))
	err := v.Canonicalize()
	return v, err
}

// HashOf is the SHA-256 of text, in hex.
func HashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func sealedPDF(no string, hash string) []byte {
	return []byte("xinyi-report-pdf/1\n" + no + "\n" + hash)
}

// pdfSeal begins the last line of a sealed PDF, a comment that readers pass over: number, seal and signature follow.
const pdfSeal = "%xinyi-report-pdf/1 "

// SealPDF adds the line that says over our seal what the bytes before it are.
func SealPDF(raw []byte, no string, seals models.Seals) ([]byte, error) {
	id, signature, err := seals.Sign(sealedPDF(no, HashOf(raw)))
	if err != nil {
		return nil, err
	}
	return append(raw, pdfSeal+no+" "+id+" "+signature+"\n"...), nil
}

// Checked is what a file says of itself, once its seal was found good.
type Checked struct {
	No      string `json:"no"`
	Kind    string `json:"kind,omitempty"`
	Subject string `json:"subject"`
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
	At      string `json:"at"`
	Until   string `json:"until,omitempty"`
	URL     string `json:"url"`
}

// pdfSays begins the line that says in words a program reads what is printed. It stands right before the seal, and is sealed with the rest.
const pdfSays = "%xinyi-report-says/1 "

// Say adds the line that says what is printed.
func Say(raw []byte, c Checked) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return append(append(append(raw, pdfSays...), text...), '\n'), nil
}

// said reads that line; a PDF from before there was one says its number alone.
func said(raw []byte, no string) Checked {
	c := Checked{No: no}
	if at := bytes.LastIndex(raw, []byte(pdfSays)); at >= 0 {
		if err := json.Unmarshal(bytes.TrimSuffix(raw[at+len(pdfSays):], []byte("\n")), &c); err != nil || c.No != no {
			return Checked{No: no}
		}
	}
	return c
}

// The faults of a report that is checked offline.
var (
	ErrNoReport = errors.New("this is no report of ours: neither a sealed PDF nor a JSON report")
	ErrForged   = errors.New("the seal does not fit: the file was altered")
)

// A ForeignSeal is a file sealed with a key that is not among those it is checked with. Whether it was altered nobody can tell.
type ForeignSeal struct{ ID string }

func (e ForeignSeal) Error() string {
	return "it carries seal " + e.ID + ", which is not among those it was checked with: whether it is genuine cannot be told. Take the seals of who issued it (GET /v1/seals)"
}

// Is lets a foreign seal count as no good seal.
func (e ForeignSeal) Is(target error) bool { return target == ErrForged }

// Fits checks a signature over data. Errors: ForeignSeal, ErrForged.
func Fits(seals models.Seals, id, signature string, data []byte) error {
	switch {
	case !slices.ContainsFunc(seals, func(s models.Seal) bool { return s.ID == id }):
		return ForeignSeal{id}
	case !seals.Verify(id, signature, data):
		return ErrForged
	}
	return nil
}

// CheckPDF reads what a sealed PDF says, and whose seal it carries.
func CheckPDF(raw []byte, seals models.Seals) (Checked, error) {
	at := strings.LastIndex(string(raw), pdfSeal)
	if at < 0 {
		return Checked{}, ErrNoReport
	}
	var no, id, signature string
	if n, err := fmt.Sscanf(string(raw[at+len(pdfSeal):]), "%s %s %s\n", &no, &id, &signature); err != nil || n != 3 {
		return Checked{}, ErrNoReport
	}
	if string(raw[at:]) != pdfSeal+no+" "+id+" "+signature+"\n" {
		return Checked{}, ErrForged
	}
	if err := Fits(seals, id, signature, sealedPDF(no, HashOf(raw[:at]))); err != nil {
		return Checked{}, err
	}
	return said(raw[:at], no), nil
}

// notoGz is Noto Sans SC (SIL Open Font License 1.1, fonts/OFL.txt) without its layout tables: 30,890 characters, so that rare names
// print.
//
//go:embed fonts/NotoSansSC-Regular.ttf.gz
var notoGz []byte

// Noto unpacks the typeface once, 10 MB.
var Noto = sync.OnceValues(func() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(notoGz))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
})

// QrPNG is a text as a QR code that still reads when a seventh of it is worn.
func QrPNG(text string) ([]byte, error) {
	square, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	square, err = barcode.Scale(square, 4*square.Bounds().Dx(), 4*square.Bounds().Dy())
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	err = png.Encode(&raw, square)
	return raw.Bytes(), err
}
