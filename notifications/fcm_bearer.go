package notifications

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"
)

// An fcmAccount is what the JSON of a service account's key says.
type fcmAccount struct {
	Type     string `json:"type"`
	Project  string `json:"project_id"`
	Email    string `json:"client_email"`
	KeyID    string `json:"private_key_id"`
	Key      string `json:"private_key"`
	TokenURL string `json:"token_uri"`
}

// readAccount reads and checks a key. The libraries would find a broken one at the first message.
func readAccount(file []byte) (fcmAccount, error) {
	var a fcmAccount
	if len(file) == 0 {
		return a, errors.New("there are none")
	}
	if err := json.Unmarshal(file, &a); err != nil {
		return a, errors.New("they are no JSON")
	}
	switch {
	case a.Type != "service_account":
		return a, errors.New("they are no service account's")
	case a.Email == "":
		return a, errors.New("client_email is missing")
	case !fcmGuarded(a.TokenURL):
		return a, errors.New("token_uri is no https address, nor this machine's")
	}
	block, _ := pem.Decode([]byte(a.Key))
	if block == nil {
		return a, errors.New("private_key is no PEM")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if _, ok := key.(*rsa.PrivateKey); ok {
			return a, nil
		}
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
		return a, errors.New("private_key is no RSA key")
	}
	return a, nil
}

// fcmGuarded says whether secrets may be sent to an address: by https, or to this machine.
func fcmGuarded(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// fcmBearers holds the one bearer all requests share. oauth2.Transport would ask for a new one outside the request's deadline,
// and every waiting request after another; and it would keep a revoked one to its end.
type fcmBearers struct {
	account jwt.Config
	base    http.RoundTripper
	failed  atomic.Int64 // how often asking failed

	turn   chan struct{} // who put into it may touch the rest
	bearer *oauth2.Token
	last   error
}

func newFCMBearers(a fcmAccount, base http.RoundTripper) *fcmBearers {
	return &fcmBearers{base: base, turn: make(chan struct{}, 1), account: jwt.Config{
		Email: a.Email, PrivateKey: []byte(a.Key), PrivateKeyID: a.KeyID, TokenURL: a.TokenURL,
		Scopes: []string{"https://www.googleapis.com/auth/firebase.messaging"},
	}}
}

// A fcmBearerError says that there is no bearer; nothing was sent. Its text keeps the token endpoint's out, which may show ours.
type fcmBearerError struct {
	status int // 0: no answer
	header http.Header
}

func (e *fcmBearerError) Error() string { return "no bearer: " + e.code() }

func (e *fcmBearerError) code() string {
	if e.status == 0 {
		return "token unreachable"
	}
	return "token http " + strconv.Itoa(e.status)
}

// get answers a bearer that is good for some seconds at least. Who waited while another asked in vain shares its failure.
func (b *fcmBearers) get(ctx context.Context) (string, error) {
	before := b.failed.Load()
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return "", &fcmBearerError{}
	}
	defer func() { <-b.turn }()
	if b.bearer.Valid() {
		return b.bearer.AccessToken, nil
	}
	if b.failed.Load() != before {
		return "", b.last
	}
	bearer, err := b.ask(ctx)
	switch {
	case err == nil:
		b.bearer = bearer
		return bearer.AccessToken, nil
	case !errors.Is(ctx.Err(), context.Canceled):
		b.last = err
		b.failed.Add(1)
	}
	return "", err
}

func (b *fcmBearers) ask(ctx context.Context) (*oauth2.Token, error) {
	client := &http.Client{CheckRedirect: fcmNoRedirect, Transport: fcmTripper(func(r *http.Request) (*http.Response, error) {
		return b.base.RoundTrip(r.WithContext(ctx)) // oauth2 asks without one
	})}
	bearer, err := b.account.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, client)).Token()
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) {
		return nil, &fcmBearerError{refused.Response.StatusCode, refused.Response.Header}
	}
	if err != nil || !bearer.Valid() {
		return nil, &fcmBearerError{}
	}
	return bearer, nil
}

// drop forgets a bearer that was refused; the next request asks for another.
func (b *fcmBearers) drop(ctx context.Context, refused string) {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-b.turn }()
	if b.bearer != nil && b.bearer.AccessToken == refused {
		b.bearer = nil
	}
}

type fcmTripper func(*http.Request) (*http.Response, error)

func (t fcmTripper) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
