package api

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"runtime"
	"testing"

	"xinyi/models"
)

func encoded(t *testing.T, as func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := as(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// flat is a picture of one colour, which compresses to next to nothing.
func flat(t *testing.T, m color.Model, side int) []byte {
	t.Helper()
	size := image.Rect(0, 0, side, side)
	var p image.Image
	switch m {
	case color.NRGBA64Model:
		p = image.NewNRGBA64(size)
	case color.Gray16Model:
		p = image.NewGray16(size)
	case color.GrayModel:
		p = image.NewGray(size)
	default:
		p = image.NewNRGBA(size)
	}
	return encoded(t, func(b *bytes.Buffer) error {
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(b, p)
	})
}

// TestPictureBombs: what a picture takes up is known from its head, and refused before anything is unpacked.
func TestPictureBombs(t *testing.T) {
	plain := encoded(t, func(b *bytes.Buffer) error {
		return jpeg.Encode(b, image.NewYCbCr(image.Rect(0, 0, 64, 64), image.YCbCrSubsampleRatio420), nil)
	})
	cut := bytes.LastIndex(plain, []byte{0xFF, 0xDA})
	for name, data := range map[string][]byte{
		"16 bits a channel": flat(t, color.NRGBA64Model, 5200),
		"8 bits":            flat(t, color.NRGBAModel, 7200),
		"wider than high":   widened(flat(t, color.GrayModel, 64), 1<<30, 1),
		"said to be huge":   widened(flat(t, color.GrayModel, 64), 60000, 60000),
		"many passes":       append(bytes.Clone(plain[:cut]), bytes.Repeat(plain[cut:len(plain)-2], 40)...),
		"progressive":       scaled(append(bytes.Clone(plain[:cut]), bytes.Repeat(plain[cut:len(plain)-2], 3)...), 6000, 6000),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, _, err := Cleaned(t.Context(), data)
			runtime.ReadMemStats(&after)
			var e *models.Error
			if !errors.As(err, &e) || e.Reason != "farmer.picture_too_large" {
				t.Errorf("%d bytes: %v", len(data), err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
				t.Errorf("%d MiB were taken to refuse it", took>>20)
			}
		})
	}
	for name, data := range map[string][]byte{"grey": flat(t, color.GrayModel, 2000), "16 bits grey": flat(t, color.Gray16Model, 800), "colours": flat(t, color.NRGBAModel, 1200), "photo": plain} {
		if out, w, h, err := Cleaned(t.Context(), data); err != nil || w != h || len(out) == 0 {
			t.Errorf("%s: %d × %d, %v", name, w, h, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := Cleaned(gone, plain); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits for it any more: %v", err)
	}
}

// widened is a PNG whose head says another size; its checksum is not looked at before the size is.
func widened(data []byte, width, height uint32) []byte {
	data = bytes.Clone(data)
	for i := range 4 {
		data[16+i], data[20+i] = byte(width>>(24-8*i)), byte(height>>(24-8*i))
	}
	sum := crc32.ChecksumIEEE(data[12:29])
	for i := range 4 {
		data[29+i] = byte(sum >> (24 - 8*i))
	}
	return data
}

// scaled is a JPEG whose frame says another size.
func scaled(data []byte, width, height uint16) []byte {
	data = bytes.Clone(data)
	at := bytes.Index(data, []byte{0xFF, 0xC0})
	data[at+5], data[at+6], data[at+7], data[at+8] = byte(height>>8), byte(height), byte(width>>8), byte(width)
	return data
}
