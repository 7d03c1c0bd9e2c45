package models

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Fen is money: 1/100 yuan, a whole number, negative for what goes back. There is no other money type and no float.
type Fen int64

// errYuan is the cause of every refused amount.
var errYuan = errors.New("not an amount in yuan: at most eight digits, with at most two decimals")

// YuanPattern is how ParseYuan wants an amount.
const YuanPattern = `^-?\d{1,8}(\.\d{1,2})?$`

var yuan = regexp.MustCompile(YuanPattern)

// ParseYuan reads an amount in yuan as hospitals and insurers write it, a decimal string below ¥100 million: "12", "12.3", "-12.34".
// It refuses exponents, signs other than one minus, spaces and a third decimal; it never rounds. Nine hundred million such amounts can be
// added up before a Fen overflows, so no sum of a bill or a day does.
//
// Errors: Invalid "money.not_yuan". Source: docs/sources.md#medical-money-1.
func ParseYuan(s string) (Fen, error) {
	if !yuan.MatchString(s) {
		return 0, E(Invalid, "money.not_yuan", errYuan)
	}
	return readYuan(s)
}

// readYuan reads an amount as Yuan writes it, however large. Errors: Invalid "money.not_yuan".
func readYuan(s string) (Fen, error) {
	whole, decimals, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole+(decimals + "00")[:2], 10, 64)
	if err != nil {
		return 0, E(Invalid, "money.not_yuan", err)
	}
	return Fen(n), nil
}

// Yuan writes f in yuan with two decimals: Fen(-5).Yuan() is "-0.05".
func (f Fen) Yuan() string {
	sign := ""
	u := uint64(f) //nolint:gosec // the sign is taken off below
	if f < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}

// Wan writes f in ten thousands of yuan (万元), exactly and without trailing zeros: Fen(50000).Wan() is "0.05".
func (f Fen) Wan() string {
	sign := ""
	u := uint64(f) //nolint:gosec // the sign is taken off below
	if f < 0 {
		sign, u = "-", -u
	}
	s := strings.TrimRight(fmt.Sprintf("%s%d.%06d", sign, u/1_000_000, u%1_000_000), "0")
	return strings.TrimSuffix(s, ".")
}

// Bp is a share in basis points: 1/10000.
type Bp int64

// Of is the share of f, rounded down (towards zero): Bp(3333).Of(100) is 33. f × bp must stay below 2^63,
// which holds for every amount ParseYuan can read and shares up to 100 %.
func (b Bp) Of(f Fen) Fen {
	whole, rest := f/10000, f%10000
	return whole*Fen(b) + rest*Fen(b)/10000
}

// Split divides total by weights: each share is rounded down, the last takes the remainder, so the shares always add up.
// Weights are ≥ 0 with a positive sum; total is ≥ 0.
//
// Source: docs/sources.md#medical-money-9.
func Split(total Fen, weights ...int64) []Fen {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	shares := make([]Fen, len(weights))
	left := total
	for i, w := range weights {
		if i == len(weights)-1 {
			shares[i] = left
			break
		}
		shares[i] = total/Fen(sum)*Fen(w) + total%Fen(sum)*Fen(w)/Fen(sum)
		left -= shares[i]
	}
	return shares
}
