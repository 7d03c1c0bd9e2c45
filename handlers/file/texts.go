package file

import (
	"xinyi/models/consent"
)

// A ScopeView is a scope of a consent, in words.
type ScopeView struct {
	Code       string `json:"code"`
	Name       string `json:"name" personal:"false"`
	Restricted bool   `json:"restricted,omitzero" description:"Needs the notice of adverse consequences and written consent besides"`
}

// A TextView is a text somebody agrees to, with its version and hash.
type TextView struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Hash    string `json:"hash" description:"SHA-256 of the text in both languages"`
	Text    string `json:"text"`
}

// ViewText shows a text in a language.
func ViewText(t consent.Text, lang string) TextView {
	return TextView{t.ID, t.Version, t.Hash(), t.Words.In(lang)}
}

// ViewScope shows a scope in a language.
func ViewScope(code, lang string) ScopeView {
	s, ok := consent.Scopes[code]
	if !ok {
		return ScopeView{Code: code, Name: code}
	}
	return ScopeView{code, s.In(lang), s.Restricted}
}
