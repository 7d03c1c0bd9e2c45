package local

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A WebPush answers like a browser maker's push service, and opens what it gets like the browser. It checks who sends
// (VAPID, RFC 8292), TTL and encoding; the last part of a path's text before "#" says what it answers: ok 201, gone 410,
// notfound 404, limit 429 with Retry-After 7, reject 400, large 413, forbidden 403, down 503, drop cuts the connection,
// hang answers nothing until the caller leaves.
// It is safe for concurrent use.
type WebPush struct {
	Now func() time.Time // needed

	mu       sync.Mutex
	browsers map[string]*browser // by path
	got      []Shown
	refused  int
}

// A browser holds what only it knows of a subscription.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

// Shown is what a browser got.
type Shown struct {
	Path, Text, Topic, Urgency, TTL string
}

// Subscribe makes a subscription at a path: its public key and its secret, base64url.
func (w *WebPush) Subscribe(path string) (p256dh, auth string, err error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	b := &browser{key: key, auth: make([]byte, 16)}
	_, _ = rand.Read(b.auth) // never fails
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.browsers == nil {
		w.browsers = map[string]*browser{}
	}
	w.browsers[path] = b
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(b.auth), nil
}

// Got lists what browsers got, in order.
func (w *WebPush) Got() []Shown {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Shown(nil), w.got...)
}

// Refused counts requests that were not as a push service wants them.
func (w *WebPush) Refused() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

func (w *WebPush) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	word, _, _ := strings.Cut(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], "-")
	if status := answers[word]; status != 0 {
		if status == http.StatusTooManyRequests {
			rw.Header().Set("Retry-After", "7")
		}
		rw.WriteHeader(status)
		return
	}
	switch word {
	case "drop":
		panic(http.ErrAbortHandler)
	case "hang":
		_, _ = io.Copy(io.Discard, r.Body) //nolint:errcheck // so that its leaving is noticed
		rest(r, "30s")
		return
	}
	if err := w.take(r); err != nil {
		w.mu.Lock()
		w.refused++
		w.mu.Unlock()
		http.Error(rw, err.Error(), http.StatusForbidden)
		return
	}
	rw.WriteHeader(http.StatusCreated)
}

var answers = map[string]int{
	"gone": http.StatusGone, "notfound": http.StatusNotFound, "limit": http.StatusTooManyRequests, "reject": http.StatusBadRequest,
	"large": http.StatusRequestEntityTooLarge, "forbidden": http.StatusForbidden, "down": http.StatusServiceUnavailable,
}

func (w *WebPush) take(r *http.Request) error {
	if err := w.vapid(r); err != nil {
		return err
	}
	w.mu.Lock()
	b := w.browsers[r.URL.Path]
	w.mu.Unlock()
	switch {
	case b == nil:
		return errors.New("no such subscription")
	case r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("TTL") == "":
		return errors.New("no encoding or no TTL")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return err
	}
	text, err := b.open(body)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, Shown{Path: r.URL.Path, Text: text, Topic: r.Header.Get("Topic"), Urgency: r.Header.Get("Urgency"),
		TTL: r.Header.Get("TTL")})
	return nil
}

// vapid checks "vapid t=<token>, k=<key>": signed by that key, for this service, not run out and not for longer than a day.
func (w *WebPush) vapid(r *http.Request) error {
	token, key, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		return errors.New("no VAPID")
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(key, "="))
	if err != nil {
		return err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return err
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(sig) != 64 {
		return errors.New("no signature")
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, hash[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return errors.New("a bad signature")
	}
	var said struct {
		Aud, Sub string
		Exp      int64
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(claims, &said) != nil {
		return errors.New("no claims")
	}
	if !strings.HasSuffix(said.Aud, "://"+r.Host) || said.Sub == "" || said.Exp < w.Now().Unix() ||
		said.Exp > w.Now().Add(24*time.Hour).Unix() {
		return errors.New("claims that do not fit")
	}
	return nil
}

// open decrypts a body of one record (RFC 8291).
func (b *browser) open(body []byte) (string, error) {
	const head = 16 + 4 + 1
	if len(body) < head || len(body) < head+int(body[20]) {
		return "", errors.New("a body too short")
	}
	salt, size, from := body[:16], binary.BigEndian.Uint32(body[16:20]), body[head:head+int(body[20])]
	if int(size) < len(body)-head-len(from) {
		return "", errors.New("more than one record")
	}
	sender, err := ecdh.P256().NewPublicKey(from)
	if err != nil {
		return "", err
	}
	shared, err := b.key.ECDH(sender)
	if err != nil {
		return "", err
	}
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(from)
	secret, err1 := hkdf.Key(sha256.New, shared, b.auth, info, 32)
	key, err2 := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, err3 := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: nonce\x00", 12)
	block, err4 := aes.NewCipher(key)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	plain, err := gcm.Open(nil, nonce, body[head+len(from):], nil)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimRight(string(plain), "\x00"), "\x02"), nil
}
