/* Answers look-ups from the caches alone; a thread has one of these for itself. */
#ifndef LOOKUPS_H
#define LOOKUPS_H

#include <fcgiapp.h>

struct lookups;

/* Connects to Redis at a unix socket; NULL if that fails. */
struct lookups *lookups_open(const char *redis_socket);

/* Writes the answer of one request; blocks for a trip to Redis. */
void lookups_answer(struct lookups *lookups, FCGX_Request *request);

#endif
