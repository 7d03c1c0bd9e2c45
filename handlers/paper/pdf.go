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
	No      string
	Kind    string
	Subject string
	From    string
	To      string
	At      string
	Until   string
	URL     string
}

// The faults of a report that is checked offline.
var (
	ErrNoReport = errors.New("this is no report of ours: neither a sealed PDF nor a JSON report")
	ErrForged   = errors.New("the seal does not fit: the file was altered, or the key is not among ours")
)

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
	if string(raw[at:]) != pdfSeal+no+" "+id+" "+signature+"\n" || !seals.Verify(id, signature, sealedPDF(no, HashOf(raw[:at]))) {
		return Checked{}, ErrForged
	}
	return Checked{No: no}, nil
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
