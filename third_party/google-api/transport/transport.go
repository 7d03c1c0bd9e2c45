// Package transport stands in for Google's package of this name: it hands Firebase's library the HTTP client its options name
// and makes none by itself. ../README.md says why.
package transport

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/api/option"
)

// ErrNoClient says that no option named an HTTP client. Google's package would look for credentials on the machine instead.
var ErrNoClient = errors.New("google.golang.org/api: this is xinyi's stand-in (third_party/google-api), which makes no HTTP client; " +
	"pass option.WithHTTPClient, or remove the replace line from go.mod")

// NewHTTPClient is the client that opts name, and the address, "" for the service's own. Errors: ErrNoClient.
func NewHTTPClient(_ context.Context, opts ...option.ClientOption) (*http.Client, string, error) {
	var s option.Settings
	for _, o := range opts {
		o.Apply(&s)
	}
	if s.Client == nil {
		return nil, "", ErrNoClient
	}
	return s.Client, s.Endpoint, nil
}
