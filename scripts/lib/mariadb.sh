# A private MariaDB: no network, one socket, data in the run directory. Sourced.
# shellcheck shell=bash

mariadb_account() { id -un; }

mariadb_as_owner() {
    mariadb --no-defaults --socket="$MARIADB_SOCKET" --user="$(mariadb_account)" --batch
}

mariadb_answers() { mariadb_as_owner <<<'SELECT 1'; }

# Temporary tables of its own: a server that starts removes every #sql file of its tmpdir, so two
# that shared /tmp would take each other's.
make_mariadb_tmp() {
    MARIADB_TMP=$RUN_DIR/mariadb.tmp
    mkdir -p "$MARIADB_TMP"
}

# Built beside its place and then moved: an interrupted first start leaves no half a database.
install_database() {
    local fresh=$RUN_DIR/mariadb.new
    rm -rf "$fresh"
    mariadb-install-db --no-defaults --datadir="$fresh" --user="$(mariadb_account)" \
        --tmpdir="$MARIADB_TMP" \
        --auth-root-authentication-method=socket --auth-root-socket-user="$(mariadb_account)" \
        --skip-test-db --skip-name-resolve --innodb-log-file-size=32M \
        >"$LOGS/mariadb-install.log" 2>&1 || {
        explain mariadb-install "mariadb-install-db failed"
        return 1
    }
    mv "$fresh" "$RUN_DIR/mariadb"
}

# Two accounts: `orders_owner` defines and changes the schema, and nothing else; `orders` serves,
# with the rights that `orderd migrate --grant-to` gives it table by table, so that it cannot change
# what is only to be added to. A right on the whole schema, as earlier stacks gave it, would be above
# those; a revocation needs something to revoke. The statements go over standard input: an argument
# could be read by everybody in /proc.
make_accounts() {
    local password owner_password
    password=$(secret mariadb-password '' 24)
    owner_password=$(secret mariadb-owner-password '' 24)
    mariadb_as_owner <<SQL
CREATE DATABASE IF NOT EXISTS orders CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS orders_owner@localhost, orders@localhost;
ALTER USER orders_owner@localhost IDENTIFIED BY '$owner_password',
    orders@localhost IDENTIFIED BY '$password';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER,
      CREATE VIEW, SHOW VIEW, LOCK TABLES ON orders.* TO orders_owner@localhost WITH GRANT OPTION;
GRANT SELECT ON orders.* TO orders@localhost;
REVOKE ALL PRIVILEGES ON orders.* FROM orders@localhost;
GRANT USAGE ON *.* TO orders@localhost;
SQL
}

start_mariadb() {
    if is_running mariadb; then return; fi
    make_mariadb_tmp
    if [[ ! -d $RUN_DIR/mariadb ]]; then install_database || return; fi
    rm -f "$MARIADB_SOCKET"
    local -a user=()
    if ((EUID == 0)); then user=(--user=root); fi
    # A commit is on the disk before it is answered, here as in production.
    start_process mariadb mariadbd --no-defaults "${user[@]}" \
        --datadir="$RUN_DIR/mariadb" --tmpdir="$MARIADB_TMP" \
        --socket="$MARIADB_SOCKET" --pid-file="$RUN_DIR/mariadb/pid" \
        --skip-networking --skip-name-resolve --skip-log-bin \
        --character-set-server=utf8mb4 --default-time-zone=+00:00 --max-connections=400 \
        --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=128M \
        --innodb-log-file-size=32M --aria-pagecache-buffer-size=8M --key-buffer-size=1M
    wait_for mariadb 60 mariadb_answers || return
    make_accounts || {
        explain mariadb "the accounts of the application could not be made"
        return 1
    }
    say "started mariadb  $MARIADB_SOCKET"
}
