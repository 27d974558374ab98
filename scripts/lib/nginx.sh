# A private nginx on two loopback ports. Sourced.
# shellcheck shell=bash

NGINX=$(command -v nginx || echo /usr/sbin/nginx)

# What a deployment sets. Load comes from one address here, so the limits are beyond it.
NGINX_REQUEST_RATE=${NGINX_REQUEST_RATE:-1000000}
NGINX_REQUEST_BURST=${NGINX_REQUEST_BURST:-100000}
NGINX_WRITE_RATE=${NGINX_WRITE_RATE:-1000000}
NGINX_WRITE_BURST=${NGINX_WRITE_BURST:-100000}
NGINX_CONNECTIONS=${NGINX_CONNECTIONS:-10000}
# Who may ask /metrics and /v1/admin: addresses and networks, a blank between.
NGINX_OPERATORS=${NGINX_OPERATORS:-127.0.0.1}
# Where the instances of orderd listen, a blank between; the one of this stack where none is named.
NGINX_SERVERS=${NGINX_SERVERS:-}
# A file with further directives of the server, such as TLS.
NGINX_INCLUDE=${NGINX_INCLUDE:-}

require_nginx_settings() {
    local name
    for name in REQUEST_RATE REQUEST_BURST WRITE_RATE WRITE_BURST CONNECTIONS; do
        name=NGINX_$name
        [[ ${!name} =~ ^[1-9][0-9]{0,6}$ ]] || die "$name=${!name} is not a number from 1 to 9999999"
    done
    for name in NGINX_OPERATORS NGINX_SERVERS NGINX_INCLUDE; do
        case ${!name} in
        *[\"\\\$\;{}]* | *$'\n'*) die "nginx cannot express $name=${!name}" ;;
        esac
    done
}

# directives NAME VALUE…: one a value.
directives() {
    local name=$1 value
    shift
    for value in "$@"; do printf '%s "%s"; ' "$name" "$value"; done
}

# upstream_servers ADDRESS…: see the comment in nginx.conf.template.
upstream_servers() {
    local address
    for address in "$@"; do printf 'server "%s" fail_timeout=1s; ' "$address"; done
}

# Renders nginx.conf. `user` is for root alone (nginx warns otherwise): a stack that root starts
# runs as root throughout, so its workers reach sockets of mode 0660 wherever the checkout lies.
render_nginx() {
    case $ROOT$RUN_DIR in
    *[\"\\\$\;{}]* | *$'\n'*) die "nginx cannot express this path: $RUN_DIR" ;;
    esac
    require_nginx_settings
    local text user='' include=''
    local -a operators servers=("unix:$ORDERD_SOCKET")
    read -ra operators <<<"$NGINX_OPERATORS"
    if [[ -n $NGINX_SERVERS ]]; then read -ra servers <<<"$NGINX_SERVERS"; fi
    if [[ -n $NGINX_INCLUDE ]]; then include=$(directives include "$NGINX_INCLUDE"); fi
    if ((EUID == 0)); then user='user root root;'; fi
    text=$(<"$ROOT/nginx/nginx.conf.template")
    text=${text//@USER@/"$user"}
    text=${text//@PORT@/"$PORT"}
    text=${text//@SIM_PORT@/"$SIM_PORT"}
    text=${text//@ORDERD_SERVERS@/"$(upstream_servers "${servers[@]}")"}
    text=${text//@ORDERSIM_SOCKET@/"$ORDERSIM_SOCKET"}
    text=${text//@REQUEST_RATE@/"$NGINX_REQUEST_RATE"}
    text=${text//@REQUEST_BURST@/"$NGINX_REQUEST_BURST"}
    text=${text//@WRITE_RATE@/"$NGINX_WRITE_RATE"}
    text=${text//@WRITE_BURST@/"$NGINX_WRITE_BURST"}
    text=${text//@CONNECTIONS@/"$NGINX_CONNECTIONS"}
    text=${text//@OPERATORS@/"$(directives allow "${operators[@]}")"}
    text=${text//@INCLUDE@/"$include"}
    text=${text//@CONFIGURATION@/"$ROOT/nginx"}
    text=${text//@LOGS@/"$LOGS"}
    text=${text//@NGINX_RUN@/"$RUN_DIR/nginx"}
    mkdir -p "$RUN_DIR/nginx"
    cp "$ROOT"/nginx/*.conf "$RUN_DIR/nginx/"
    printf '%s\n' "$text" >"$RUN_DIR/nginx/nginx.conf"
}

run_nginx() { "$NGINX" -e stderr -p "$RUN_DIR/nginx/" -c "$RUN_DIR/nginx/nginx.conf" "$@"; }

check_nginx() {
    render_nginx
    run_nginx -t -q
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port nobody listens on, below those the kernel gives to outgoing connections.
free_port() {
    local port
    until port=$((20000 + RANDOM % 12000)) && ! port_is_taken "$port"; do :; done
    printf '%s\n' "$port"
}

# Says so before anything is started, unless it is our own nginx that listens there.
require_free_ports() {
    local variable port
    for variable in PORT SIM_PORT; do
        port=${!variable}
        if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
            die "$variable=$port is not a port"
        fi
    done
    [[ $PORT != "$SIM_PORT" ]] || die "PORT and SIM_PORT are both $PORT"
    if is_running nginx; then
        [[ $(cat "$RUN_DIR/nginx/ports") == "$PORT $SIM_PORT" ]] ||
            die "runs on ports $(cat "$RUN_DIR/nginx/ports") already; stop it first"
        return
    fi
    for variable in PORT SIM_PORT; do
        if port_is_taken "${!variable}"; then
            die "port ${!variable} is in use; set $variable to another one"
        fi
    done
}

nginx_listens() { port_is_taken "$PORT" && port_is_taken "$SIM_PORT"; }

start_nginx() {
    if is_running nginx; then return; fi
    render_nginx
    raise_file_limit
    start_process nginx "$NGINX" -e stderr -p "$RUN_DIR/nginx/" -c "$RUN_DIR/nginx/nginx.conf" \
        -g 'daemon off;'
    wait_for nginx 20 nginx_listens || return
    printf '%s %s\n' "$PORT" "$SIM_PORT" >"$RUN_DIR/nginx/ports"
    say "started nginx  127.0.0.1:$PORT and 127.0.0.1:$SIM_PORT"
}
