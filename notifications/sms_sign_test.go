package notifications

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The worked example of the vendor's page on the signature.
func TestACS3IsTheVendorsExample(t *testing.T) {
	at := time.Date(2023, 10, 26, 10, 22, 32, 999, time.UTC).In(time.FixedZone("", 8*3600))
	q := url.Values{"RegionId": {"cn-shanghai"}, "ImageId": {"win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}}
	for _, base := range []string{"https://ecs.cn-shanghai.aliyuncs.com/", "https://ecs.cn-shanghai.aliyuncs.com"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"?"+canonicalQuery(q), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", "not signed")
		a := acs3{"YourAccessKeyId", "YourAccessKeySecret", func() time.Time { return at }, func() string { return "3156853299f313e23d1673dc12e1703d" }}
		a.sign(r, "RunInstances", "2014-05-26", nil)
		const want = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId," +
			"SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
			"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
		if got := r.Header.Get("Authorization"); got != want {
			t.Errorf("%s: %s", base, got)
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	got := canonicalQuery(url.Values{"b": {"* ~+/"}, "a": {"望"}, "B": {""}})
	if want := "B=&a=%E6%9C%9B&b=%2A%20~%2B%2F"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Of a phone's three bounds the one that was met says how long to wait.
func TestSMSWait(t *testing.T) {
	for message, want := range map[string]time.Duration{
		"触发分钟级流控Permits:1": time.Minute, "触发小时级流控Permits:5": time.Hour, "触发天级流控Permits:10": 24 * time.Hour,
		"触发号码天级流控Permits:40": 24 * time.Hour, "": time.Minute,
	} {
		if got := smsWait(message); got != want {
			t.Errorf("%q: %s, want %s", message, got, want)
		}
	}
}

// What no table knows is classed by its family and status, and a code is never more than a word.
func TestSMSClassOfTheUnknown(t *testing.T) {
	tests := []struct {
		status int
		body   string
		class  Class
		code   string
	}{
		{200, `{"Code":"isv.SOMETHING_NEW"}`, Rejected, "isv.SOMETHING_NEW"},
		{200, `{"Code":"isp.SOMETHING_NEW"}`, Unsure, "isp.SOMETHING_NEW"},
		{200, `{"Code":"13800000001 is wrong, 望"}`, Unsure, "http 200"},
		{400, `{"Code":"E13800000001"}`, Down, "http 400"},
		{200, `{}`, Unsure, "http 200"},
		{200, `<html>`, Unsure, "http 200"},
		{502, `<html>`, Down, "http 502"},
		{429, ``, Limited, "http 429"},
		{400, `{"Code":"Throttling.Api"}`, Limited, "Throttling.Api"},
		{400, `{"Code":"InvalidAccessKeyId.Inactive"}`, Down, "InvalidAccessKeyId.Inactive"},
		{403, `{"Code":"Forbidden.RAM"}`, Down, "Forbidden.RAM"},
		{404, `{"Code":"InvalidAction.NotFound"}`, Down, "InvalidAction.NotFound"},
		{500, `{"Code":"OK"}`, Down, "OK"},
	}
	for _, tc := range tests {
		_, f := smsAnswer(restAnswer{tc.status, nil, []byte(tc.body)})
		if f == nil || f.Class != tc.class || f.Code != tc.code {
			t.Errorf("%d %s: %+v, want %s %s", tc.status, tc.body, f, tc.class, tc.code)
		}
	}
	if w := restWord(strings.Repeat("A", 500)); w != "" {
		t.Errorf("a word of %d letters", len(w))
	}
	if id := restID([]byte(`"` + strings.Repeat("9", 500) + `"`)); len(id) != 60 {
		t.Errorf("an id of %d letters", len(id))
	}
}
