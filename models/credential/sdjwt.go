package credential

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// The types of what is signed (RFC 9901, draft-ietf-oauth-sd-jwt-vc, draft-ietf-oauth-status-list).
const (
	Type     = "dc+sd-jwt"
	ListType = "statuslist+jwt"
)

// Selectable are the claims a holder chooses from.
var Selectable = []string{"name", "uscc", "deed", "region", "unit"}

// Digests is how many digests a credential carries: those of its claims, the rest decoys, so that their number says nothing.
const Digests = 8

// An Issuer signs: its public address and its seals.
type Issuer struct {
	Address string // without a slash at the end
	Seals   models.Seals
}

// StatusURI is where the list with an id is published.
func (i Issuer) StatusURI(list string) string { return i.Address + "/v1/credentials/status/" + list }

// TypeURI is the vct of a kind.
func (i Issuer) TypeURI(k Kind) string {
	return i.Address + "/v1/credentials/types/" + strings.ToLower(string(k))
}

// A Place is the value of the claim region.
type Place struct {
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
}

// Claims are what a credential always shows.
type Claims struct {
	Iss     string     `json:"iss"`
	Vct     string     `json:"vct"`
	Iat     int64      `json:"iat"`
	Exp     int64      `json:"exp"`
	Kind    Kind       `json:"kind"`
	Holder  string     `json:"holder_kind"`
	No      string     `json:"number"`
	Title   string     `json:"title"`
	TitleEN string     `json:"title_en,omitempty"`
	Level   int        `json:"level"`
	Since   models.Day `json:"valid_from"`
	Until   models.Day `json:"valid_until"`
	Status  struct {
		List struct {
			Index int    `json:"idx"`
			URI   string `json:"uri"`
		} `json:"status_list"`
	} `json:"status"`
	Alg string   `json:"_sd_alg"`
	SD  []string `json:"_sd"`
}

// Token is the credential as a compact SD-JWT with the chosen claims; no others can be learned from it. The end of the award is its exp,
// always.
//
// Source: docs/sources.md#credential-claims.
func (c *Credential) Token(by Issuer, shows []string) (string, error) {
	shows, err := c.chosen(shows)
	if err != nil {
		return "", err
	}
	says := Claims{
		Iss: by.Address, Vct: by.TypeURI(c.Kind), Iat: c.At.Unix(), Exp: c.Ends().Unix(), Kind: c.Kind, Holder: string(c.Holder.Kind), No: c.Facts.No,
		Title: c.Facts.Title.ZH, TitleEN: c.Facts.Title.EN, Level: c.Facts.Level, Since: c.Facts.Since, Until: c.Facts.Until, Alg: "sha-256",
	}
	says.Status.List.Index, says.Status.List.URI = c.Index, by.StatusURI(c.List)
	own, names := c.claims(), c.names()
	token := SDJWT{}
	for _, name := range names {
		d, err := disclose(c.salt(name), name, own[name])
		if err != nil {
			return "", models.E(models.Internal, "internal", err)
		}
		says.SD = append(says.SD, d.digest())
		token.Disclosures = append(token.Disclosures, d)
	}
	for i := len(says.SD); i < Digests; i++ {
		says.SD = append(says.SD, digest(fmt.Sprintf("%x", c.salt(fmt.Sprint("decoy/", i)))))
	}
	slices.Sort(says.SD)
	if token.JWT, err = sign(by.Seals, Type, says); err != nil {
		return "", err
	}
	return token.Present(shows).String(), nil
}

// claims are the values a holder may show, by name; what is empty is no claim.
func (c *Credential) claims() map[string]any {
	all := map[string]any{"name": c.Name.Reveal(), "uscc": c.Facts.Code, "deed": c.Facts.Deed,
		"region": Place{string(c.Facts.Region), c.Facts.Place}, "unit": c.Facts.Unit}
	for name, v := range all {
		if v == "" || v == (Place{}) {
			delete(all, name)
		}
	}
	return all
}

