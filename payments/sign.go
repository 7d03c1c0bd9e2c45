package payments

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"xinyi/models"
)

// The headers of a signed call, both ways. The signature is hex HMAC-SHA256 over "timestamp\nnonce\nbody\n".
const (
	HeaderTime      = "X-Pay-Timestamp" // Unix seconds
	HeaderNonce     = "X-Pay-Nonce"
	HeaderSignature = "X-Pay-Signature"
)

// skew is how far a caller's clock may be off.
const skew = 5 * time.Minute

// Sign makes the headers of a call.
func Sign(key, body []byte, nonce string, now time.Time) map[string]string {
	at := strconv.FormatInt(now.Unix(), 10)
	return map[string]string{HeaderTime: at, HeaderNonce: nonce, HeaderSignature: hex.EncodeToString(sum(key, at, nonce, body))}
}

// Check verifies the headers of a call. Errors: Unauthenticated.
func Check(key []byte, headers map[string]string, body []byte, now time.Time) error {
	at, nonce := headers[HeaderTime], headers[HeaderNonce]
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return models.E(models.Unauthenticated, "payments.signature", err)
	}
	given, err := hex.DecodeString(headers[HeaderSignature])
	if err != nil || !hmac.Equal(given, sum(key, at, nonce, body)) {
		return models.E(models.Unauthenticated, "payments.signature", err)
	}
	if off := now.Sub(time.Unix(seconds, 0)).Abs(); off > skew {
		return models.E(models.Unauthenticated, "payments.signature_old")
	}
	return nil
}

func sum(key []byte, at, nonce string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(at), []byte(nonce), body} {
		mac.Write(part)
		mac.Write([]byte{'\n'})
	}
	return mac.Sum(nil)
}
