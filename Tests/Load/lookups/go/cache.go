package main

import (
	"bytes"
	"math/rand"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"
)

// How long entries live at most; up to a tenth is taken off, so that they do not expire together.
const (
	sessionLife = time.Minute
	paymentLife = 5 * time.Minute
	historyLife = time.Hour
)

// An entry is what orderd stores: `2|<version>|<owner>|<length>|<fragment><body>`.
type entry struct {
	version  int64
	owner    string
	fragment []byte
	body     []byte
}

// parseEntry reads a stored value; false if there is none, or of another format.
func parseEntry(stored []byte) (entry, bool) {
	fields := bytes.SplitN(stored, []byte("|"), 5)
	if len(fields) != 5 || string(fields[0]) != "2" {
		return entry{}, false
	}
	version, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return entry{}, false
	}
	length, err := strconv.Atoi(string(fields[3]))
	if err != nil || length < 0 || length > len(fields[4]) {
		return entry{}, false
	}
	return entry{version, string(fields[2]), fields[4][:length], fields[4][length:]}, true
}

func (e entry) stored() []byte {
	value := make([]byte, 0, 64+len(e.owner)+len(e.fragment)+len(e.body))
	value = append(value, "2|"...)
	value = strconv.AppendInt(value, e.version, 10)
	value = append(value, '|')
	value = append(value, e.owner...)
	value = append(value, '|')
	value = strconv.AppendInt(value, int64(len(e.fragment)), 10)
	value = append(value, '|')
	value = append(value, e.fragment...)
	return append(value, e.body...)
}

// The owner of a history is known by the session alone, so both are read by one script.
var sessionAndPage = redis.NewScript(1, `
local session = redis.call('GET', KEYS[1])
local owner = session and string.match(session, '^2|%d+|([^|]+)|')
if not owner then return {false, false} end
return {session, redis.call('HGET', ARGV[2] .. owner, ARGV[1])}
`)

// A cache answers nothing while Redis is away: everything is then read from MariaDB.
type cache struct {
	pool *redis.Pool
}

func newCache(pool *redis.Pool) *cache {
	return &cache{pool}
}

// pair reads two keys in one trip.
func (c *cache) pair(first, second string) ([]byte, []byte) {
	connection := c.pool.Get()
	defer connection.Close()
	return two(redis.ByteSlices(connection.Do("MGET", first, second)))
}

// page reads a session and a page of its user's history in one trip.
func (c *cache) page(session, field string) ([]byte, []byte) {
	connection := c.pool.Get()
	defer connection.Close()
	reply, err := sessionAndPage.Do(connection, session, field, "order-history::")
	return two(redis.ByteSlices(reply, err))
}

func two(values [][]byte, err error) ([]byte, []byte) {
	if err != nil || len(values) != 2 {
		return nil, nil
	}
	return values[0], values[1]
}

// fill stores an entry, and lives with a failure.
func (c *cache) fill(key string, e entry, life time.Duration) {
	connection := c.pool.Get()
	defer connection.Close()
	_, _ = connection.Do("SET", key, e.stored(), "PX", jittered(life))
}

// fillPage stores a page; all pages of a user live from the first one on.
func (c *cache) fillPage(key, field string, e entry) {
	connection := c.pool.Get()
	defer connection.Close()
	_ = connection.Send("HSET", key, field, e.stored())
	_ = connection.Send("PEXPIRE", key, jittered(historyLife), "NX")
	_, _ = connection.Do("")
}

func jittered(life time.Duration) int64 {
	whole := life.Milliseconds()
	return whole - rand.Int63n(whole/10+1)
}
