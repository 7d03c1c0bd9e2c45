package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-json-experiment/json"

	"xinyi/handlers/api"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/report"
)

// Measures of the page in millimetres, and its colours.
const (
	sideMargin, topMargin = 18.0, 16.0
	pageWidth             = 210 - 2*sideMargin
	lineHeight            = 6.0
	labelWidth            = 42.0
	qrSize                = 34.0
)

// PrintReport draws the content of a report on A4. The same content gives the same bytes.
func PrintReport(content []byte, hash, lang string) ([]byte, error) {
	var c reportContent
	if err := json.Unmarshal(content, &c); err != nil {
		return nil, err
	}
	face, err := paper.Noto()
	if err != nil {
		return nil, err
	}
	p := sheet{fpdf.New("P", "mm", "A4", ""), lang, c, hash}
	p.SetCreationDate(c.At)
	p.SetModificationDate(c.At)
	p.SetCatalogSort(true)
	p.SetProducer("Xinyi", true)
	p.SetTitle(p.say("title."+string(c.Kind))+" "+c.No, true)
	p.SetMargins(sideMargin, topMargin, sideMargin)
	p.SetAutoPageBreak(true, 20)
	p.AddUTF8FontFromBytes("noto", "", face)
	p.AliasNbPages("{nb}")
	p.SetFooterFunc(p.foot)
	p.AddPage()
	p.cover()
	p.summary()
	for _, s := range c.Sections {
		p.section(s)
	}
	p.notes()
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, err
	}
	return paper.Say(out.Bytes(), c.checked())
}

// sheet is a report being drawn.
type sheet struct {
	*fpdf.Fpdf
	lang    string
	content reportContent
	hash    string
}

func (p sheet) say(key string) string { return api.Say("report."+key, p.lang, nil) }

// size sets the size of letters in points, and ink their colour.
func (p sheet) size(points float64) { p.SetFont("noto", "", points) }

func (p sheet) ink(r, g, b int) { p.SetTextColor(r, g, b) }

func (p sheet) foot() {
	p.SetY(-14)
	p.size(8)
	p.ink(110, 118, 128)
	p.CellFormat(pageWidth/2, 5, p.content.No, "", 0, "L", false, 0, "")
	p.CellFormat(pageWidth/2, 5, api.Say("report.page", p.lang, map[string]string{"n": fmt.Sprint(p.PageNo()), "all": "{nb}"}), "", 0, "R",
		false, 0, "")
}

// cover is the head of the first page: whose report it is, what it covers, how long it holds, and how to check it.
func (p sheet) cover() {
	c := p.content
	p.ink(20, 84, 63)
	p.size(20)
	p.CellFormat(pageWidth, 12, p.say("title."+string(c.Kind)), "", 1, "C", false, 0, "")
	p.ink(90, 98, 108)
	p.size(9)
	p.MultiCell(pageWidth, 5, p.say("under."+string(c.Kind)), "", "C", false)
	p.Ln(4)
	top := p.GetY()
	p.code(sideMargin+pageWidth-qrSize, top)
	for _, line := range [][2]string{
		{p.say("no"), c.No},
		{p.say("subject." + string(c.Subject.Kind)), c.Subject.Name},
		{p.say("code." + string(c.Subject.Kind)), c.Subject.Code},
		{p.say("covered"), p.day(c.From) + " — " + p.day(c.To)},
		{p.say("issued"), c.At.In(models.Shanghai).Format("2006-01-02 15:04:05")},
		{p.say("until"), p.day(c.Until)},
		{p.say("check"), c.Code},
	} {
		p.pair(line[0], line[1], pageWidth-qrSize-6)
	}
	p.SetY(max(p.GetY(), top+qrSize+8) + 2)
}

// code draws the QR code that says where the report is checked.
func (p sheet) code(x, y float64) {
	square, err := paper.QrPNG(p.content.URL)
	if err != nil {
		p.SetError(err)
		return
	}
	p.RegisterImageOptionsReader("qr", fpdf.ImageOptions{ImageType: "png"}, bytes.NewReader(square))
	p.ImageOptions("qr", x, y, qrSize, qrSize, false, fpdf.ImageOptions{ImageType: "png"}, 0, "")
	p.SetXY(x-4, y+qrSize+0.5)
	p.size(8)
	p.ink(90, 98, 108)
	p.CellFormat(qrSize+8, 5, p.say("scan"), "", 0, "C", false, 0, "")
	p.SetXY(sideMargin, y)
}

