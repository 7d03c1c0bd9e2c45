package file

import (
	"xinyi/models/consent"
)

type ScopeView struct {
	Code       string `json:"code"`
	Name       string `json:"name" personal:"false"`
	Restricted bool   `json:"restricted,omitzero" description:"Needs the notice of adverse consequences and written consent besides"`
}

type TextView struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Hash    string `json:"hash" description:"SHA-256 of the text in both languages"`
	Text    string `json:"text"`
}

func ViewText(t consent.Text, lang string) TextView {
	return TextView{t.ID, t.Version, t.Hash(), t.Words.In(lang)}
}

func ViewScope(code, lang string) ScopeView {
	s, ok := consent.Scopes[code]
	if !ok {
		return ScopeView{Code: code, Name: code}
	}
	return ScopeView{code, s.In(lang), s.Restricted}
}
