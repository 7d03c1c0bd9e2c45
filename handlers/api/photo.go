package api

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	_ "image/png"
	"net/http"

	"xinyi/models"
)

// The bounds of a picture.
const (
	mostPixels   = 40_000_000 // a picture is unpacked in memory, four bytes a pixel
	photoQuality = 85
)

// Cleaned is a picture made anew from its pixels, the right way up: where it was taken, with what, and whatever else a camera or a
// program noted stays behind. Errors: Invalid "farmer.no_picture", "farmer.picture_too_large".
func Cleaned(data []byte) (out []byte, width, height int, err error) {
	kind := http.DetectContentType(data)
	bad := models.Bad("", "picture", "farmer.no_picture")
	if kind != "image/jpeg" && kind != "image/png" {
		return nil, 0, 0, bad
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || head.Width <= 0 || head.Height <= 0 {
		return nil, 0, 0, bad
	}
	if head.Width > mostPixels/head.Height {
		return nil, 0, 0, models.Bad("", "picture_size", "farmer.picture_too_large")
	}
	pixels, _, err := image.Decode(bytes.NewReader(data))
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
