package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"xinyi/models"
	"xinyi/models/sandbox"
	"xinyi/payments"
	"xinyi/store"
)

// errNoChannel is why nobody can pay in the app where no channel is configured. Hospitals still take payments.
var errNoChannel = models.E(models.Unavailable, "payments.no_channel")

// nobody is the gateway of a city without a payment channel.
type nobody struct{}

func (nobody) Collect(context.Context, payments.Order) (payments.Ticket, error) {
	return payments.Ticket{}, errNoChannel
}

func (nobody) Query(context.Context, string) (payments.Outcome, error) {
	return payments.Outcome{}, errNoChannel
}

func (nobody) Refund(context.Context, string, payments.Order, models.Fen) (payments.Outcome, error) {
	return payments.Outcome{}, errNoChannel
}

func (nobody) Verify(map[string]string, []byte, time.Time) (payments.Outcome, error) {
	return payments.Outcome{}, models.E(models.Unauthenticated, "payments.bad_signature", errNoChannel)
}

// callbackDelay is how late the sandbox's channel calls back the first time; the second call follows at twice that.
const callbackDelay = 300 * time.Millisecond

// sandboxChannel is the made-up payment channel. It calls back over HTTP, like a real one.
func (a *App) sandboxChannel() *payments.Sandbox {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return &payments.Sandbox{Key: key, Now: a.now, Log: a.log, Delay: callbackDelay, Book: orderBook{a.repos.orders},
		Call: func(headers map[string]string, body []byte) error {
			return a.callBack(client, headers, body)
		}}
}

// orderBook keeps the channel's orders in the store, so that they outlive the process as a real channel's do.
type orderBook struct{ orders *store.Repo[sandbox.Order] }

// Keep implements payments.Book.
func (b orderBook) Keep(ctx context.Context, out payments.Outcome) (bool, error) {
	err := b.orders.Insert(ctx, &sandbox.Order{
		Meta: models.Meta{ID: out.PayNo}, Attach: out.Attach, TradeNo: out.TradeNo, State: string(out.State), Amount: out.Amount,
	})
	if errors.Is(err, models.Conflict) {
		return false, nil
	}
	return err == nil, err
}

// Order implements payments.Book.
func (b orderBook) Order(ctx context.Context, payNo string) (payments.Outcome, error) {
	o, err := b.orders.Get(ctx, payNo)
	if err != nil {
		return payments.Outcome{}, err
	}
	return payments.Outcome{Attach: o.Attach, PayNo: o.ID, TradeNo: o.TradeNo, State: payments.State(o.State), Amount: o.Amount}, nil
}

func (a *App) callBack(client *http.Client, headers map[string]string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), client.Timeout)
	defer cancel()
	raw, err := json.Marshal(map[string]string{"payload": string(body)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL()+"/v1/payments/callbacks", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the callback was answered %s", resp.Status)
	}
	return nil
}
