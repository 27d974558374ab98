package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"time"
)

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

type orderSummary struct {
	ID            int64  `json:"id"`
	Number        string `json:"orderNumber"`
	Status        string `json:"status"`
	PaymentStatus string `json:"paymentStatus"`
	Total         money  `json:"total"`
	CreatedAt     string `json:"createdAt"`
	UpdatedAt     string `json:"updatedAt"`
	ItemCount     int64  `json:"itemCount"`
	Customer      string `json:"customerIdentifier"`
	Version       int64  `json:"version"`
}

type historyPage struct {
	Items      []orderSummary `json:"items"`
	Page       int64          `json:"page"`
	Size       int64          `json:"size"`
	TotalItems int64          `json:"totalItems"`
	TotalPages int64          `json:"totalPages"`
}

type noPayment struct {
	OrderID int64  `json:"orderId"`
	Status  string `json:"status"`
}

type paymentState struct {
	OrderID     int64          `json:"orderId"`
	PaymentID   string         `json:"paymentId"`
	Status      string         `json:"status"`
	Amount      int64          `json:"amount"`
	Currency    string         `json:"currency"`
	Intent      *string        `json:"stripePaymentIntentId"`
	CompletedAt *string        `json:"completedAt"`
	Attempts    []attemptState `json:"attempts"`
	ExpiresAt   *string        `json:"expiresAt"`
}

type attemptState struct {
	At          string  `json:"at"`
	DeclineCode *string `json:"declineCode"`
}

// encode writes JSON as orderd does, without HTML's escapes.
func encode(value interface{}) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

func paymentEntry(o order, p *payment, attempts []attempt) (entry, error) {
	var value interface{} = noPayment{o.id, "none_required"}
	if p != nil {
		states := make([]attemptState, 0, len(attempts))
		for _, a := range attempts {
			states = append(states, attemptState{instant(a.at), shown(a.declineCode)})
		}
		value = paymentState{o.id, p.publicID, p.status, p.amount, p.currency, text(p.intent),
			optionalInstant(p.completed), states, optionalInstant(p.expires)}
	}
	body, err := encode(value)
	return entry{version: o.version, owner: o.user.String, body: body}, err
}

// pageEntry has a digest of the page as its version.
func pageEntry(user string, orders []order, page, size, total int64) (entry, error) {
	items := make([]orderSummary, 0, len(orders))
	for _, o := range orders {
		customer := o.email
		if o.user.Valid {
			customer = o.user.String
		}
		items = append(items, orderSummary{o.id, o.number, o.status, o.paymentStatus,
			money{o.total, o.currency}, instant(o.created), instant(o.updated), o.itemCount,
			customer, o.version})
	}
	body, err := encode(historyPage{items, page, size, total, (total + size - 1) / size})
	digest := sha256.Sum256(body)
	version := int64(binary.BigEndian.Uint64(digest[:8]) % 1_000_000_000_000_000_000)
	return entry{version: version, owner: user, body: body}, err
}

func instant(at time.Time) string {
	return at.Format("2006-01-02T15:04:05.000Z")
}

func optionalInstant(at sql.NullTime) *string {
	if !at.Valid {
		return nil
	}
	written := instant(at.Time)
	return &written
}

func text(value sql.NullString) *string {
	if !value.Valid {
		return nil
	}
	return &value.String
}

// shown is a decline's code as a payer may see it.
func shown(code sql.NullString) *string {
	switch code.String {
	case "lost_card", "stolen_card", "fraudulent", "pickup_card", "merchant_blacklist":
		code.String = "generic_decline"
	}
	return text(code)
}
