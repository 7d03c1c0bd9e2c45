package credential

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/text/encoding/simplifiedchinese"

	"xinyi/handlers/api"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/credential"
)

// serifGz is Noto Serif SC SemiBold (SIL Open Font License 1.1, fonts/OFL-NotoSerifSC.txt), the characters of GB/T 2312 and of
// Latin alone: what has a rarer one is set in Noto Sans.
//
//go:embed fonts/NotoSerifSC-SemiBold.ttf.gz
var serifGz []byte

// serif unpacks the typeface once, 3 MB.
var serif = sync.OnceValues(func() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(serifGz))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
})

// inSerif says whether the serif typeface has every character of a text.
func inSerif(text string) bool {
	_, err := simplifiedchinese.HZGB2312.NewEncoder().String(strings.Map(func(r rune) rune {
		if r >= 0xA0 && r < 0x100 || r == '〇' {
			return 'a'
		}
		return r
	}, text))
	return err == nil
}

// Measures of a certificate in millimetres: A4 across.
const (
	paperWidth, paperHeight = 297.0, 210.0
	centre                  = paperWidth / 2
	codeSize                = 25.0
)

// An rgb is a colour.
type rgb [3]int

var (
	ivory    = rgb{254, 252, 246}
	paleGold = rgb{238, 226, 196}
	gold     = rgb{173, 137, 64}
	crimson  = rgb{158, 27, 38}
	ink      = rgb{38, 34, 30}
	grey     = rgb{112, 104, 92}
)

// PrintCertificate draws the honour a credential attests: something to hang on a wall. The same credential gives the same bytes.
func PrintCertificate(c *credential.Credential, url, lang string) ([]byte, error) {
	sans, err := paper.Noto()
	if err != nil {
		return nil, err
	}
	face, err := serif()
	if err != nil {
		return nil, err
	}
	p := diploma{fpdf.New("L", "mm", "A4", ""), lang, c}
	p.SetCreationDate(c.At)
	p.SetModificationDate(c.At)
	p.SetCatalogSort(true)
	p.SetProducer("Xinyi", true)
	p.SetTitle(p.say("certificate")+" "+c.Facts.No, true)
	p.SetMargins(0, 0, 0)
	p.SetAutoPageBreak(false, 0)
	p.AddUTF8FontFromBytes("noto", "", sans)
	p.AddUTF8FontFromBytes("serif", "", face)
	p.AddPage()
	p.ground()
	p.frame()
	p.heading()
	p.honour()
	p.foot(url)
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, err
	}
	return paper.Say(out.Bytes(), paper.Checked{
		No: c.Facts.No, Kind: "CERTIFICATE", Subject: c.Name.Reveal(), From: string(c.Facts.Since), To: string(c.Facts.Until),
		At: c.At.UTC().Format(time.RFC3339), Until: string(c.Facts.Until), URL: url,
	})
}

// diploma is a certificate being drawn.
type diploma struct {
	*fpdf.Fpdf
	lang string
	c    *credential.Credential
}

func (p diploma) say(key string) string { return api.Say("credential."+key, p.lang, nil) }

// set picks a typeface that has every character, its size in points and a colour.
func (p diploma) set(text string, points float64, c rgb) {
	face := "serif"
	if !inSerif(text) {
		face = "noto"
	}
	p.SetFont(face, "", points)
	p.SetTextColor(c[0], c[1], c[2])
}

func (p diploma) pen(c rgb, width float64) {
	p.SetDrawColor(c[0], c[1], c[2])
	p.SetLineWidth(width)
}

// ground is ivory with a rosette that lies under the text.
func (p diploma) ground() {
	p.SetFillColor(ivory[0], ivory[1], ivory[2])
	p.Rect(0, 0, paperWidth, paperHeight, "F")
	p.pen(rgb{246, 238, 219}, 0.18)
	for turn := 0.0; turn < 180; turn += 5 {
		p.Ellipse(centre, 104, 58, 21, turn, "D")
	}
	p.pen(rgb{246, 238, 219}, 0.4)
	p.Circle(centre, 104, 21, "D")
	p.Circle(centre, 104, 58.6, "D")
	p.Circle(centre, 104, 60, "D")
}

