# Where things are, and how scripts speak. Sourced, never run.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
RUN_DIR=${RUN_DIR:-$ROOT/.run}
[[ $RUN_DIR == /* ]] || RUN_DIR=$PWD/$RUN_DIR
LOGS=$RUN_DIR/log
PIDS=$RUN_DIR/pid
SECRETS=$RUN_DIR/secrets
PORT=${PORT:-8080}
SIM_PORT=${SIM_PORT:-8081}

# What talks to loopback goes there directly, whatever proxy the machine has.
export no_proxy=127.0.0.1,localhost${no_proxy:+,$no_proxy}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
    warn "${0##*/}: $*"
    exit 1
}

# Makes the run directory, readable by its owner only, and names the socket directory.
#
# A Unix socket's path holds 107 bytes. Where the checkout lies too deep for that, the sockets
# get a short directory of their own and `sockets` is a link to it.
prepare_run_dir() {
    umask 077
    mkdir -p "$RUN_DIR" "$LOGS" "$PIDS" "$SECRETS"
    if [[ -L $RUN_DIR/sockets && ! -d $RUN_DIR/sockets ]]; then rm "$RUN_DIR/sockets"; fi
    if [[ ! -e $RUN_DIR/sockets ]]; then
        local longest=$RUN_DIR/sockets/ordersim.sock
        if (($(printf %s "$longest" | wc -c) <= 107)); then
            mkdir "$RUN_DIR/sockets"
        else
            ln -s "$(mktemp -d /tmp/orders.XXXXXX)" "$RUN_DIR/sockets"
        fi
    fi
    name_sockets
}

name_sockets() {
    SOCKETS=$RUN_DIR/sockets
    if [[ -L $SOCKETS ]]; then SOCKETS=$(readlink "$SOCKETS"); fi
    MARIADB_SOCKET=$SOCKETS/mariadb.sock
    REDIS_SOCKET=$SOCKETS/redis.sock
    ORDERD_SOCKET=$SOCKETS/orderd.sock
    ORDERSIM_SOCKET=$SOCKETS/ordersim.sock
}

# Removes the socket directory unless something runs that may own a socket in it.
remove_idle_sockets() {
    [[ -z $(ls -A "$PIDS") ]] || return 0
    if [[ -L $RUN_DIR/sockets ]]; then rm -rf "$(readlink "$RUN_DIR/sockets")"; fi
    rm -rf "$RUN_DIR/sockets"
}

# Prints the secret of that name; the first call makes it up from `bytes` random bytes.
secret() {
    local name=$1 prefix=$2 bytes=$3 file=$SECRETS/$1
    if [[ ! -s $file ]]; then
        printf '%s%s\n' "$prefix" "$(od -An -vtx1 -N"$bytes" /dev/urandom | tr -d ' \n')" >"$file.new"
        mv "$file.new" "$file"
    fi
    cat "$SECRETS/$name"
}

# The account that may define and change the schema, for `orderd migrate` alone.
as_owner_of_schema() {
    export MARIADB_USER=orders_owner MARIADB_PASSWORD
    MARIADB_PASSWORD=$(secret mariadb-owner-password '' 24)
}
