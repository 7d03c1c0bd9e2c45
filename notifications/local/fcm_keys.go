package local

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// A serviceAccount is a project's own key, and the bearers it was given for signed assertions.
type serviceAccount struct {
	once    sync.Once
	private *rsa.PrivateKey

	mu      sync.RWMutex
	bearers map[string]string // bearer → project
	granted int
}

const (
	accountName  = "push@"
	accountRealm = ".iam.gserviceaccount.com"
)

func (k *serviceAccount) key() *rsa.PrivateKey {
	k.once.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // the system's randomness never fails
		}
		k.private = key
	})
	return k.private
}

// ServiceAccountJSON is the key file of a project whose token endpoint is at base. Every FCM has a key of its own.
func (f *FCM) ServiceAccountJSON(base, project string) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(f.account.key())
	if err != nil {
		panic(err) // an RSA key always can be written
	}
	out, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": project, "private_key_id": "local",
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": accountName + project + accountRealm, "token_uri": strings.TrimSuffix(base, "/") + "/token",
	})
	if err != nil {
		panic(err) // strings always can be written
	}
	return out
}

// Grants is how many bearers were handed out.
func (f *FCM) Grants() int {
	f.account.mu.RLock()
	defer f.account.mu.RUnlock()
	return f.account.granted
}

// Revoke makes every bearer handed out so far worthless.
func (f *FCM) Revoke() {
	f.account.mu.Lock()
	defer f.account.mu.Unlock()
	f.account.bearers = nil
}

// owner is the project a bearer was handed out to.
func (k *serviceAccount) owner(header string) (project string, ok bool) {
	bearer, ok := strings.CutPrefix(header, "Bearer ")
	k.mu.RLock()
	defer k.mu.RUnlock()
	project, known := k.bearers[bearer]
	return project, ok && known
}

// grant exchanges an assertion for a bearer. The assertion's times are not held against the clock: a sandbox moves its own.
func (k *serviceAccount) grant(w http.ResponseWriter, r *http.Request) {
	project, err := k.verify(r.PostFormValue("assertion"), "://"+r.Host+"/token")
	w.Header().Set("Content-Type", "application/json")
	if err != nil || r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`))
		return
	}
	k.mu.Lock()
	k.granted++
	bearer := "local-" + strconv.Itoa(k.granted) + "-" + rand.Text()
	if k.bearers == nil {
		k.bearers = map[string]string{}
	}
	k.bearers[bearer] = project
	k.mu.Unlock()
	_, _ = w.Write([]byte(`{"access_token":"` + bearer + `","token_type":"Bearer","expires_in":3599}`))
}

// verify checks an assertion (RFC 7523, RS256) against the key and says whose it is.
func (k *serviceAccount) verify(assertion, audience string) (project string, err error) {
	end := max(strings.LastIndexByte(assertion, '.'), 0)
	signed, mark := assertion[:end], strings.TrimPrefix(assertion[end:], ".")
	head, claims, _ := strings.Cut(signed, ".")
	var header struct{ Alg string }
	var claim struct {
		Iss, Aud, Scope string
		Iat, Exp        int64
	}
	signature, err := base64.RawURLEncoding.DecodeString(mark)
	if err = errors.Join(err, jwtPart(head, &header), jwtPart(claims, &claim)); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(signed))
	if err := rsa.VerifyPKCS1v15(&k.key().PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return "", err
	}
	project, mine := strings.CutPrefix(strings.TrimSuffix(claim.Iss, accountRealm), accountName)
	if !mine || header.Alg != "RS256" || !strings.HasSuffix(claim.Aud, audience) || claim.Exp <= claim.Iat || claim.Exp-claim.Iat > 3600 ||
		!strings.Contains(claim.Scope, "firebase.messaging") {
		return "", errors.New("the assertion is for something else")
	}
	return project, nil
}

func jwtPart(text string, into any) error {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
