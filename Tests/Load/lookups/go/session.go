package main

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The bits of roles in a session's entry.
var roleBits = map[string]int64{"customer": 1, "support": 2, "finance": 4, "admin": 8, "service": 16}

// A session belongs to a user until it expires, in microseconds since 1970.
type session struct {
	user    string
	expires int64
	roles   int64
}

// bearer is the session token of a request; false if it shows none.
func bearer(request *http.Request) (string, bool) {
	header := request.Header.Get("Authorization")
	if len(header) < 7 || !strings.EqualFold(header[:7], "bearer ") {
		return "", false
	}
	token := header[7:]
	return token, len(token) == 46 && strings.HasPrefix(token, "st_")
}

// parseSession reads the entry's body, `<expiry>|<roles>|`.
func parseSession(e entry) (session, bool) {
	fields := bytes.Split(e.body, []byte("|"))
	if len(fields) != 3 {
		return session{}, false
	}
	expires, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return session{}, false
	}
	roles, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return session{}, false
	}
	return session{e.owner, expires, roles}, true
}

func (s session) entry() entry {
	body := strconv.FormatInt(s.expires, 10) + "|" + strconv.FormatInt(s.roles, 10) + "|"
	return entry{version: 1, owner: s.user, body: []byte(body)}
}

func (s session) isExpired() bool {
	return s.expires <= time.Now().UnixMicro()
}

func (s session) isCustomer() bool {
	return s.roles&roleBits["customer"] != 0
}
