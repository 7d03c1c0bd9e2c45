package notifications

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// acs3 signs calls to Alibaba Cloud by its signature version 3, ACS3-HMAC-SHA256:
//
//	canonical = method \n path \n sorted query \n "name:value\n" of each signed header, sorted \n names joined by ";" \n hex(sha256(body))
//	signature = hex(hmac-sha256(secret, "ACS3-HMAC-SHA256\n" + hex(sha256(canonical))))
//
// Signed are host and every x-acs- header. The vendor refuses a date more than 15 minutes off, and a nonce it has seen.
//
// Source: help.aliyun.com/document_detail/2593177.html ("V3 版本请求体 & 签名机制"), whose worked example is a test.
type acs3 struct {
	keyID, secret string
	now           func() time.Time
	nonce         func() string
}

const acs3Name = "ACS3-HMAC-SHA256"

// sign puts the headers of the signature on r, whose query is in canonical form already and whose body is body.
func (a acs3) sign(r *http.Request, action, version string, body []byte) {
	r.Header.Set("x-acs-action", action)
	r.Header.Set("x-acs-version", version)
	r.Header.Set("x-acs-date", a.now().UTC().Format("2006-01-02T15:04:05Z"))
	r.Header.Set("x-acs-signature-nonce", a.nonce())
	r.Header.Set("x-acs-content-sha256", hexSum(body))

	signed := map[string]string{"host": r.URL.Host}
	for name, values := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-acs-") {
			signed[name] = strings.TrimSpace(values[0])
		}
	}
	var names []string
	for name := range signed {
		names = append(names, name)
	}
	slices.Sort(names)
	var headers strings.Builder
	for _, name := range names {
		headers.WriteString(name + ":" + signed[name] + "\n")
	}
	list := strings.Join(names, ";")
	canonical := strings.Join([]string{r.Method, escapedPath(r.URL), r.URL.RawQuery, headers.String(), list, hexSum(body)}, "\n")
	mac := hmac.New(sha256.New, []byte(a.secret))
	mac.Write([]byte(acs3Name + "\n" + hexSum([]byte(canonical))))
	r.Header.Set("Authorization", acs3Name+" Credential="+a.keyID+",SignedHeaders="+list+",Signature="+hex.EncodeToString(mac.Sum(nil)))
}

// canonicalQuery writes a query in the vendor's form: sorted, and escaped by RFC 3986, where a space is %20.
func canonicalQuery(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }

func escapedPath(u *url.URL) string {
	if p := u.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
