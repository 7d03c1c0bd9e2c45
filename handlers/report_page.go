package handlers

import (
	"bytes"
	"context"
	"strings"
)

// verifyPage answers who scanned the code on a paper with a phone.
func (h Report) verifyPage(ctx context.Context, rq Request, in verifyRequest) (download, error) {
	v, err := h.verify(ctx, rq, in)
	if err != nil {
		return download{}, err
	}
	var names []string
	for _, s := range v.Sections {
		names = append(names, s.Name)
	}
	text := func(key string) string { return say("report."+key, rq.Lang, nil) }
	between := "、"
	if rq.Lang == "en" {
		between = ", "
	}
	page := exportPageView{
		Lang: rq.Lang, Title: text("verify." + string(v.State)), At: exportText(v.Checked.Format("2006-01-02T15:04:05Z07:00"), rq.Lang), Note: text("verify_note"),
		Sections: []exportSection{{Title: text("title." + string(v.Kind)), Items: [][]exportRow{{
			{Label: text("no"), Value: v.No},
			{Label: text("subject"), Value: v.Name},
			{Label: text("covered"), Value: string(v.From) + " — " + string(v.To)},
			{Label: text("covers"), Value: strings.Join(names, between)},
			{Label: text("issued"), Value: exportText(v.At.Format("2006-01-02T15:04:05Z07:00"), rq.Lang)},
			{Label: text("until"), Value: string(v.Until)},
			{Label: text("hash"), Value: v.Hash},
		}}}},
	}
	var out bytes.Buffer
	err = exportTemplate.Execute(&out, page)
	return download{"text/html; charset=utf-8", out.Bytes()}, err
}
