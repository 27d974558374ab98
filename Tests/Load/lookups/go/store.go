package main

import (
	"database/sql"
	"strings"
	"time"
)

const orderColumns = `id, number, user_id, email, status, payment_status, currency, total_minor,
	item_count, version, created_at, updated_at`

type order struct {
	id            int64
	number        string
	user          sql.NullString
	email         string
	status        string
	paymentStatus string
	currency      string
	total         int64
	itemCount     int64
	version       int64
	created       time.Time
	updated       time.Time
}

type payment struct {
	id        int64
	publicID  string
	intent    sql.NullString
	status    string
	amount    int64
	currency  string
	completed sql.NullTime
	expires   sql.NullTime
}

type attempt struct {
	at          time.Time
	declineCode sql.NullString
}

// A store reads the record, by statements that are prepared once.
type store struct {
	sessions, orders, payments, attempts, customers, pages *sql.Stmt
}

func newStore(database *sql.DB) (*store, error) {
	s := &store{}
	for statement, text := range map[**sql.Stmt]string{
		&s.sessions: `SELECT user_id, roles, expires_at FROM sessions
			WHERE token_hash = ? AND revoked_at IS NULL`,
		&s.orders: "SELECT " + orderColumns + ` FROM orders
			WHERE id = ? AND visible_at IS NOT NULL`,
		&s.payments: `SELECT id, public_id, provider_intent_id, status, amount_minor, currency,
			completed_at, expires_at FROM payments WHERE order_id = ? AND NOT is_void
			ORDER BY live_order_id IS NULL, id DESC LIMIT 1`,
		&s.attempts: `SELECT attempted_at, decline_code FROM payment_attempts
			WHERE payment_id = ? ORDER BY id LIMIT 100`,
		&s.customers: "SELECT orders_count FROM customers WHERE user_id = ?",
		&s.pages: "SELECT " + orderColumns + ` FROM orders
			WHERE user_id = ? AND user_seq > ? AND user_seq <= ? ORDER BY user_seq DESC`,
	} {
		var err error
		if *statement, err = database.Prepare(text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// session finds the session of a token's hash; sql.ErrNoRows if there is none or it was revoked.
func (s *store) session(hash []byte) (session, error) {
	var found session
	var roles string
	var expires time.Time
	if err := s.sessions.QueryRow(hash).Scan(&found.user, &roles, &expires); err != nil {
		return found, err
	}
	found.expires = expires.UnixMicro()
	for _, role := range strings.Split(roles, ",") {
		found.roles |= roleBits[role]
	}
	return found, nil
}

type scanner interface{ Scan(...interface{}) error }

func scanOrder(row scanner) (o order, err error) {
	err = row.Scan(&o.id, &o.number, &o.user, &o.email, &o.status, &o.paymentStatus, &o.currency,
		&o.total, &o.itemCount, &o.version, &o.created, &o.updated)
	return o, err
}

// order finds a visible order; sql.ErrNoRows if there is none.
func (s *store) order(id int64) (order, error) {
	return scanOrder(s.orders.QueryRow(id))
}

// payment finds the payment that counts, with the attempts at it; nil if the order has none.
func (s *store) payment(orderID int64) (*payment, []attempt, error) {
	var p payment
	err := s.payments.QueryRow(orderID).Scan(&p.id, &p.publicID, &p.intent, &p.status, &p.amount,
		&p.currency, &p.completed, &p.expires)
	if err == sql.ErrNoRows {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	rows, err := s.attempts.Query(p.id)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var attempts []attempt
	for rows.Next() {
		var a attempt
		if err := rows.Scan(&a.at, &a.declineCode); err != nil {
			return nil, nil, err
		}
		attempts = append(attempts, a)
	}
	return &p, attempts, rows.Err()
}

// history reads a page of a user's orders, newest first, and how many there are in all.
func (s *store) history(user string, page, size int64) ([]order, int64, error) {
	var total int64
	err := s.customers.QueryRow(user).Scan(&total)
	if err != nil && err != sql.ErrNoRows {
		return nil, 0, err
	}
	last := total - page*size
	if last <= 0 {
		return nil, total, nil
	}
	rows, err := s.pages.Query(user, last-size, last)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var orders []order
	for rows.Next() {
		o, err := scanOrder(rows)
		if err != nil {
			return nil, 0, err
		}
		orders = append(orders, o)
	}
	return orders, total, rows.Err()
}
