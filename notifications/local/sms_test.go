package local

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The worked example of the vendor's page on the signature.
func TestSMSSignatureIsTheVendorsExample(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", http.NoBody)
	for name, value := range map[string]string{
		"x-acs-action": "RunInstances", "x-acs-version": "2014-05-26", "x-acs-date": "2023-10-26T10:22:32Z",
		"x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
		"x-acs-content-sha256":  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	} {
		r.Header.Set(name, value)
	}
	const names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
	if got := smsSignature("YourAccessKeySecret", r, nil, names); got != "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0" {
		t.Errorf("%s", got)
	}
	for why, refused := range map[string]func() string{
		"a header is not signed": func() string { return smsSignature("YourAccessKeySecret", r, nil, "host;x-acs-action") },
		"another body":           func() string { return smsSignature("YourAccessKeySecret", r, []byte("x"), names) },
	} {
		if got := refused(); got != "" {
			t.Errorf("%s: %s", why, got)
		}
	}
}

// Without a signature nobody gets a text, however much else is right.
func TestSMSRefusesTheUnsigned(t *testing.T) {
	s := &SMS{KeyID: "k", Secret: "s", Now: func() time.Time { return time.Unix(1e9, 0) }}
	for want, head := range map[string]string{
		"IncompleteSignature":         "",
		"InvalidAccessKeyId.NotFound": "ACS3-HMAC-SHA256 Credential=other,SignedHeaders=host,Signature=00",
		"InvalidTimeStamp.Format":     "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature=",
	} {
		r := httptest.NewRequest(http.MethodPost, "/?PhoneNumbers=13800000001&SignName=n&TemplateCode=c", http.NoBody)
		r.Header.Set("Authorization", head)
		r.Header.Set("x-acs-action", "SendSms")
		r.Header.Set("x-acs-signature-nonce", "n")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code == http.StatusOK || !strings.Contains(w.Body.String(), `"`+want+`"`) {
			t.Errorf("%d %s, want %s", w.Code, w.Body, want)
		}
	}
	if s.Sent() != 0 || s.Requests() != 3 {
		t.Errorf("%d sent of %d", s.Sent(), s.Requests())
	}
}

// However long it runs, it remembers no more than the last of what it took, in order.
func TestSMSRemembersTheLast(t *testing.T) {
	s := &SMS{Now: time.Now}
	const n = smsKept + 5
	for i := range n {
		s.keep(Text{Phone: fmt.Sprint(i)})
	}
	seen := s.Seen()
	if len(seen) != smsKept || seen[0].Phone != "5" || seen[smsKept-1].Phone != fmt.Sprint(n-1) || s.Sent() != n {
		t.Errorf("%d seen, from %s to %s of %d", len(seen), seen[0].Phone, seen[len(seen)-1].Phone, s.Sent())
	}
	if _, ok := s.Last(fmt.Sprint(n - 1)); !ok || len(s.last) > smsKept {
		t.Errorf("the last is forgotten, or %d are kept", len(s.last))
	}
}
