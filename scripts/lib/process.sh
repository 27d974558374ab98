# Processes in the background, each with a pid file and a log. Sourced after project.sh.
# shellcheck shell=bash

# Prints what tells a process from a later one with the same number: its start in clock ticks
# and the boot it belongs to. Fails when there is no such process, or only its zombie.
process_identity() {
    local stat boot
    { read -r stat <"/proc/$1/stat" && read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null ||
        return 1
    # The name in parentheses may hold spaces: count fields from behind it.
    local -a fields
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] || return 1
    printf '%s %s\n' "${fields[19]}" "$boot"
}

# Prints the process number of `name` when it runs; fails otherwise.
pid_of() {
    local pid recorded
    { read -r pid recorded <"$PIDS/$1"; } 2>/dev/null || return 1
    [[ $(process_identity "$pid") == "$recorded" ]] || return 1
    printf '%s\n' "$pid"
}

is_running() { pid_of "$1" >/dev/null; }

# A signal while things start is noted and acted upon at the next safe place: between a process's
# birth and the writing of its pid file it would leave a process that nobody stops.
interrupted=
note_signals() { trap 'interrupted=yes' INT TERM HUP; }
not_interrupted() { [[ -z $interrupted ]]; }

# start_process NAME COMMAND…: in a session of its own, so that Ctrl-C reaches only the script,
# which then stops everything in order.
start_process() {
    local name=$1 pid
    shift
    if [[ -e $LOGS/$name.log ]]; then mv "$LOGS/$name.log" "$LOGS/$name.log.1"; fi
    setsid -- "$@" </dev/null >"$LOGS/$name.log" 2>&1 9>&- &
    pid=$!
    printf '%s %s\n' "$pid" "$(process_identity "$pid")" >"$PIDS/$name"
}

# wait_for NAME SECONDS COMMAND…: until the command succeeds. Fails with one line and the end of
# the log when the process ends first or the time is over.
wait_for() {
    local name=$1 limit=$((SECONDS + $2))
    local seconds=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! not_interrupted; then
            return 1
        elif ! is_running "$name"; then
            explain "$name" "$name ended while starting"
            return 1
        elif ((SECONDS > limit)); then
            explain "$name" "$name was not ready after $seconds s"
            return 1
        fi
        sleep 0.05
    done
}

# Says what failed, with the end of the log that shows why.
explain() {
    warn "error: $2; the end of $LOGS/$1.log:"
    tail -n 15 "$LOGS/$1.log" | sed 's/^/  | /' >&2
}

# stop_process NAME SECONDS: SIGTERM, a bounded wait, SIGKILL. The signal is repeated, because
# MariaDB forgets one that comes while it starts.
stop_process() {
    local name=$1 limit=$((SECONDS + $2)) pid
    if pid=$(pid_of "$name"); then
        local again=0
        while is_running "$name"; do
            if ((SECONDS >= again)); then
                kill -TERM "$pid" 2>/dev/null || true
                again=$((SECONDS + 2))
            fi
            if ((SECONDS > limit)); then
                warn "$name did not stop in $2 s: killed"
                kill -KILL "$pid" 2>/dev/null || true
                limit=$((SECONDS + 5))
            fi
            sleep 0.05
        done
        say "stopped $name"
    fi
    rm -f "$PIDS/$name"
}

# One line for each name; fails when one of them does not run.
report() {
    local name pid all=0
    for name in "$@"; do
        if pid=$(pid_of "$name"); then
            printf '%-14s runs   pid %s\n' "$name" "$pid"
        else
            printf '%-14s stopped\n' "$name"
            all=1
        fi
    done
    return "$all"
}

# Lets one script at a time start or stop things in this run directory.
lock_run_dir() {
    exec 9>"$RUN_DIR/lock"
    flock -w 120 9 || die "another script is busy in $RUN_DIR"
}

# Debian's soft limit of 1024 files is less than two times the connections nginx may hold.
raise_file_limit() { ulimit -Sn 8192 2>/dev/null || ulimit -Sn "$(ulimit -Hn)" || true; }
