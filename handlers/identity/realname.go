package identity

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
)

// A Verifier of real names says whether a name and an ID number belong together.
//
// Errors: Denied "identity.name_mismatch" when they do not; Unavailable when it cannot say.
type Verifier interface {
	Verify(ctx context.Context, name string, n models.IDNumber) (identity.Evidence, error)
}

// SandboxMismatch is the name the sandbox's verifier refuses, to show how that looks.
const SandboxMismatch = "不一致"

// SandboxRealName takes any valid number under any name but SandboxMismatch.
type SandboxRealName struct{}

// Verify implements Verifier.
func (SandboxRealName) Verify(_ context.Context, name string, n models.IDNumber) (identity.Evidence, error) {
	if name == SandboxMismatch {
		return identity.Evidence{}, models.E(models.Denied, "identity.name_mismatch")
	}
	return identity.Evidence{Method: "sandbox", Ref: "sandbox-" + n.Reveal()[14:]}, nil
}

// HTTPRealName asks a government or bank verifier: POST {name, idNumber} to URL, signed with HMAC-SHA256 over
// "timestamp\nnonce\nbody" in X-Signature; it answers 200 {match, serial}. Whatever else it answers is no answer.
type HTTPRealName struct {
	URL    string
	AppID  string
	Key    []byte
	Client *http.Client // its timeout bounds the question
	Now    func() time.Time
}

type realNameAsked struct {
	Name     string `json:"name"`
	IDNumber string `json:"idNumber"`
}

type realNameSaid struct {
	Match  *bool  `json:"match"`
	Serial string `json:"serial"`
}

// Verify implements Verifier.
func (v HTTPRealName) Verify(ctx context.Context, name string, n models.IDNumber) (identity.Evidence, error) {
	said, err := v.ask(ctx, realNameAsked{name, n.Reveal()})
	switch {
	case err != nil:
		return identity.Evidence{}, models.E(models.Unavailable, "identity.verifier_silent", err)
	case !*said.Match:
		return identity.Evidence{}, models.E(models.Denied, "identity.name_mismatch")
	}
	return identity.Evidence{Method: "http", Ref: said.Serial}, nil
}

func (v HTTPRealName) ask(ctx context.Context, q realNameAsked) (said realNameSaid, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return said, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.URL, bytes.NewReader(body))
	if err != nil {
		return said, err
	}
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return said, err
	}
	stamp, once := strconv.FormatInt(v.Now().Unix(), 10), hex.EncodeToString(nonce)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-App-Id": v.AppID, "X-Timestamp": stamp, "X-Nonce": once,
		"X-Signature": signRealName(v.Key, stamp, once, body),
	} {
		req.Header.Set(name, value)
	}
	res, err := v.Client.Do(req)
	if err != nil {
		return said, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return said, fmt.Errorf("the verifier answered %d", res.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&said); err != nil {
		return said, err
	}
	if said.Match == nil {
		return said, fmt.Errorf("the verifier said neither yes nor no")
	}
	return said, nil
}

func signRealName(key []byte, stamp, nonce string, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(stamp + "\n" + nonce + "\n"))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}
