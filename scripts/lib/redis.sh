# Two private Redis servers, because pressure on the cache must never evict limits. Sourced.
# shellcheck shell=bash

# start_redis NAME SOCKET SETTINGS…
start_redis() {
    local name=$1 socket=$2
    shift 2
    if is_running "$name"; then return; fi
    mkdir -p "$RUN_DIR/$name"
    rm -f "$socket"
    start_process "$name" redis-server --port 0 --unixsocket "$socket" --unixsocketperm 700 \
        --dir "$RUN_DIR/$name" --daemonize no --save '' "$@"
    wait_for "$name" 20 redis_answers "$socket" || return
    say "started $name  $socket"
}

redis_answers() { [[ $(redis-cli -s "$1" ping) == PONG ]]; }

start_redis_cache() {
    start_redis redis-cache "$REDIS_CACHE_SOCKET" --maxmemory 64mb --maxmemory-policy allkeys-lfu
}

start_redis_state() {
    start_redis redis-state "$REDIS_STATE_SOCKET" --maxmemory 64mb --maxmemory-policy noeviction \
        --appendonly yes --appendfsync everysec
}