// pair writes a label and what it is, over as many lines as that takes.
func (p sheet) pair(label, text string, width float64) {
	p.size(10)
	lines := max(len(p.SplitText(text, width-labelWidth)), 1)
	if _, height := p.GetPageSize(); p.GetY()+float64(lines)*lineHeight > height-20 && lines < 30 {
		p.AddPage()
	}
	y := p.GetY()
	p.ink(90, 98, 108)
	p.SetX(sideMargin)
	p.MultiCell(labelWidth-2, lineHeight, label, "", "L", false)
	after := p.GetY()
	p.SetXY(sideMargin+labelWidth, y)
	p.ink(24, 30, 38)
	p.MultiCell(width-labelWidth, lineHeight, text, "", "L", false)
	p.SetY(max(after, p.GetY()))
}

// head begins a part of the page.
func (p sheet) head(text string) {
	if _, height := p.GetPageSize(); p.GetY() > height-50 {
		p.AddPage()
	}
	p.Ln(3)
	p.SetFillColor(228, 240, 235)
	p.ink(20, 84, 63)
	p.size(12)
	p.CellFormat(pageWidth, 8, " "+text, "", 1, "L", true, 0, "")
	p.Ln(1.5)
}

// summary counts what each part shows.
func (p sheet) summary() {
	p.head(p.say("summary"))
	for i, s := range p.content.Sections {
		p.size(10)
		p.ink(24, 30, 38)
		x := sideMargin + float64(i%2)*pageWidth/2
		p.SetX(x)
		p.CellFormat(pageWidth/2-24, lineHeight, s.In(p.lang), "", 0, "L", false, 0, "")
		end := 0
		if i%2 == 1 || i == len(p.content.Sections)-1 {
			end = 1
		}
		p.CellFormat(22, lineHeight, p.count(s), "", end, "R", false, 0, "")
	}
}

func (p sheet) count(s section) string {
	switch {
	case !s.Connected:
		return p.say("unconnected")
	case len(s.Rows) == 0:
		return p.say("none")
	}
	return api.Say("report.rows", p.lang, map[string]string{"n": fmt.Sprint(len(s.Rows))})
}

func (p sheet) section(s section) {
	p.head(s.In(p.lang))
	if len(s.Rows) == 0 {
		text := p.say("nothing")
		if !s.Connected {
			text = p.say("unconnected_why")
		}
		p.size(10)
		p.ink(24, 30, 38)
		p.MultiCell(pageWidth, lineHeight, text, "", "L", false)
		return
	}
	for i, r := range s.Rows {
		p.row(i+1, r)
	}
}

// row writes one record.
func (p sheet) row(n int, r reportRow) {
	if _, height := p.GetPageSize(); p.GetY() > height-52 {
		p.AddPage()
	}
	p.size(10.5)
	p.ink(20, 84, 63)
	p.MultiCell(pageWidth, lineHeight+0.5, fmt.Sprintf("%d. %s  %s", n, r.In(p.lang), r.Document), "", "L", false)
	if r.Mark != "" {
		p.size(10)
		p.ink(176, 74, 16)
		p.MultiCell(pageWidth, lineHeight, api.Say("report.mark."+r.Mark, p.lang, map[string]string{"on": p.day(r.MarkedOn)}), "", "L", false)
	}
	p.pair(p.say("unit"), r.Unit, pageWidth)
	p.pair(p.say("decided"), p.day(r.DecidedOn), pageWidth)
	if r.Severity != "" {
		p.pair(p.say("severity"), p.say("severity."+string(r.Severity)), pageWidth)
	}
	if r.EndsOn != "" && r.Mark != "REPAIRED" {
		p.pair(p.say("ends"), p.day(r.EndsOn), pageWidth)
	}
	for _, v := range r.Values {
		if v.Text != r.Document {
			p.pair(v.Heading, v.Text, pageWidth)
		}
	}
	p.SetDrawColor(220, 226, 231)
	y := p.GetY() + 1.2
	p.Line(sideMargin, y, sideMargin+pageWidth, y)
	p.SetY(y + 1.8)
}

// notes say what the report is, how it is checked, and what to do about what is wrong.
func (p sheet) notes() {
	p.head(p.say("notes"))
	p.size(9)
	p.ink(60, 68, 78)
	key := "notes_credit"
	if p.content.Kind == report.Special {
		key = "notes_special"
	}
	for i, line := range strings.Split(p.say(key)+"\n"+p.say("notes_all"), "\n") {
		p.MultiCell(pageWidth, 5.2, fmt.Sprintf("%d. %s", i+1, line), "", "L", false)
	}
	p.Ln(1)
	p.size(8)
	p.ink(110, 118, 128)
	p.MultiCell(pageWidth, 4.6, p.say("hash")+" "+p.hash+"\n"+p.content.URL, "", "L", false)
}

// day writes a day as the language does.
func (p sheet) day(d models.Day) string {
	if p.lang == "en" || len(d) != 10 {
		return string(d)
	}
	return string(d[:4]) + "年" + string(d[5:7]) + "月" + string(d[8:]) + "日"
}
