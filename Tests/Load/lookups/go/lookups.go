package main

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"log"
	"net/http"
	"strconv"
	"strings"
)

// The lookups answer `GET /v1/orders/{id}/payment` and `GET /v1/orders?page=&size=`.
type lookups struct {
	cache *cache
	store *store
}

func (l *lookups) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	writer.Header().Set("X-Request-Id", request.Header.Get("X-Request-Id"))
	path := request.URL.Path
	switch {
	case request.Method != http.MethodGet:
		notFound.write(writer, request)
	case path == "/v1/orders":
		l.history(writer, request)
	case strings.HasPrefix(path, "/v1/orders/") && strings.HasSuffix(path, "/payment"):
		number := strings.TrimSuffix(strings.TrimPrefix(path, "/v1/orders/"), "/payment")
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			notFound.write(writer, request)
			return
		}
		l.payment(writer, request, id)
	default:
		notFound.write(writer, request)
	}
}

func (l *lookups) payment(writer http.ResponseWriter, request *http.Request, id int64) {
	token, ok := bearer(request)
	if !ok {
		unauthenticated.write(writer, request)
		return
	}
	hash := sha256.Sum256([]byte(token))
	sessionKey := "session:" + hex.EncodeToString(hash[:])
	key := "payment-status::" + strconv.FormatInt(id, 10)
	storedSession, storedEntry := l.cache.pair(sessionKey, key)
	session, problem := l.session(storedSession, sessionKey, hash[:])
	if problem != nil {
		problem.write(writer, request)
		return
	}
	found, ok := parseEntry(storedEntry)
	if !ok {
		var err error
		if found, err = l.readPayment(id); err == sql.ErrNoRows {
			orderNotFound.write(writer, request)
			return
		} else if err != nil {
			fail(writer, request, err)
			return
		}
		l.cache.fill(key, found, paymentLife)
	}
	if !session.isCustomer() || found.owner == "" || found.owner != session.user {
		orderNotFound.write(writer, request)
		return
	}
	tag := strconv.FormatInt(id, 10) + "-" + strconv.FormatInt(found.version, 10)
	answer(writer, request, `"`+tag+`"`, found.body)
}

func (l *lookups) readPayment(id int64) (entry, error) {
	order, err := l.store.order(id)
	if err != nil {
		return entry{}, err
	}
	payment, attempts, err := l.store.payment(id)
	if err != nil {
		return entry{}, err
	}
	return paymentEntry(order, payment, attempts)
}

func (l *lookups) history(writer http.ResponseWriter, request *http.Request) {
	token, ok := bearer(request)
	if !ok {
		unauthenticated.write(writer, request)
		return
	}
	query := request.URL.Query()
	page, pageIsValid := number(query.Get("page"), 0, 0, 1_000_000)
	size, sizeIsValid := number(query.Get("size"), 20, 1, 100)
	if !pageIsValid || !sizeIsValid {
		invalidRequest.write(writer, request)
		return
	}
	hash := sha256.Sum256([]byte(token))
	sessionKey := "session:" + hex.EncodeToString(hash[:])
	field := strconv.FormatInt(page, 10) + ":" + strconv.FormatInt(size, 10)
	storedSession, storedPage := l.cache.page(sessionKey, field)
	session, problem := l.session(storedSession, sessionKey, hash[:])
	if problem == nil && !session.isCustomer() {
		problem = forbiddenRole
	}
	if problem != nil {
		problem.write(writer, request)
		return
	}
	found, ok := parseEntry(storedPage)
	if !ok {
		orders, total, err := l.store.history(session.user, page, size)
		if err == nil {
			found, err = pageEntry(session.user, orders, page, size, total)
		}
		if err != nil {
			fail(writer, request, err)
			return
		}
		if len(orders) > 0 || page == 0 {
			l.cache.fillPage("order-history::"+session.user, field, found)
		}
	}
	answer(writer, request, `"h-`+strconv.FormatInt(found.version, 10)+`"`, found.body)
}

// session is the one in the cache, or else that of the record, which then fills the cache.
func (l *lookups) session(stored []byte, key string, hash []byte) (session, *problem) {
	var found session
	cached, ok := parseEntry(stored)
	if ok {
		found, ok = parseSession(cached)
	}
	if !ok {
		var err error
		if found, err = l.store.session(hash); err == sql.ErrNoRows {
			return found, unauthenticated
		} else if err != nil {
			log.Print(err)
			return found, unavailable
		}
		l.cache.fill(key, found.entry(), sessionLife)
	}
	if found.isExpired() {
		return found, tokenExpired
	}
	return found, nil
}

// number reads a parameter of the query; false if it is none or out of its range.
func number(text string, standard, least, most int64) (int64, bool) {
	if text == "" {
		return standard, true
	}
	value, err := strconv.ParseInt(text, 10, 64)
	return value, err == nil && value >= least && value <= most
}
