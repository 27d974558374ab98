#pragma once

#include <mariadb/mysql.h>
#include <mariadb/errmsg.h>
#include <mariadb/mysqld_error.h>
#include <mariadb/ma_pvio.h>

#include <sys/socket.h>
#include <sys/time.h>

// The library's own options take whole seconds and act at connect only. The transport's header is
// public (transports are plug-ins) and keeps the limits in milliseconds, so a deadline is set here
// before each command. With TLS, OpenSSL reads the descriptor itself, and the socket's own limits
// are what stops it.
static inline void cmariadb_set_io_timeout(MYSQL *mysql, int milliseconds) {
    MARIADB_PVIO *transport = mysql->net.pvio;
    if (!transport) return;
    transport->timeout[PVIO_READ_TIMEOUT] = milliseconds;
    transport->timeout[PVIO_WRITE_TIMEOUT] = milliseconds;
    if (transport->ctls) {
        struct timeval limit = {milliseconds / 1000, (milliseconds % 1000) * 1000};
        int descriptor = mysql_get_socket(mysql);
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
}