// names are the claims this credential has, in order.
func (c *Credential) names() []string {
	own := c.claims()
	return slices.DeleteFunc(slices.Clone(Selectable), func(name string) bool { _, has := own[name]; return !has })
}

// Names are the claims its holder may choose from.
func (c *Credential) Names() []string { return c.names() }

// chosen is what is shown, in order, each once. Errors: Invalid "credential.claim" with a pointer.
func (c *Credential) chosen(shows []string) ([]string, error) {
	own := c.names()
	for _, name := range shows {
		if !slices.Contains(own, name) {
			return nil, models.Bad("#query/disclose", "oneof", "credential.claim")
		}
	}
	return slices.DeleteFunc(own, func(name string) bool { return !slices.Contains(shows, name) }), nil
}

// salt is 128 bits that nobody can guess without the credential's secret of 256.
func (c *Credential) salt(of string) []byte {
	mac := hmac.New(sha256.New, []byte(c.Secret.Reveal()))
	_, _ = mac.Write([]byte(of))
	return mac.Sum(nil)[:16]
}

// An SDJWT is a signed text and what of it is disclosed.
type SDJWT struct {
	JWT         string
	Disclosures []Disclosure
}

// A Disclosure is a claim that its digest in the signed text stands for.
type Disclosure struct {
	Name  string
	Value json.RawMessage
	text  string // base64url of [salt, name, value]
}

func (d Disclosure) digest() string { return digest(d.text) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return b64.EncodeToString(sum[:])
}

// b64 is base64url that has one way to write each value.
var b64 = base64.RawURLEncoding.Strict()

func disclose(salt []byte, name string, value any) (Disclosure, error) {
	raw, err := plain([]any{b64.EncodeToString(salt), name, value})
	if err != nil {
		return Disclosure{}, err
	}
	return readDisclosure(b64.EncodeToString(raw))
}

// plain is a value as JSON without the marks for HTML.
func plain(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Present is the same with fewer disclosures: those that are named.
func (s SDJWT) Present(shows []string) SDJWT {
	keep := slices.DeleteFunc(slices.Clone(s.Disclosures), func(d Disclosure) bool { return !slices.Contains(shows, d.Name) })
	return SDJWT{s.JWT, keep}
}

// String is the compact form.
func (s SDJWT) String() string {
	var out strings.Builder
	out.WriteString(s.JWT + "~")
	for _, d := range s.Disclosures {
		out.WriteString(d.text + "~")
	}
	return out.String()
}

// The faults of a credential that is checked.
var (
	ErrForm       = errors.New("this is no credential: it is not an SD-JWT of the kind we issue")
	ErrForeign    = errors.New("the key is not among the issuer's")
	ErrForged     = errors.New("the signature does not fit: the text was altered")
	ErrDisclosure = errors.New("a disclosed claim does not belong to the signed text")
)

// mostText bounds a credential and mostList a status list, in bytes.
const (
	mostText = 16 << 10
	mostList = 256 << 10
)

// Parse reads the compact form; nothing is checked but its shape. One with a key binding at its end is none of ours. Errors: ErrForm.
func Parse(text string) (SDJWT, error) {
	parts := strings.Split(text, "~")
	if len(text) > mostText || len(parts) < 2 || len(parts) > Digests+2 || parts[len(parts)-1] != "" {
		return SDJWT{}, ErrForm
	}
	s := SDJWT{JWT: parts[0]}
	for _, p := range parts[1 : len(parts)-1] {
		d, err := readDisclosure(p)
		if err != nil {
			return SDJWT{}, ErrForm
		}
		s.Disclosures = append(s.Disclosures, d)
	}
	return s, nil
}

func readDisclosure(text string) (Disclosure, error) {
	raw, err := decode(text)
	if err != nil {
		return Disclosure{}, err
	}
	var parts []json.RawMessage
	d := Disclosure{text: text}
	var salt string
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) != 3 {
		return d, ErrForm
	}
	if json.Unmarshal(parts[0], &salt) != nil || json.Unmarshal(parts[1], &d.Name) != nil || salt == "" {
		return d, ErrForm
	}
	d.Value = parts[2]
	return d, nil
}

