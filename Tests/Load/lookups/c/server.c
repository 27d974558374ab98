/*
 * The limit of what a look-up can be: a bare FastCGI program on libfcgi and hiredis, with the
 * readiness loop of orderd and nothing else. It knows hits alone.
 *
 * usage: server THREADS, with LOOKUPS_SOCKET and REDIS_CACHE_SOCKET in the environment
 *
 * One epoll set holds the listener and every idle connection, each armed for one event. Threads
 * wait on it; who gets a connection answers its request and arms it again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lookups.h"

static int events, listener;
static const char *redis_socket;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void arm(int descriptor, int operation) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT};
    event.data.fd = descriptor;
    if (epoll_ctl(events, operation, descriptor, &event) != 0) fail("epoll_ctl");
}

static void accept_all(void) {
    int descriptor;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        arm(descriptor, EPOLL_CTL_ADD);
    if (errno != EAGAIN && errno != ECONNABORTED) fail("accept4");
    arm(listener, EPOLL_CTL_MOD);
}

/* libfcgi reads the request from a connection that is readable, and closes one that has ended. */
static void serve(int descriptor, FCGX_Request *request, struct lookups *lookups) {
    request->ipcFd = descriptor;
    request->keepConnection = 1;
    request->detached = 1; /* Or closing would linger for up to two seconds. */
    if (FCGX_Accept_r(request) != 0) return;
    /* What is left of the body would be taken for the next request. */
    while (FCGX_GetChar(request->in) != -1) continue;
    lookups_answer(lookups, request);
    FCGX_Finish_r(request);
    if (request->ipcFd < 0) return;
    request->ipcFd = -1;
    arm(descriptor, EPOLL_CTL_MOD);
}

static void *work(void *unused) {
    (void)unused;
    FCGX_Request request;
    /* No listener of its own: after a connection's end the library shall not wait for another. */
    FCGX_InitRequest(&request, -1, 0);
    struct lookups *lookups = lookups_open(redis_socket);
    if (!lookups) fail(redis_socket);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(events, &event, 1, -1) != 1) continue;
        if (event.data.fd == listener) {
            accept_all();
        } else {
            serve(event.data.fd, &request, lookups);
        }
    }
    return NULL;
}

static void listen_on(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof address.sun_path) fail("LOOKUPS_SOCKET");
    strcpy(address.sun_path, path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1024) != 0)
        fail(path);
}

int main(int count, char **arguments) {
    int threads = count == 2 ? atoi(arguments[1]) : 0;
    redis_socket = getenv("REDIS_CACHE_SOCKET");
    if (threads < 1 || !redis_socket) {
        fputs("usage: server THREADS, with LOOKUPS_SOCKET and REDIS_CACHE_SOCKET\n", stderr);
        return 2;
    }
    if (FCGX_Init() != 0) fail("FCGX_Init");
    /* The library takes these over. */
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    events = epoll_create1(EPOLL_CLOEXEC);
    if (events < 0) fail("epoll_create1");
    listen_on(getenv("LOOKUPS_SOCKET"));
    arm(listener, EPOLL_CTL_ADD);
    for (int number = 1; number < threads; number++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, NULL) != 0) fail("pthread_create");
    }
    work(NULL);
}