// frame is a band woven of two waves between lines, with a flower in each corner.
func (p diploma) frame() {
	p.pen(gold, 0.9)
	p.Rect(9, 9, paperWidth-18, paperHeight-18, "D")
	p.pen(gold, 0.25)
	p.Rect(10.6, 10.6, paperWidth-21.2, paperHeight-21.2, "D")
	p.pen(gold, 0.35)
	p.Rect(17, 17, paperWidth-34, paperHeight-34, "D")
	p.pen(gold, 0.3)
	p.band(22, 13.8, paperWidth-44, 0)
	p.band(22, paperHeight-13.8, paperWidth-44, 0)
	p.band(13.8, 22, 0, paperHeight-44)
	p.band(paperWidth-13.8, 22, 0, paperHeight-44)
	for _, x := range []float64{13.8, paperWidth - 13.8} {
		for _, y := range []float64{13.8, paperHeight - 13.8} {
			p.flower(x, y)
		}
	}
}

// band weaves two waves along a line.
func (p diploma) band(x, y, w, h float64) {
	const high, step = 1.5, 0.5
	length := w + h
	waves := math.Round(length / 9)
	for _, phase := range []float64{0, math.Pi} {
		for d := 0.0; d < length; d += step {
			a := high * math.Sin(phase+d/length*waves*2*math.Pi)
			e := min(d+step, length)
			b := high * math.Sin(phase+e/length*waves*2*math.Pi)
			if w > 0 {
				p.Line(x+d, y+a, x+e, y+b)
			} else {
				p.Line(x+a, y+d, x+b, y+e)
			}
		}
	}
}

// flower is eight petals around a dot.
func (p diploma) flower(x, y float64) {
	p.SetFillColor(paleGold[0], paleGold[1], paleGold[2])
	p.pen(gold, 0.25)
	for turn := 0.0; turn < 180; turn += 45 {
		p.Ellipse(x, y, 4.2, 1.3, turn, "FD")
	}
	p.SetFillColor(crimson[0], crimson[1], crimson[2])
	p.Circle(x, y, 0.9, "F")
}

// spaced writes a text around the centre, with room between its letters, in millimetres.
func (p diploma) spaced(y float64, text string, room float64) {
	width := -room
	for _, r := range text {
		width += p.GetStringWidth(string(r)) + room
	}
	x := centre - width/2
	for _, r := range text {
		p.Text(x, y, string(r))
		x += p.GetStringWidth(string(r)) + room
	}
}

// middle writes a text around the centre, smaller when it is too wide.
func (p diploma) middle(y float64, text string, points float64, c rgb, most float64) float64 {
	p.set(text, points, c)
	for points > 9 && p.GetStringWidth(text) > most {
		points--
		p.set(text, points, c)
	}
	width := p.GetStringWidth(text)
	p.Text(centre-width/2, y, text)
	return width
}

// heading says what it is.
func (p diploma) heading() {
	p.set("荣誉证书", 46, crimson)
	p.spaced(48, "荣誉证书", 9)
	p.set("A", 11, gold)
	p.spaced(57.5, "CERTIFICATE OF HONOUR", 1.6)
	p.divider(63.5, 46)
}

// divider is a line with a diamond in its middle.
func (p diploma) divider(y, half float64) {
	p.pen(gold, 0.3)
	p.Line(centre-half, y, centre-4, y)
	p.Line(centre+4, y, centre+half, y)
	p.SetFillColor(gold[0], gold[1], gold[2])
	p.Polygon([]fpdf.PointType{{X: centre - 2, Y: y}, {X: centre, Y: y - 1.3}, {X: centre + 2, Y: y}, {X: centre, Y: y + 1.3}}, "F")
}

// honour says to whom, what and why.
func (p diploma) honour() {
	name := p.c.Name.Reveal()
	width := p.middle(81, name, 30, ink, 220)
	p.pen(gold, 0.35)
	p.Line(centre-width/2-8, 85.5, centre+width/2+8, 85.5)
	p.middle(96.5, p.say("certificate_line"), 14, grey, 220)
	title := p.c.Facts.Title.In(p.lang)
	if p.lang == "zh" {
		title = "“" + title + "”"
	}
	p.middle(113, title, 31, crimson, 230)
	p.middle(121.5, p.say("certificate_level."+strconv.Itoa(p.c.Facts.Level)), 11, gold, 200)
	p.deed()
}

// deed is what it is for, on at most two lines.
func (p diploma) deed() {
	deed := p.c.Facts.Deed
	if deed == "" {
		return
	}
	p.set(deed, 12.5, ink)
	lines := p.wrapped(deed, 176)
	if len(lines) > 2 {
		short := []rune(lines[1])
		lines = []string{lines[0], strings.TrimRight(string(short[:max(len(short)-2, 0)]), "，。；、 ") + "……"}
	}
	for i, line := range lines {
		p.middle(133.5+7*float64(i), line, 12.5, ink, 190)
	}
}

