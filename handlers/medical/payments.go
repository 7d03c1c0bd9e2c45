package medical

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models/medical"
	"xinyi/payments"
	"xinyi/store"
)

// Payments is where payment channels call back.
type Payments struct {
	Gateway payments.Gateway
	Bills   *store.Repo[medical.Bill]
}

// Mount names the routes of the channels.
func (h Payments) Mount(r *api.Router) {
	api.Post(r, "/payments/callbacks", h.callback, api.Open(), api.Tag("payments"))
}

type callbackRequest struct {
	Time      string `header:"X-Pay-Timestamp" validate:"required,max=32"`
	Nonce     string `header:"X-Pay-Nonce" validate:"required,max=64"`
	Signature string `header:"X-Pay-Signature" validate:"required,max=128"`
	Payload   string `json:"payload" text:"raw" validate:"required,max=16384"` // the signed text
}

func (h Payments) callback(ctx context.Context, rq api.Request, in callbackRequest) (api.None, error) {
	headers := map[string]string{payments.HeaderTime: in.Time, payments.HeaderNonce: in.Nonce, payments.HeaderSignature: in.Signature}
	out, err := h.Gateway.Verify(headers, []byte(in.Payload), rq.Now)
	if err != nil {
		return api.None{}, err
	}
	_, err = h.Bills.Update(ctx, out.Attach, func(b *medical.Bill) error {
		if b.Knows(out.Word()) {
			return store.Unchanged()
		}
		return b.Hear(out.Word(), rq.Now)
	})
	return api.None{}, err
}
