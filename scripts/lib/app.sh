# The programs of this project as a stack runs them. Sourced.
# shellcheck shell=bash

# Who the printed tokens belong to: two customers of the demo data, each with a cart and a history
# (the first one's has every state), and staff.
CUSTOMER_ID=1001
CUSTOMER2_ID=1002

# The settings of orderd and ordersim. Read back by every start, and by scripts/orderd.
write_settings() {
    local base=http://127.0.0.1:$PORT sim=http://127.0.0.1:$SIM_PORT
    {
        setting LISTEN "unix:$ORDERD_SOCKET"
        setting MARIADB_SOCKET "$MARIADB_SOCKET"
        setting MARIADB_USER orders
        setting MARIADB_PASSWORD "$(secret mariadb-password '' 24)"
        setting MARIADB_DATABASE orders
        setting REDIS_CACHE_SOCKET "$REDIS_SOCKET"
        setting REDIS_STATE_SOCKET "$REDIS_SOCKET"
        setting STRIPE_API_BASE "$sim/stripe"
        setting STRIPE_SECRET_KEY "$(secret stripe-secret-key sk_test_ 24)"
        setting STRIPE_WEBHOOK_SECRET "$(secret stripe-webhook-secret whsec_ 24)"
        setting USER_SERVICE_URL "$sim"
        setting PRODUCT_SERVICE_URL "$sim"
        setting SEALING_KEY "$(secret sealing-key '' 32)"
        setting SELLER_NAME 'Magazin Exemplu SRL'
        setting SELLER_CUI RO90123459
        setting SELLER_TRADE_REGISTER J12/1234/2015
        setting SELLER_LEGAL_TEXT 'Capital social 200 RON'
        setting SELLER_STREET 'Strada Exemplului nr. 10'
        setting SELLER_CITY Cluj-Napoca
        setting SELLER_COUNTY RO-CJ
        setting SELLER_POSTAL_CODE 400001
        setting SIM_LISTEN "unix:$ORDERSIM_SOCKET"
        setting SIM_STRIPE_SECRET_KEY "$(secret stripe-secret-key sk_test_ 24)"
        setting SIM_WEBHOOK_URL "$base/v1/webhooks/stripe"
        setting SIM_WEBHOOK_SECRET "$(secret stripe-webhook-secret whsec_ 24)"
    } >"$RUN_DIR/settings.new"
    mv "$RUN_DIR/settings.new" "$RUN_DIR/settings"
}

setting() { printf '%s=%q\n' "$1" "$2"; }

# with_settings COMMAND…
with_settings() (
    set -a
    # shellcheck source=/dev/null
    source "$RUN_DIR/settings"
    set +a
    "$@"
)

# Brings the schema up to date and gives the account that serves its rights.
migrate() (
    set -a
    # shellcheck source=/dev/null
    source "$RUN_DIR/settings"
    set +a
    as_owner_of_schema
    "$ORDERD_BINARY" migrate --directory "$ROOT/sql" --grant-to orders@localhost \
        >"$LOGS/migrate.log" 2>&1 || {
        explain migrate 'orderd migrate failed'
        return 1
    }
)

build_programs() {
    if [[ -n ${ORDERD_BINARY:-} && -n ${ORDERSIM_BINARY:-} ]]; then return; fi
    # The runtime is linked in: a start takes 4.6 ms instead of 7.8, and the program runs on a
    # machine without Swift.
    #
    # One product a call, because `swift build` takes the last --product alone; without any it
    # would build the tests' helpers as well. The second call finds nearly all done.
    local product
    for product in orderd ordersim; do
        (cd "$ROOT" && swift build -c release --static-swift-stdlib --product "$product") ||
            die 'the build failed'
    done
    ORDERD_BINARY=$ROOT/.build/release/orderd
    ORDERSIM_BINARY=$ROOT/.build/release/ordersim
}

# run_once NAME ARGUMENTS…: an orderd command that ends, with its output in a log.
run_once() {
    local name=$1
    shift
    with_settings "$ORDERD_BINARY" "$@" >"$LOGS/$name.log" 2>&1 || {
        explain "$name" "orderd $* failed"
        return 1
    }
}