// wrapped is a text in lines of at most a width: broken between Chinese characters, but before no mark that ends something, and
// between Latin words.
func (p diploma) wrapped(text string, most float64) []string {
	var lines []string
	rest := []rune(text)
	for len(rest) > 0 {
		n, width := 0, 0.0
		for n < len(rest) {
			if width += p.GetStringWidth(string(rest[n])); width > most {
				break
			}
			n++
		}
		end := max(n, 1)
		for end < len(rest) && end > 1 && (latin(rest[end-1]) && latin(rest[end]) || strings.ContainsRune("，。；、：！？”）》", rest[end])) {
			end--
		}
		if end == 1 { // one word without an end
			end = max(n, 1)
		}
		lines = append(lines, strings.TrimSpace(string(rest[:end])))
		rest = rest[end:]
	}
	return lines
}

func latin(r rune) bool { return r > ' ' && r < 0x250 }

// foot says who gives it and when, what number it has, and where it is checked.
func (p diploma) foot(url string) {
	const left, top = 30.0, 153.0
	p.pen(gold, 0.3)
	p.SetFillColor(255, 255, 255)
	p.Rect(left-1.6, top-1.6, codeSize+3.2, codeSize+3.2, "FD")
	p.code(url, left, top)
	y := top + 2.6
	for _, line := range [][2]string{
		{p.say("claim.number"), p.c.Facts.No},
		{p.say("certificate_until"), p.day(p.c.Facts.Since) + p.say("certificate_to") + p.day(p.c.Facts.Until)},
	} {
		p.set(line[0], 9, grey)
		p.Text(left+codeSize+6, y, line[0])
		p.set(line[1], 10.5, ink)
		p.Text(left+codeSize+6, y+4.9, line[1])
		y += 11
	}
	p.set(p.say("certificate_scan"), 8.5, grey)
	p.Text(left+codeSize+6, top+codeSize+0.6, p.say("certificate_scan"))
	p.right(top+11, p.c.Facts.Unit, 17, ink)
	p.right(top+21.5, p.written(p.c.Facts.Since), 13.5, ink)
}

// right writes a text that is centred on the right side.
func (p diploma) right(y float64, text string, points float64, c rgb) {
	const at, most = 229.0, 84.0
	p.set(text, points, c)
	for points > 9 && p.GetStringWidth(text) > most {
		points -= 0.5
		p.set(text, points, c)
	}
	p.Text(at-p.GetStringWidth(text)/2, y, text)
}

// code draws the QR code that says where it is checked.
func (p diploma) code(url string, x, y float64) {
	square, err := paper.QrPNG(url)
	if err != nil {
		p.SetError(err)
		return
	}
	p.RegisterImageOptionsReader("qr", fpdf.ImageOptions{ImageType: "png"}, bytes.NewReader(square))
	p.ImageOptions("qr", x, y, codeSize, codeSize, false, fpdf.ImageOptions{ImageType: "png"}, 0, "")
}

// day writes a day in figures.
func (p diploma) day(d models.Day) string {
	if p.lang == "en" || len(d) != 10 {
		return string(d)
	}
	return string(d[:4]) + "年" + strings.TrimPrefix(string(d[5:7]), "0") + "月" + strings.TrimPrefix(string(d[8:]), "0") + "日"
}

var (
	figures = []rune("〇一二三四五六七八九")
	months  = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
		"December"}
)

// written writes a day in words, as a certificate is dated: 二〇二六年十一月二十四日.
func (p diploma) written(d models.Day) string {
	t := d.Start().In(models.Shanghai)
	if p.lang == "en" {
		return t.Format("2 ") + months[t.Month()-1] + t.Format(" 2006")
	}
	var year strings.Builder
	for _, r := range t.Format("2006") {
		year.WriteRune(figures[r-'0'])
	}
	return year.String() + "年" + tens(int(t.Month())) + "月" + tens(t.Day()) + "日"
}

// tens writes 1 to 99 in words.
func tens(n int) string {
	text := ""
	if n >= 20 {
		text = string(figures[n/10])
	}
	if n >= 10 {
		text += "十"
	}
	if n%10 > 0 {
		text += string(figures[n%10])
	}
	return text
}
