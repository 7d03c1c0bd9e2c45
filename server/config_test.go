package main

import (
	"strings"
	"testing"
)

// Every fault of the configuration is named at once, and no secret is printed.
func TestReadConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := ReadConfig([]string{"ADDR=nowhere", "TRUSTED_PROXIES=abc", "CORS_ORIGINS=not a url", "MONGODB_URI=zzz-secret", "KEYS_MASTER=short-secret", "LOG_FORMAT=xml", "OIDC_ISSUERS=http://x"})
	if err == nil {
		t.Fatal("all of it was taken")
	}
	for _, name := range []string{"ADDR", "TRUSTED_PROXIES", "CORS_ORIGINS", "MONGODB_URI", "KEYS_MASTER", "LOG_FORMAT", "OIDC_ISSUERS", "KEYS_PATH"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a secret is shown: %v", err)
	}
	good := []string{"TRUSTED_PROXIES=10.0.0.1,10.1.0.0/16", "CORS_ORIGINS=https://xinyi.example,http://127.0.0.1:5173", "KEYS_MASTER=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
	if _, err := ReadConfig(good); err != nil {
		t.Errorf("%v is refused: %v", good, err)
	}
}

// What lets anybody sign in, half an account, and two ways to send at once are refused.
func TestReadConfigOfChannels(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  []string
		want string // "" for no fault
	}{
		"an emulator in earnest":    {[]string{"FIREBASE_AUTH_EMULATOR_HOST=127.0.0.1:9099"}, "FIREBASE_AUTH_EMULATOR_HOST"},
		"an emulator in a sandbox":  {[]string{"FIREBASE_AUTH_EMULATOR_HOST=127.0.0.1:9099", "SANDBOX=true"}, ""},
		"half an aggregator":        {[]string{"JPUSH_APP_KEY=k"}, "JPUSH_MASTER_SECRET"},
		"half of text messages":     {[]string{"SMS_KEY_ID=k", "SMS_SECRET=s"}, "SMS_SIGN_NAME"},
		"whole text messages":       {[]string{"SMS_KEY_ID=k", "SMS_SECRET=s", "SMS_SIGN_NAME=n", "SMS_CODE_TEMPLATE=c", "SMS_NOTICE_TEMPLATE=t"}, ""},
		"printing instead of texts": {[]string{"SMS_PRINT=true", "SMS_KEY_ID=k", "SMS_SECRET=s", "SMS_SIGN_NAME=n", "SMS_CODE_TEMPLATE=c", "SMS_NOTICE_TEMPLATE=t"}, "SMS_PRINT"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ReadConfig(tc.env)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("ReadConfig = %v, want %q", err, tc.want)
			}
		})
	}
}
