package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png"
	"io"
	"net/http"

	"golang.org/x/sync/semaphore"

	"xinyi/models"
)

// The bounds of a picture.
const (
	mostPixels   = 40_000_000 // of a picture
	mostUnpacked = 192 << 20  // bytes a picture takes up while it is unpacked and turned
	mostScans    = 32         // passes over its pixels
	photoQuality = 85
)

// unpacking lets two pictures at a time be unpacked: many at once would multiply what one may take up.
var unpacking = semaphore.NewWeighted(2)

// Cleaned is a picture made anew from its pixels, the right way up: where it was taken, with what, and whatever else a camera or a
// program noted stays behind. Nothing is unpacked before what it takes up is known from its head.
//
// Errors: Invalid "farmer.no_picture", "farmer.picture_too_large"; that of ctx, at which unpacking stops.
func Cleaned(ctx context.Context, data []byte) (out []byte, width, height int, err error) {
	kind := http.DetectContentType(data)
	bad := models.Bad("", "picture", "farmer.no_picture")
	if kind != "image/jpeg" && kind != "image/png" {
		return nil, 0, 0, bad
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || head.Width <= 0 || head.Height <= 0 {
		return nil, 0, 0, bad
	}
	if head.Width > mostPixels/head.Height || unpacked(data, head) > mostUnpacked || scans(data) > mostScans {
		return nil, 0, 0, models.Bad("", "picture_size", "farmer.picture_too_large")
	}
	if err := unpacking.Acquire(ctx, 1); err != nil {
		return nil, 0, 0, err
	}
	defer unpacking.Release(1)
	pixels, _, err := image.Decode(&whileWanted{ctx, bytes.NewReader(data)})
	if ctx.Err() != nil {
		return nil, 0, 0, ctx.Err()
	}
	if err != nil {
		return nil, 0, 0, bad
	}
	pixels = upright(pixels, orientation(data))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, pixels, &jpeg.Options{Quality: photoQuality}); err != nil {
		return nil, 0, 0, models.E(models.Internal, "internal", err)
	}
	size := pixels.Bounds()
	return b.Bytes(), size.Dx(), size.Dy(), nil
}

// whileWanted reads until nobody waits for it any more.
type whileWanted struct {
	ctx context.Context
	io.Reader
}

func (r *whileWanted) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// unpacked is how many bytes a picture takes up at most while it is made anew: its pixels as they are kept, what a picture in several
// passes keeps besides, and the copy that is turned.
func unpacked(data []byte, head image.Config) int64 {
	each := int64(4)
	switch head.ColorModel {
	case color.NRGBA64Model, color.RGBA64Model:
		each = 8
	case color.Gray16Model:
		each = 2
	case color.GrayModel:
		each = 1
	case color.YCbCrModel:
		each = 3
	}
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG")):
		if len(data) > 28 && data[28] != 0 { // interlaced: its passes are put together
			each *= 2
		}
	case scans(data) > 1: // the parts of a progressive JPEG wait for each other, four bytes each
		each += 3 * 4
	}
	if orientation(data) != 1 {
		each += 4
	}
	return each * int64(head.Width) * int64(head.Height)
}

// scans counts the passes of a JPEG over its pixels, and as 1 those of any other picture.
func scans(data []byte) int {
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		return 1
	}
	return max(1, bytes.Count(data, []byte{0xFF, 0xDA}))
}

// orientation is what a JPEG's Exif says of which way up it is, 1 to 8; 1 when it says nothing (Exif 2.3, tag 0x0112).
func orientation(data []byte) int {
	for at := 2; at+4 <= len(data) && data[at] == 0xFF; {
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(data) || data[at+1] == 0xDA {
			return 1
		}
		if body := data[at+4 : end]; data[at+1] == 0xE1 && len(body) > 14 && string(body[:6]) == "Exif\x00\x00" {
			return turned(body[6:])
		}
		at = end
	}
	return 1
}

// turned reads the tag from the TIFF inside.
func turned(tiff []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	first := int(order.Uint32(tiff[4:]))
	if first < 8 || first+2 > len(tiff) {
		return 1
	}
	for n, at := int(order.Uint16(tiff[first:])), first+2; n > 0 && at+12 <= len(tiff); n, at = n-1, at+12 {
		if order.Uint16(tiff[at:]) == 0x0112 {
			if o := int(order.Uint16(tiff[at+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

// upright turns and mirrors a picture as its orientation says.
func upright(in image.Image, o int) image.Image {
	b := in.Bounds()
	w, h := b.Dx(), b.Dy()
	if o == 1 {
		return in
	}
	size := image.Rect(0, 0, w, h)
	if o >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	place := turns[o]
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := place(x, y, w-1, h-1)
			out.Set(tx, ty, in.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}

// turns say where a pixel goes; right and low are the last column and row of the picture as it is stored.
var turns = map[int]func(x, y, right, low int) (int, int){
	2: func(x, y, right, _ int) (int, int) { return right - x, y },
	3: func(x, y, right, low int) (int, int) { return right - x, low - y },
	4: func(x, y, _, low int) (int, int) { return x, low - y },
	5: func(x, y, _, _ int) (int, int) { return y, x },
	6: func(x, y, _, low int) (int, int) { return low - y, x },
	7: func(x, y, right, low int) (int, int) { return low - y, right - x },
	8: func(x, y, right, _ int) (int, int) { return y, right - x },
}
