// Command lookups answers orderd's look-ups of payments and histories, from the same caches and
// rows.
//
// It listens on the unix socket LOOKUPS_SOCKET, behind an nginx that keeps its connections, and
// finds Redis and MariaDB by REDIS_CACHE_SOCKET and MARIADB_SOCKET, _USER, _PASSWORD and _DATABASE.
package main

import (
	"database/sql"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/gomodule/redigo/redis"
)

const (
	redisConnections    = 64
	databaseConnections = 32
	redisTimeout        = 50 * time.Millisecond
)

func main() {
	database, err := openDatabase()
	if err != nil {
		log.Fatal(err)
	}
	store, err := newStore(database)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", os.Getenv("LOOKUPS_SOCKET"))
	if err != nil {
		log.Fatal(err)
	}
	handler := &lookups{cache: newCache(openRedis(os.Getenv("REDIS_CACHE_SOCKET"))), store: store}
	log.Fatal(http.Serve(listener, handler))
}

func openRedis(socket string) *redis.Pool {
	return &redis.Pool{
		MaxIdle:   redisConnections,
		MaxActive: redisConnections,
		Wait:      true,
		Dial: func() (redis.Conn, error) {
			return redis.Dial(
				"unix", socket,
				redis.DialConnectTimeout(redisTimeout),
				redis.DialReadTimeout(redisTimeout),
				redis.DialWriteTimeout(redisTimeout),
			)
		},
	}
}

func openDatabase() (*sql.DB, error) {
	configuration := mysql.NewConfig()
	configuration.Net = "unix"
	configuration.Addr = os.Getenv("MARIADB_SOCKET")
	configuration.User = os.Getenv("MARIADB_USER")
	configuration.Passwd = os.Getenv("MARIADB_PASSWORD")
	configuration.DBName = os.Getenv("MARIADB_DATABASE")
	configuration.ParseTime = true
	configuration.Loc = time.UTC
	database, err := sql.Open("mysql", configuration.FormatDSN())
	if err != nil {
		return nil, err
	}
	database.SetMaxOpenConns(databaseConnections)
	database.SetMaxIdleConns(databaseConnections)
	return database, nil
}
