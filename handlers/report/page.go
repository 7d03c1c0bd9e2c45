package report

import (
	"bytes"
	"context"
	"strings"

	"xinyi/handlers/api"
	"xinyi/handlers/paper"
)

// verifyPage answers who scanned the code on a paper with a phone.
func (h Handler) verifyPage(ctx context.Context, rq api.Request, in api.VerifyRequest) (api.Download, error) {
	v, err := h.verify(ctx, rq, in)
	if err != nil {
		return api.Download{}, err
	}
	var names []string
	for _, s := range v.Sections {
		names = append(names, s.Name)
	}
	text := func(key string) string { return api.Say("report."+key, rq.Lang, nil) }
	between := "、"
	if rq.Lang == "en" {
		between = ", "
	}
	page := paper.PageView{
		Lang: rq.Lang, Title: text("verify." + string(v.State)), At: paper.ExportText(v.Checked.Format("2006-01-02T15:04:05Z07:00"), rq.Lang), Note: text("verify_note"),
		Sections: []paper.Section{{Title: text("title." + string(v.Kind)), Items: [][]paper.ExportRow{{
			{Label: text("no"), Value: v.No},
			{Label: text("subject"), Value: v.Name},
			{Label: text("covered"), Value: string(v.From) + " — " + string(v.To)},
			{Label: text("covers"), Value: strings.Join(names, between)},
			{Label: text("issued"), Value: paper.ExportText(v.At.Format("2006-01-02T15:04:05Z07:00"), rq.Lang)},
			{Label: text("until"), Value: string(v.Until)},
			{Label: text("hash"), Value: v.Hash},
		}}}},
	}
	var out bytes.Buffer
	err = paper.ExportTemplate.Execute(&out, page)
	return api.Download{Kind: "text/html; charset=utf-8", Body: out.Bytes()}, err
}
