package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"xinyi/handlers/api"
	identityhttp "xinyi/handlers/identity"
)

// Config is everything that can be set, all of it by environment: each X also as X_FILE, the path of a file that holds it.
type Config struct {
	Addr       string   `env:"ADDR" envDefault:":8080" help:"address to listen on"`
	Ops        string   `env:"OPS_ADDR" envDefault:"127.0.0.1:9464" help:"address operators ask for metrics, profiles and dead letters, on this machine alone unless it says otherwise; off is none"`
	OpsHosts   []string `env:"OPS_HOSTS" help:"names besides loopback under which they may ask, with commas: those a scraper calls this server by"`
	DataDir    string   `env:"DATA_DIR" envDefault:"./data" help:"where the SQLite file and the keys live"`
	MongoDBURI Masked   `env:"MONGODB_URI" help:"MongoDB instead of SQLite: mongodb://…/xinyi?replicaSet=rs0"`
	Sandbox    bool     `env:"SANDBOX" help:"codes shown, accounts listed, clock movable; never for real people"`

	Keys      string `env:"KEYS_PATH" help:"file of the keys that encrypt personal data; default DATA_DIR/keys.json, to be given with MONGODB_URI"`
	KeysLock  Masked `env:"KEYS_MASTER" help:"master key the key file is encrypted with, 32 bytes in base64"`
	TokenKeys string `env:"TOKEN_KEYS_PATH" help:"file of the keys that sign access tokens; default DATA_DIR/token-keys.json, to be shared by all replicas"`
	Seals     string `env:"SEALS_PATH" help:"file of the seals that reports, receipts and the audit log are signed with; default DATA_DIR/seals.json, to be shared by all replicas"`
	Issuer    string `env:"ISSUER" envDefault:"xinyi" help:"iss of access tokens; the public address of this service"`

	Policy  string   `env:"POLICY_PATH" help:"JSON of the legal clocks, periods and limits that differ from the standard; xinyi policy prints those in force"`
	Zones   string   `env:"ZONES_PATH" help:"table of functional zones instead of the one that comes with the program"`
	OIDC    []string `env:"OIDC_ISSUERS" envSeparator:";" help:"trusted sign-ins: URL|client ids, with commas|phone (its phone numbers are verified); several with ;"`
	Origins []string `env:"CORS_ORIGINS" help:"web origins that may call, with commas; * is any"`
	Proxies []string `env:"TRUSTED_PROXIES" help:"addresses or networks whose X-Forwarded-For is believed"`

	RatePerson  int `env:"RATE_PERSON" envDefault:"300" help:"requests a person may make in a minute; 0 is no bound"`
	RateClient  int `env:"RATE_CLIENT" envDefault:"6000" help:"the same for a partner's system"`
	RateAddress int `env:"RATE_ADDRESS" envDefault:"600" help:"the same for an address nobody is signed in from"`

	Connections        int `env:"MAX_CONNECTIONS" envDefault:"10000" help:"connections of clients in all; never more than the limit on open files leaves room for, which doctor shows"`
	ConnectionsAddress int `env:"MAX_CONNECTIONS_PER_ADDRESS" envDefault:"500" help:"of those, connections of one address, or of one /64 of IPv6; 0 is no bound, and TRUSTED_PROXIES have none"`

	RealNameURL string `env:"REALNAME_URL" help:"service that verifies names with ID numbers; a sandbox has its own"`
	RealNameApp string `env:"REALNAME_APP_ID" help:"who we are to it"`
	RealNameKey Masked `env:"REALNAME_KEY" help:"key our questions to it are signed with"`

	FCMCredentials Masked `env:"FCM_CREDENTIALS" help:"JSON of the service account that pushes by Firebase; a sandbox has a Firebase of its own"`
	FCMProject     string `env:"FCM_PROJECT" help:"its project, when not the account's own"`
	FCMEndpoint    string `env:"FCM_ENDPOINT" help:"another address than Google's"`
	JPushKey       string `env:"JPUSH_APP_KEY" help:"app key at the aggregator of mainland phone makers' push channels"`
	JPushSecret    Masked `env:"JPUSH_MASTER_SECRET" help:"master secret there"`
	JPushURL       string `env:"JPUSH_URL" help:"another address than the vendor's"`
	VAPIDPrivate   Masked `env:"VAPID_PRIVATE_KEY" help:"key that pushes to browsers are signed with; xinyi keys vapid makes a pair"`
	VAPIDPublic    string `env:"VAPID_PUBLIC_KEY" help:"its public half, which web pages subscribe with"`
	VAPIDSubject   string `env:"VAPID_SUBJECT" help:"mailto: or https: address that browsers' push services write to"`
	SMSKey         string `env:"SMS_KEY_ID" help:"key id at the text message service (Alibaba Cloud)"`
	SMSSecret      Masked `env:"SMS_SECRET" help:"its secret"`
	SMSSign        string `env:"SMS_SIGN_NAME" help:"approved name that text messages begin with"`
	SMSCode        string `env:"SMS_CODE_TEMPLATE" help:"approved template of sign-in codes, with ${code}"`
	SMSNotice      string `env:"SMS_NOTICE_TEMPLATE" help:"approved template of notices, without variables"`
	SMSURL         string `env:"SMS_URL" help:"another address than the vendor's"`
	SMSPrint       bool   `env:"SMS_PRINT" help:"print text messages and codes to the log instead of sending them; for development alone"`

	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"INFO" help:"DEBUG, INFO, WARN or ERROR"`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"text" help:"text or json"`

	issuers  []identityhttp.Issuer
	opsGiven bool // somebody has set OPS_ADDR
	policy   Policies
	more     []Capability     // that a test adds
	emulator string           // FIREBASE_AUTH_EMULATOR_HOST, which Firebase's own library obeys
	world    func() time.Time // the time outside; nil is time.Now
	unsynced bool             // tests do not wait for the disk
}