// decode reads base64url. The library's decoder passes over line ends, which would let one text be written in two ways.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrForm
	}
	return b64.DecodeString(text)
}

// A Seen is what a credential says, once its signature and every disclosure were found good.
type Seen struct {
	Claims
	Key   string // id of the seal
	Name  string // disclosed; "" is not
	USCC  string
	Deed  string
	Place *Place
	Unit  string
	Shown []string // names of what is disclosed, in order
}

// Check reads a credential with nothing but public keys. Whether it still stands, Seen.Stands says.
// Errors: ErrForm, ErrForeign, ErrForged, ErrDisclosure.
func Check(text string, keys models.Seals) (Seen, error) {
	s, err := Parse(text)
	if err != nil {
		return Seen{}, err
	}
	var seen Seen
	if seen.Key, err = verify(s.JWT, Type, keys, &seen.Claims); err != nil {
		return Seen{}, err
	}
	if seen.Alg != "sha-256" || seen.Vct == "" || seen.Iss == "" || seen.Exp == 0 || seen.Status.List.URI == "" || seen.Status.List.Index < 0 {
		return Seen{}, ErrForm
	}
	used := map[string]bool{}
	for _, d := range s.Disclosures {
		if !slices.Contains(seen.SD, d.digest()) || used[d.Name] || seen.take(d) != nil {
			return Seen{}, ErrDisclosure
		}
		used[d.Name] = true
	}
	seen.Shown = slices.DeleteFunc(slices.Clone(Selectable), func(name string) bool { return !used[name] })
	return seen, nil
}

func (s *Seen) take(d Disclosure) error {
	into := map[string]any{"name": &s.Name, "uscc": &s.USCC, "deed": &s.Deed, "region": &s.Place, "unit": &s.Unit}[d.Name]
	if into == nil {
		return ErrDisclosure
	}
	return json.Unmarshal(d.Value, into)
}

// Ends is the first moment at which it does not hold any more.
func (s Seen) Ends() time.Time { return time.Unix(s.Exp, 0).UTC() }

// header is that of everything signed here.
type header struct {
	Alg string `json:"alg"`
	Typ string `json:"typ"`
	Kid string `json:"kid"`
}

// sign makes a JWS (RFC 7515) of a type over claims: EdDSA with the seal in use.
func sign(seals models.Seals, typ string, claims any) (string, error) {
	if len(seals) == 0 || seals[0].Private() == nil {
		return "", models.E(models.Internal, "internal", errors.New("there is no seal to sign with"))
	}
	head, err := plain(header{"EdDSA", typ, seals[0].ID})
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	body, err := plain(claims)
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	text := b64.EncodeToString(head) + "." + b64.EncodeToString(body)
	return text + "." + b64.EncodeToString(ed25519.Sign(seals[0].Private(), []byte(text))), nil
}

// verify reads a JWS of a type into claims and answers the id of its key. No other algorithm and no other header field is taken.
func verify(text, typ string, keys models.Seals, claims any) (string, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return "", ErrForm
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		if raw[i], err = decode(p); err != nil {
			return "", ErrForm
		}
	}
	var head header
	d := json.NewDecoder(bytes.NewReader(raw[0]))
	d.DisallowUnknownFields() // crit, jwk, x5c and the like: nothing that a text says of its own key counts
	if err := d.Decode(&head); err != nil || head.Alg != "EdDSA" || head.Typ != typ {
		return "", ErrForm
	}
	at := slices.IndexFunc(keys, func(s models.Seal) bool { return s.ID == head.Kid })
	if at < 0 {
		return "", ErrForeign
	}
	if !ed25519.Verify(keys[at].Public, []byte(parts[0]+"."+parts[1]), raw[2]) {
		return "", ErrForged
	}
	if err := json.Unmarshal(raw[1], claims); err != nil {
		return "", ErrForm
	}
	return head.Kid, nil
}
