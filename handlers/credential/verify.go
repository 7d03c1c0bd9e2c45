package credential

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/credential"
	"xinyi/store"
)

type verifyCredentialRequest struct {
	Token string `json:"token,omitempty" text:"raw" validate:"max=16384" description:"A compact SD-JWT; or"`
	Code  string `json:"code,omitempty" validate:"max=64" description:"the code on a paper"`
}

// disclosedView is what a holder chose to show; what is absent was not shown.
type disclosedView struct {
	Name   string            `json:"name,omitempty"`
	USCC   string            `json:"uscc,omitempty"`
	Deed   string            `json:"deed,omitempty"`
	Region *credential.Place `json:"region,omitempty"`
	Unit   string            `json:"unit,omitempty"`
}

// checkedView is all that somebody who was shown a credential is told.
type checkedView struct {
	Genuine bool   `json:"genuine" description:"We signed it and nothing in it was altered"`
	Fault   string `json:"fault,omitempty" enum:"MALFORMED,FOREIGN_KEY,ALTERED,FORGED_CLAIM,UNKNOWN_CODE"`
	Why     string `json:"why,omitempty"`

	Issuer string            `json:"issuer,omitempty"`
	Key    string            `json:"key,omitempty" description:"Id of the seal that signed it, of GET /v1/seals and /.well-known/jwt-vc-issuer"`
	Type   string            `json:"type,omitempty"`
	Kind   credential.Kind   `json:"kind,omitempty"`
	No     string            `json:"number,omitempty"`
	Title  string            `json:"title,omitempty"`
	Level  int               `json:"level,omitempty"`
	Since  models.Day        `json:"validFrom,omitempty"`
	Until  models.Day        `json:"validUntil,omitempty"`
	At     *time.Time        `json:"issuedAt,omitempty"`
	Status credential.Status `json:"status,omitempty" description:"UNKNOWN: do not go by it"`

	Checked time.Time     `json:"statusCheckedAt"`
	Fresh   time.Time     `json:"freshUntil" description:"Whoever keeps this answer asks again after that"`
	Shown   disclosedView `json:"disclosed"`
}

func (h Handler) verify(ctx context.Context, rq api.Request, in verifyCredentialRequest) (checkedView, error) {
	switch {
	case (in.Token == "") == (in.Code == ""):
		return checkedView{}, models.Bad("/token", "one_of_two", "credential.one_of_two")
	case in.Code != "":
		v, err := h.verifyCode(ctx, rq, api.VerifyRequest{Code: in.Code})
		if errors.Is(err, models.NotFound) {
			return h.refused(rq, "UNKNOWN_CODE"), nil
		}
		return v, err
	}
	seen, err := credential.Check(strings.TrimSpace(in.Token), h.Seals)
	if err != nil {
		return h.refused(rq, faultOf(err)), nil
	}
	v := h.checked(rq)
	at := time.Unix(seen.Iat, 0).UTC()
	v.Issuer, v.Key, v.Type, v.Kind, v.No, v.Title, v.Level, v.Since, v.Until, v.At = seen.Iss, seen.Key, seen.Vct, seen.Kind, seen.No,
		seen.Title, seen.Level, seen.Since, seen.Until, &at
	if rq.Lang == "en" && seen.TitleEN != "" {
		v.Title = seen.TitleEN
	}
	v.Shown = disclosedView{seen.Name, seen.USCC, seen.Deed, seen.Place, seen.Unit}
	uri := seen.Status.List.URI // a list of ours at whatever address it was published: the signature is ours
	c, err := h.Credentials.First(ctx, store.CredentialAt(uri[strings.LastIndexByte(uri, '/')+1:], seen.Status.List.Index))
	switch {
	case errors.Is(err, models.NotFound):
		v.Status = credential.StatusUnknown
	case err != nil:
		return checkedView{}, err
	default:
		v.Status = credential.Status(c.Standing(rq.Now))
	}
	if !rq.Now.Before(seen.Ends()) && v.Status == credential.StatusValid {
		v.Status = credential.StatusExpired
	}
	return v, nil
}

// checked is an answer as of now, with nothing in it yet.
func (h Handler) checked(rq api.Request) checkedView {
	return checkedView{Genuine: true, Checked: rq.Now, Fresh: rq.Now.Add(h.Policy.StatusTTL)}
}

func (h Handler) refused(rq api.Request, fault string) checkedView {
	v := h.checked(rq)
	v.Genuine, v.Fault, v.Why, v.Status = false, fault, api.Say("credential.fault."+fault, rq.Lang, nil), credential.StatusUnknown
	return v
}

func faultOf(err error) string {
	switch {
	case errors.Is(err, credential.ErrForeign):
		return "FOREIGN_KEY"
	case errors.Is(err, credential.ErrForged):
		return "ALTERED"
	case errors.Is(err, credential.ErrDisclosure):
		return "FORGED_CLAIM"
	}
	return "MALFORMED"
}

func (h Handler) verifyCode(ctx context.Context, rq api.Request, in api.VerifyRequest) (checkedView, error) {
	c, err := h.Credentials.First(ctx, store.CredentialByCode(strings.ToUpper(in.Code)))
	if err != nil {
		return checkedView{}, err
	}
	v := h.checked(rq)
	v.Issuer, v.Kind, v.No, v.Title, v.Level, v.Since, v.Until, v.At = h.issuer().Address, c.Kind, c.Facts.No, c.Facts.Title.In(rq.Lang),
		c.Facts.Level, c.Facts.Since, c.Facts.Until, &c.At
	v.Type, v.Status = h.issuer().TypeURI(c.Kind), credential.Status(c.Standing(rq.Now))
	v.Shown = disclosedView{Name: c.Shown(), Unit: c.Facts.Unit}
	return v, nil
}

// verifyPage answers who scanned the code on a certificate with a phone.
func (h Handler) verifyPage(ctx context.Context, rq api.Request, in api.VerifyRequest) (api.Download, error) {
	v, err := h.verifyCode(ctx, rq, in)
	if err != nil {
		return api.Download{}, err
	}
	text := func(key string) string { return api.Say("credential."+key, rq.Lang, nil) }
	moment := func(t time.Time) string { return paper.ExportText(t.Format(time.RFC3339), rq.Lang) }
	page := paper.PageView{
		Lang: rq.Lang, Title: text("verify." + string(v.Status)), At: text("checked") + " " + moment(v.Checked), Note: text("verify_note"),
		Sections: []paper.Section{{Title: v.Title, Items: [][]paper.ExportRow{{
			{Label: text("claim.number"), Value: v.No},
			{Label: text("claim.name"), Value: v.Shown.Name},
			{Label: text("claim.level"), Value: text("level." + strconv.Itoa(v.Level))},
			{Label: text("claim.unit"), Value: v.Shown.Unit},
			{Label: text("claim.valid_from"), Value: string(v.Since)},
			{Label: text("claim.valid_until"), Value: string(v.Until)},
			{Label: text("issued"), Value: moment(*v.At)},
		}}}},
	}
	var out bytes.Buffer
	err = paper.ExportTemplate.Execute(&out, page)
	return api.Download{Kind: "text/html; charset=utf-8", Body: out.Bytes()}, err
}