// Masked is a setting that is never printed.
type Masked string

func (m Masked) String() string {
	if m == "" {
		return ""
	}
	return "********"
}

// GoString masks under %#v too.
func (m Masked) GoString() string { return m.String() }

// LogValue masks in logs.
func (m Masked) LogValue() slog.Value { return slog.StringValue(m.String()) }

// ReadConfig reads environ, "NAME=value" each. Its error lists every fault.
func ReadConfig(environ []string) (Config, error) {
	given, faults := settings(environ)
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: given})
	var several env.AggregateError
	if errors.As(err, &several) {
		faults = append(faults, several.Errors...)
	} else if err != nil {
		faults = append(faults, err)
	}
	if cfg.Keys == "" && cfg.MongoDBURI == "" {
		cfg.Keys = filepath.Join(cfg.DataDir, "keys.json")
	}
	if cfg.TokenKeys == "" && cfg.MongoDBURI == "" {
		cfg.TokenKeys = filepath.Join(cfg.DataDir, "token-keys.json")
	}
	if cfg.Seals == "" && cfg.MongoDBURI == "" {
		cfg.Seals = filepath.Join(cfg.DataDir, "seals.json")
	}
	var fault error
	if cfg.policy, fault = readPolicy(cfg.Policy, cfg.all()); fault != nil {
		faults = append(faults, fault)
	}
	cfg.readOps(given)
	cfg.emulator = given["FIREBASE_AUTH_EMULATOR_HOST"]
	return cfg, errors.Join(append(faults, cfg.check())...)
}

// settings is the environment by name, with the contents of the files that X_FILE names.
func settings(environ []string) (map[string]string, []error) {
	all := map[string]string{}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			all[name] = value
		}
	}
	given, faults := maps.Clone(all), []error(nil)
	for _, name := range names() {
		path := all[name+"_FILE"]
		switch {
		case path == "":
		case all[name] != "":
			faults = append(faults, fmt.Errorf("%s and %s_FILE are both set", name, name))
		default:
			text, err := os.ReadFile(path)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s_FILE: %w", name, err))
			}
			given[name] = strings.TrimSpace(string(text))
		}
	}
	return given, faults
}

// names lists what can be set, in the order of Config.
func names() []string {
	var ns []string
	for field := range reflect.TypeFor[Config]().Fields() {
		if name := field.Tag.Get("env"); name != "" {
			ns = append(ns, name)
		}
	}
	return ns
}

