#include "AllocationCounter.h"

#include <stdlib.h>

// Symbols of an executable win over those of the libraries that it is linked with, so that these are what Swift's runtime,
// oneDNN and the C++ library call, too. The memory is glibc's as before, and so `free` stays its own.
#if defined(__GLIBC__)

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

static atomic_long of_process;
static _Thread_local long of_thread;

static void count(void) {
    atomic_fetch_add_explicit(&of_process, 1, memory_order_relaxed);
    of_thread++;
}

void* malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void* calloc(size_t members, size_t size) {
    count();
    return __libc_calloc(members, size);
}

void* realloc(void* memory, size_t size) {
    count();
    return __libc_realloc(memory, size);
}

void* reallocarray(void* memory, size_t members, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(members, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, bytes);
}

void* memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
    if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    void* found = memalign(alignment, size);
    if (!found)
        return ENOMEM;
    *memory = found;
    return 0;
}

long allocation_count(void) {
    return atomic_load_explicit(&of_process, memory_order_relaxed);
}

long allocation_count_of_thread(void) {
    return of_thread;
}

#else

long allocation_count(void) {
    return -1;
}

long allocation_count_of_thread(void) {
    return -1;
}

#endif
