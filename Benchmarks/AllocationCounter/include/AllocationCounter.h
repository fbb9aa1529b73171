#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/// How often this process has asked for memory since it began; -1 where that is not counted.
///
/// Asking for more by `realloc` counts, giving back does not.
long allocation_count(void);

/// The same of the calling thread alone.
long allocation_count_of_thread(void);

#endif
