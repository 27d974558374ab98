#include "entry.h"

#include <string.h>

struct reader {
    const char *next, *end;
};

/* The next field, ended by a bar; 0 if there is none. */
static int field(struct reader *reader, const char **text, size_t *length) {
    const char *bar = memchr(reader->next, '|', (size_t)(reader->end - reader->next));
    if (!bar) return 0;
    *text = reader->next;
    *length = (size_t)(bar - reader->next);
    reader->next = bar + 1;
    return 1;
}

/* The next field as a number without sign; 0 if it is none. */
static int number(struct reader *reader, long long *value) {
    const char *digits;
    size_t length;
    if (!field(reader, &digits, &length) || length < 1 || length > 18) return 0;
    *value = 0;
    for (size_t index = 0; index < length; index++) {
        if (digits[index] < '0' || digits[index] > '9') return 0;
        *value = *value * 10 + (digits[index] - '0');
    }
    return 1;
}

int entry_read(const char *stored, size_t length, struct entry *entry) {
    struct reader reader = {stored, stored + length};
    long long format, fragment;
    if (!number(&reader, &format) || format != 2 || !number(&reader, &entry->version) ||
        !field(&reader, &entry->owner, &entry->owner_length) || !number(&reader, &fragment) ||
        fragment > reader.end - reader.next)
        return 0;
    entry->body = reader.next + fragment;
    entry->body_length = (size_t)(reader.end - entry->body);
    return 1;
}

int session_is_live(const struct entry *session, int role, time_t now) {
    struct reader reader = {session->body, session->body + session->body_length};
    long long expiry, roles;
    return number(&reader, &expiry) && number(&reader, &roles) && (roles & role) &&
           expiry > (long long)now * 1000000;
}
