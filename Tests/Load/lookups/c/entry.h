/* The values that orderd stores: `2|<version>|<owner>|<length>|<fragment><body>`. */
#ifndef ENTRY_H
#define ENTRY_H

#include <stddef.h>
#include <time.h>

/* Points into the stored value. */
struct entry {
    long long version;
    const char *owner, *body;
    size_t owner_length, body_length;
};

/* Reads a stored value; 0 if it has another format. */
int entry_read(const char *stored, size_t length, struct entry *entry);

/* Whether a session, whose body is `<expiry, microseconds>|<roles, bits>|`, has a role and has not
   expired. */
int session_is_live(const struct entry *session, int role, time_t now);

#endif
