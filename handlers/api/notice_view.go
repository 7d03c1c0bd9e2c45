package api

import (
	"xinyi/models"
	"xinyi/models/notice"
)

// A PublicNoticeView is a public notice with its lines, for anybody.
type PublicNoticeView struct {
	ID     string           `json:"id"`
	About  string           `json:"about" description:"farmer.household: households proposed as credit households"`
	Title  string           `json:"title"`
	Region models.Region    `json:"region"`
	State  notice.State     `json:"state"`
	Opened models.Day       `json:"opened"`
	Closes models.Day       `json:"closes" description:"The last day"`
	Lines  []noticeLineView `json:"lines,omitempty"`
}

type noticeLineView struct {
	Ref   string           `json:"ref"`
	Label string           `json:"label" description:"Masked"`
	Text  string           `json:"text"`
	State notice.LineState `json:"state"`

	Outcome string `json:"outcome,omitempty" description:"What was decided in the end"`
}

// ViewPublicNotice shows a notice to anybody.
func ViewPublicNotice(n *notice.Notice) PublicNoticeView {
	v := NoticeHead(n)
	for _, l := range n.Lines {
		v.Lines = append(v.Lines, noticeLineView{l.Ref, l.Label, l.Text, l.State, l.Outcome})
	}
	return v
}

// NoticeHead shows what a notice says of itself, without its lines.
func NoticeHead(n *notice.Notice) PublicNoticeView {
	return PublicNoticeView{ID: n.ID, About: n.About, Title: n.Title, Region: n.Region, State: n.State, Opened: n.Opened, Closes: n.Closes}
}
