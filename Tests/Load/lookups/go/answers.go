package main

import (
	"log"
	"net/http"
	"strconv"
	"strings"
)

// A problem is an error answer by RFC 9457.
type problem struct {
	status       int
	code, detail string
	challenge    string
}

var (
	unauthenticated = &problem{401, "unauthenticated", "Valid credentials are needed.", "Bearer"}
	tokenExpired    = &problem{401, "token_expired", "The token has expired.",
		`Bearer error="invalid_token"`}
	forbiddenRole = &problem{403, "forbidden_role", "The session lacks the role for this.", ""}
	notFound      = &problem{404, "not_found", "There is nothing here.", ""}
	orderNotFound = &problem{404, "order_not_found", "There is no such order.", ""}
	// Without the list of faults that orderd gives.
	invalidRequest = &problem{400, "invalid_request", "The request has faults; see errors.", ""}
	unavailable    = &problem{503, "dependency_unavailable",
		"Something that this service needs is not available; try again shortly.", ""}
)

type problemDocument struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	RequestID string `json:"requestId"`
}

func (p *problem) write(writer http.ResponseWriter, request *http.Request) {
	header := writer.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	if p.challenge != "" {
		header.Set("WWW-Authenticate", p.challenge)
	}
	if p.status == 503 {
		header.Set("Retry-After", "1")
	}
	body, err := encode(problemDocument{"urn:order-service:problem:" + p.code,
		http.StatusText(p.status), p.status, p.detail, p.code, header.Get("X-Request-Id")})
	if err != nil {
		log.Print(err)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	writer.WriteHeader(p.status)
	_, _ = writer.Write(body)
}

func fail(writer http.ResponseWriter, request *http.Request, err error) {
	log.Print(err)
	unavailable.write(writer, request)
}

// answer sends a look-up's body, or 304 to whoever has it already.
func answer(writer http.ResponseWriter, request *http.Request, tag string, body []byte) {
	header := writer.Header()
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Vary", "Authorization, Cookie")
	header.Set("ETag", tag)
	if isKnown(tag, request.Header.Get("If-None-Match")) {
		writer.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = writer.Write(body)
}

func isKnown(tag, header string) bool {
	if header == "" {
		return false
	}
	for _, known := range strings.Split(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(known), "W/") == tag {
			return true
		}
	}
	return false
}
