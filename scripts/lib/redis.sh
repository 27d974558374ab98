# A private Redis for cache, limits, timeouts and events alike. Sourced.
# shellcheck shell=bash

# One server serves both groups of settings, so that a look into one socket shows everything.
# Production has two, because pressure on a cache must never evict limits; here nothing is ever
# evicted.
start_redis() {
    if is_running redis; then return; fi
    mkdir -p "$RUN_DIR/redis"
    rm -f "$REDIS_SOCKET"
    start_process redis redis-server --port 0 --unixsocket "$REDIS_SOCKET" --unixsocketperm 700 \
        --dir "$RUN_DIR/redis" --daemonize no --save '' --maxmemory-policy noeviction \
        --appendonly yes --appendfsync everysec
    wait_for redis 20 redis_answers || return
    say "started redis  $REDIS_SOCKET"
}

redis_answers() { [[ $(redis-cli -s "$REDIS_SOCKET" ping) == PONG ]]; }
