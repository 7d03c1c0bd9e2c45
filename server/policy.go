package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Policies are every number and rule that a department may set without a new program, by name: legal clocks, periods of
// publication, limits. A file (POLICY_PATH) says only what differs from the standard. What a document copied when it began stays
// with it.
type Policies map[string]any

// policyOf is the policy in force of a type.
func policyOf[T any](a *App) T { return policyIn[T](a.cfg.policy) }

func policyIn[T any](all Policies) T {
	for _, p := range all {
		if p, ok := p.(T); ok {
			return p
		}
	}
	panic(fmt.Sprintf("no capability brings %T", *new(T)))
}

// readPolicy is the standard of the capabilities with what the file at path says instead; "" is no file.
func readPolicy(path string, of []Capability) (Policies, error) {
	all, types := Policies{}, map[reflect.Type]string{}
	for _, c := range of {
		for name, p := range c.Policy {
			if other, twice := types[reflect.TypeOf(p)]; twice || all[name] != nil { // policyOf could not tell them apart
				return all, fmt.Errorf("the policy %s of %s is there twice (%s)", name, c.Name, other)
			}
			all[name], types[reflect.TypeOf(p)] = p, name
		}
	}
	if path == "" {
		return all, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return all, fmt.Errorf("POLICY_PATH: %w", err)
	}
	var said map[string]jsontext.Value
	if err := json.Unmarshal(raw, &said); err != nil {
		return all, fmt.Errorf("POLICY_PATH %s: %w", path, err)
	}
	for name, text := range said {
		standard, known := all[name]
		if !known {
			return all, fmt.Errorf("POLICY_PATH %s: there is no policy %s", path, name)
		}
		if all[name], err = differing(standard, text); err != nil {
			return all, fmt.Errorf("POLICY_PATH %s: %s: %w", path, name, err)
		}
	}
	return all, nil
}

// differing is a copy of standard, which nothing shares with it, with what text says instead.
func differing(standard any, text []byte) (any, error) {
	p := reflect.New(reflect.TypeOf(standard))
	whole, err := json.Marshal(standard, json.WithMarshalers(json.MarshalFunc(writeSpan)))
	if err != nil {
		return nil, err
	}
	for _, said := range [][]byte{whole, text} {
		err = errors.Join(err, json.Unmarshal(said, p.Interface(), json.RejectUnknownMembers(true),
			json.WithUnmarshalers(json.UnmarshalFunc(readSpan))))
	}
	return p.Elem().Interface(), errors.Join(err, within(p.Elem(), reflect.ValueOf(standard), ""))
}

// mostTimes is how far above the standard a number of a policy may lie. Our assumption: what lies beyond is a slip of the hand.
const mostTimes = 100

// within finds the numbers of a policy that are out of bounds: what is positive in the standard stays positive and at most a hundred
// times as large; nothing is negative. It names every one.
func within(v, standard reflect.Value, at string) error {
	var faults []error
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				faults = append(faults, within(v.Field(i), standard.Field(i), at+"/"+v.Type().Field(i).Name))
			}
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		for i := range v.Len() {
			faults = append(faults, within(v.Index(i), v.Index(i), fmt.Sprintf("%s/%d", at, i)))
		}
	case v.Kind() == reflect.Map:
		for _, k := range v.MapKeys() {
			faults = append(faults, within(v.MapIndex(k), v.MapIndex(k), fmt.Sprintf("%s/%v", at, k)))
		}
	case v.CanInt() && (v.Int() < 0 || v.Int() == 0 && standard.Int() > 0 || standard.Int() > 0 && v.Int()/mostTimes > standard.Int()):
		faults = append(faults, fmt.Errorf("%s: %v is out of bounds; the standard is %v", at, v, standard))
	}
	return errors.Join(faults...)
}

// Spans of time are written as "1h30m"; a day is 24h.
func readSpan(raw []byte, d *time.Duration) error {
	text, err := strconv.Unquote(string(raw))
	if err != nil {
		return errors.New("a span of time is text like 1h30m")
	}
	*d, err = time.ParseDuration(text)
	if err == nil && *d < 0 {
		err = errors.New("a span of time is not negative")
	}
	return err
}

func writeSpan(d time.Duration) ([]byte, error) { return []byte(strconv.Quote(d.String())), nil }

// policyCommand prints the policy in force as a file that POLICY_PATH takes.
func policyCommand(_ context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) != 0 {
		return errors.New("policy takes no arguments")
	}
	p, err := readPolicy(cfg.Policy, cfg.all())
	if err != nil {
		return err
	}
	return json.MarshalWrite(out, p, jsontext.WithIndent("  "), json.Deterministic(true), json.WithMarshalers(json.MarshalFunc(writeSpan)))
}