# start_program NAME COMMAND…
start_program() {
    set -a
    # shellcheck source=/dev/null
    source "$RUN_DIR/settings"
    set +a
    raise_file_limit
    start_process "$@"
}

start_ordersim() {
    rm -f "$ORDERSIM_SOCKET"
    start_program ordersim "$ORDERSIM_BINARY" serve
    wait_for ordersim 30 \
        answers "$ORDERSIM_SOCKET" "http://127.0.0.1:$SIM_PORT/_state" || return
    say "started ordersim  http://127.0.0.1:$SIM_PORT"
}

# Demo orders for a database without any. Products, customers and carts always: ordersim has
# nothing after a start. SEED_ORDERS sets how many orders.
seed() {
    run_once seed seed --if-empty --orders "${SEED_ORDERS:-20000}" || return
    say 'loaded the demo data'
}

start_orderd_serve() {
    rm -f "$ORDERD_SOCKET"
    start_program orderd-serve "$ORDERD_BINARY" serve
    wait_for orderd-serve 30 \
        answers "$ORDERD_SOCKET" "http://127.0.0.1:$PORT/health/ready" || return
    say "started orderd serve  http://127.0.0.1:$PORT"
}

# The worker listens nowhere: it has started when it still runs after a moment.
start_orderd_worker() {
    start_program orderd-worker "$ORDERD_BINARY" worker
    sleep 0.5
    if ! is_running orderd-worker; then
        explain orderd-worker 'orderd worker ended while starting'
        return 1
    fi
    say 'started orderd worker'
}

# answers SOCKET URL: asked through nginx, once the program listens.
answers() { [[ -S $1 ]] && curl -fsS -o /dev/null --max-time 2 "$2"; }

# issue_token USER ROLE
issue_token() {
    local answer token
    answer=$(with_settings "$ORDERD_BINARY" session issue --user "$1" --role "$2" \
        --ttl 604800 --json 2>"$LOGS/session-issue.log") || {
        explain session-issue "orderd session issue --user $1 --role $2 failed"
        return 1
    }
    token=$(sed -n 's/.*"token" *: *"\([^"]*\)".*/\1/p' <<<"$answer")
    [[ -n $token ]] || {
        warn "error: orderd session issue answered no token for $1"
        return 1
    }
    printf '%s\n' "$token"
}

# Writes `env`: what a caller of the running stack needs. The words are part of the contract.
write_env() {
    local admin support finance service customer customer2
    admin=$(issue_token admin-1 admin) || return
    support=$(issue_token support-1 support) || return
    finance=$(issue_token finance-1 finance) || return
    service=$(issue_token service-1 service) || return
    customer=$(issue_token "$CUSTOMER_ID" customer) || return
    customer2=$(issue_token "$CUSTOMER2_ID" customer) || return
    {
        setting BASE_URL "http://127.0.0.1:$PORT"
        setting SIM_URL "http://127.0.0.1:$SIM_PORT"
        setting ADMIN_TOKEN "$admin"
        setting SUPPORT_TOKEN "$support"
        setting FINANCE_TOKEN "$finance"
        setting SERVICE_TOKEN "$service"
        setting CUSTOMER_TOKEN "$customer"
        setting CUSTOMER_ID "$CUSTOMER_ID"
        setting CUSTOMER2_TOKEN "$customer2"
        setting CUSTOMER2_ID "$CUSTOMER2_ID"
        setting STRIPE_WEBHOOK_SECRET "$(secret stripe-webhook-secret whsec_ 24)"
        setting MARIADB_SOCKET "$MARIADB_SOCKET"
        setting REDIS_SOCKET "$REDIS_SOCKET"
    } >"$RUN_DIR/env.new"
    mv "$RUN_DIR/env.new" "$RUN_DIR/env"
}

print_env() {
    say ''
    sed 's/^/  /' "$RUN_DIR/env"
    say ''
    say 'Try it:'
    say "  . ${RUN_DIR#"$PWD/"}/env"
    # shellcheck disable=SC2016
    say '  curl -H "Authorization: Bearer $CUSTOMER_TOKEN" "$BASE_URL/v1/orders?size=3"'
}
