#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stddef.h>

/// How often this program has asked for memory since its start, on all threads.
///
/// Counted at `malloc` and its kin, which this library replaces: what is freed again at once counts
/// as well, which `mallinfo2` would not show.
unsigned long allocations_count(void);

#endif
