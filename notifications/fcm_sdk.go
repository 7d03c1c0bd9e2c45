package notifications

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"
)

// sdkVersion is what Firebase is told of its library: the version in go.mod.
const sdkVersion = "4.19.0"

// sdkConfig has the fields of the SDK's internal.MessagingConfig, which only the SDK may name.
type sdkConfig = struct {
	Opts      []option.ClientOption
	ProjectID string
	Version   string
}

// openMessaging does what firebase.App.Messaging does, without the root package, which imports every product of Firebase:
// it calls messaging.NewClient, which is open, with C inferred from it. An SDK whose configuration changes does not compile.
func openMessaging[C ~struct {
	Opts      []option.ClientOption
	ProjectID string
	Version   string
}](ctx context.Context, open func(context.Context, *C) (*messaging.Client, error), config sdkConfig) (*messaging.Client, error) {
	c := C(config)
	return open(ctx, &c)
}

// fcmClient makes the SDK's client over a transport that tries once. An HTTP client of our own also keeps out any search
// for credentials.
func fcmClient(ctx context.Context, account fcmAccount, base http.RoundTripper, endpoint string) (*messaging.Client, error) {
	options := []option.ClientOption{option.WithHTTPClient(&http.Client{
		Transport:     fcmOneShot{base: base, bearers: newFCMBearers(account, base)},
		CheckRedirect: fcmNoRedirect,
	})}
	if endpoint != "" {
		options = append(options, option.WithEndpoint(strings.TrimSuffix(endpoint, "/")+"/v1"))
	}
	client, err := openMessaging(ctx, messaging.NewClient, sdkConfig{Opts: options, ProjectID: account.Project, Version: sdkVersion})
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	return client, nil
}