// check looks at what each setting alone cannot say, and reads the issuers.
func (c *Config) check() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	_, _, err := net.SplitHostPort(c.Addr)
	fault(err != nil, "ADDR %q is not host:port: %w", c.Addr, err)
	_, _, err = net.SplitHostPort(c.Ops)
	fault(c.Ops != "" && err != nil, "OPS_ADDR %q is neither host:port nor off: %w", c.Ops, err)
	fault(c.DataDir == "", "DATA_DIR is empty")
	fault(c.MongoDBURI != "" && c.Keys == "",
		"KEYS_PATH must be given with MONGODB_URI: all replicas need the same keys, so none makes its own (`xinyi keys create` does)")
	fault(c.MongoDBURI != "" && c.Seals == "", "SEALS_PATH must be given with MONGODB_URI: all replicas sign with the same seals")
	fault(c.MongoDBURI != "" && c.TokenKeys == "", "TOKEN_KEYS_PATH must be given with MONGODB_URI: all replicas need the same keys")
	fault(c.RatePerson < 0 || c.RateClient < 0 || c.RateAddress < 0, "RATE_PERSON, RATE_CLIENT and RATE_ADDRESS are 0 or more")
	fault(c.Connections < 1 || c.ConnectionsAddress < 0, "MAX_CONNECTIONS is 1 or more, MAX_CONNECTIONS_PER_ADDRESS 0 or more")
	fault(c.LogFormat != "text" && c.LogFormat != "json", "LOG_FORMAT %q is neither text nor json", c.LogFormat)
	fault((c.RealNameURL == "") != (c.RealNameKey == ""), "REALNAME_URL and REALNAME_KEY go together")
	for _, p := range c.Proxies {
		_, err := network(p)
		fault(err != nil, "TRUSTED_PROXIES: %q is neither an address nor a network", p)
	}
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		fault(o != "*" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != ""),
			"CORS_ORIGINS: %q is not a web origin", o)
	}
	mongo := string(c.MongoDBURI)
	fault(mongo != "" && !strings.HasPrefix(mongo, "mongodb://") && !strings.HasPrefix(mongo, "mongodb+srv://"),
		"MONGODB_URI does not start with mongodb:// or mongodb+srv://")
	if master := string(c.KeysLock); master != "" {
		raw, err := base64.StdEncoding.DecodeString(master)
		fault(err != nil || len(raw) != 32, "KEYS_MASTER is not 32 bytes in base64")
	}
	fault(!c.Sandbox && c.emulator != "",
		"FIREBASE_AUTH_EMULATOR_HOST is set: it lets anybody sign in as anybody, and only a sandbox may have it")
	fault((c.JPushKey == "") != (c.JPushSecret == ""), "JPUSH_APP_KEY and JPUSH_MASTER_SECRET are set together or not at all")
	fault((c.VAPIDPrivate == "") != (c.VAPIDPublic == "") || (c.VAPIDPrivate == "") != (c.VAPIDSubject == ""),
		"VAPID_PRIVATE_KEY, VAPID_PUBLIC_KEY and VAPID_SUBJECT are set together or not at all")
	given := 0
	for _, v := range []string{c.SMSKey, string(c.SMSSecret), c.SMSSign, c.SMSCode, c.SMSNotice} {
		if v != "" {
			given++
		}
	}
	fault(given != 0 && given != 5,
		"SMS_KEY_ID, SMS_SECRET, SMS_SIGN_NAME, SMS_CODE_TEMPLATE and SMS_NOTICE_TEMPLATE are set together or not at all")
	fault(given != 0 && c.SMSPrint, "SMS_PRINT prints instead of sending: it does not go with SMS_KEY_ID")
	for _, line := range c.OIDC {
		issuer, err := readIssuer(line)
		fault(err != nil, "OIDC_ISSUERS: %w", err)
		c.issuers = append(c.issuers, issuer)
	}
	return errors.Join(faults...)
}

// network reads an address or a network.
func network(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// proxied says whether an address is one of TRUSTED_PROXIES, or shares its /64 with one.
func (c *Config) proxied(a netip.Addr) bool {
	for _, p := range c.Proxies {
		n, err := network(p)
		if err != nil {
			continue
		}
		if a.Is6() && n.Bits() > 64 {
			n = netip.PrefixFrom(n.Addr(), 64).Masked()
		}
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// connections are how many clients may be connected: what is asked for, or what the limit on open files leaves when an eighth of it, and
// at least 64, are kept back for the store and for calls to others.
func (c *Config) connections() int {
	soft, _, known := fileLimit()
	if !known || soft > 1<<30 {
		return c.Connections
	}
	limit := int(soft)
	return max(1, min(c.Connections, limit-max(limit/8, 64)))
}

// readIssuer reads "https://issuer|client1,client2" and "https://issuer|client|phone".
func readIssuer(line string) (identityhttp.Issuer, error) {
	parts := strings.Split(strings.TrimSpace(line), "|")
	u, err := url.Parse(parts[0])
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "":
		return identityhttp.Issuer{}, fmt.Errorf("%q is not an https address", parts[0])
	case len(parts) < 2 || parts[1] == "":
		return identityhttp.Issuer{}, fmt.Errorf("%s has no client id", parts[0])
	case len(parts) > 3 || len(parts) == 3 && parts[2] != "phone":
		return identityhttp.Issuer{}, fmt.Errorf("%s: after the client ids comes nothing or |phone", parts[0])
	}
	return identityhttp.Issuer{URL: parts[0], Clients: strings.Split(parts[1], ","), PhoneIsVerified: len(parts) == 3}, nil
}

// rates are the bounds as the router takes them.
func (c *Config) rates() api.Rates {
	minute := func(n int) api.Rate { return api.Rate{N: n, Per: time.Minute} }
	r := api.Rates{Person: minute(c.RatePerson), Client: minute(c.RateClient), Address: minute(c.RateAddress)}
	r.Off = c.RatePerson == 0 && c.RateClient == 0 && c.RateAddress == 0
	return r
}

// A setting is one line of what doctor and the README show.
type setting struct{ name, value, fallback, help string }

// table lists all settings as they are, secrets masked.
func (c *Config) table() []setting {
	var rows []setting
	v := reflect.ValueOf(*c)
	for field := range v.Type().Fields() {
		if name := field.Tag.Get("env"); name != "" {
			value := fmt.Sprint(v.FieldByIndex(field.Index).Interface())
			rows = append(rows, setting{name, value, field.Tag.Get("envDefault"), field.Tag.Get("help")})
		}
	}
	return rows
}

// logger writes to standard error.
func (c *Config) logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// outside is the time outside.
func (c Config) outside() time.Time {
	if c.world != nil {
		return c.world().UTC()
	}
	return time.Now().UTC()
}
