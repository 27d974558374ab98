#pragma once

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

// Glibc hides these behind _GNU_SOURCE, which would also turn the address arguments of bind and
// connect into unions that Swift cannot make from a pointer.

static inline int clinux_accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(listener, address, length, flags);
}

static inline int clinux_set_thread_name(const char *name) {
    extern int pthread_setname_np(pthread_t, const char *);
    return pthread_setname_np(pthread_self(), name);
}

// Variadic functions are not imported.

static inline int clinux_unsent_bytes(int descriptor) {
    extern int ioctl(int, unsigned long, ...);
    int count = 0;
    return ioctl(descriptor, 0x5411 /* SIOCOUTQ */, &count) == 0 ? count : -1;
}

// The union of epoll_event is packed; its layout is hidden from Swift here.

static inline int clinux_epoll_control(int set, int operation, int descriptor, unsigned events, unsigned long long token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(set, operation, descriptor, &event);
}

// Waits for events, without limit or not at all; returns how many there are, at most `limit` and at
// most 64, and their tokens; 0 after a signal.
static inline int clinux_epoll_wait(int set, unsigned long long *tokens, int limit, int waits) {
    struct epoll_event events[64];
    int count = epoll_wait(set, events, limit < 64 ? limit : 64, waits ? -1 : 0);
    for (int place = 0; place < count; place++) tokens[place] = events[place].data.u64;
    return count < 0 ? 0 : count;
}

// A file in memory that no name leads to.
static inline int clinux_memory_file(const char *name) {
    extern int memfd_create(const char *, unsigned);
    return memfd_create(name, 1 /* MFD_CLOEXEC */);
}
