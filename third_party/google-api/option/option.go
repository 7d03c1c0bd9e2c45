// Package option stands in for Google's package of this name and holds the options that notifications passes: the caller's
// own HTTP client, and an address. ../README.md says why.
package option

import "net/http"

// Settings are what the options of one client came to.
type Settings struct {
	Client   *http.Client
	Endpoint string // "" is the service's own
}

// A ClientOption is one of the options below.
type ClientOption interface{ Apply(*Settings) }

type apply func(*Settings)

func (a apply) Apply(s *Settings) { a(s) }

// WithHTTPClient has every request go out by client.
func WithHTTPClient(client *http.Client) ClientOption {
	return apply(func(s *Settings) { s.Client = client })
}

// WithEndpoint has requests go to url instead of the service's own address.
func WithEndpoint(url string) ClientOption {
	return apply(func(s *Settings) { s.Endpoint = url })
}
