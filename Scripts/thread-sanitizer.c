// Tells the thread sanitizer what libraries of the toolchain do, which are not instrumented: how Swift's `Mutex` goes from one
// thread to the next where two want it at once, that what a continuation is resumed with was written before it is read, and that
// who holds the only reference may write what others read while they had theirs. Without it whatever passes that way looks like
// a race.
//
// Loaded in front of those libraries (LD_PRELOAD, by sanitize.sh): functions under their symbols' names. Swift's calling
// convention has `self`, here a mutex's handle, in a register of its own.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define RESUME "swift_continuation_resume"
#define RESUME_THROWING "swift_continuation_throwingResume"
#define AWAIT "swift_continuation_await"
#define IS_UNIQUE "swift_isUniquelyReferenced_native"
#define IS_UNIQUE_NON_NULL "swift_isUniquelyReferenced_nonNull_native"
#define RELEASE "swift_release"
#define RELEASE_N "swift_release_n"
#define RELEASE_BRIDGE "swift_bridgeObjectRelease"
#define RELEASE_BRIDGE_N "swift_bridgeObjectRelease_n"
#define SWIFT __attribute__((swiftcall))
#define ASYNC __attribute__((swiftasynccall))
#define SELF __attribute__((swift_context)) void *

extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

SWIFT void lock_slow(uint32_t thread, SELF handle) __asm__(LOCK);
SWIFT void unlock_slow(SELF handle) __asm__(UNLOCK);

SWIFT void resume(void *task) __asm__(RESUME);
SWIFT void resume_throwing(void *task) __asm__(RESUME_THROWING);

bool is_unique(void *object) __asm__(IS_UNIQUE);
bool is_unique_non_null(void *object) __asm__(IS_UNIQUE_NON_NULL);

void release(void *object) __asm__(RELEASE);
void release_n(void *object, uint32_t count) __asm__(RELEASE_N);
void release_bridge(void *object) __asm__(RELEASE_BRIDGE);
void release_bridge_n(void *object, uint32_t count) __asm__(RELEASE_BRIDGE_N);

// What stands at the front of a continuation's context (swift/ABI/Task.h).
struct context {
    void *parent;
    ASYNC void (*resume)(__attribute__((swift_async_context)) struct context *);
};

ASYNC void await_continuation(struct context *context) __asm__(AWAIT);

static SWIFT void (*next_lock)(uint32_t, SELF);
static SWIFT void (*next_unlock)(SELF);
static SWIFT void (*next_resume)(void *);
static SWIFT void (*next_resume_throwing)(void *);
static ASYNC void (*next_await)(struct context *);
static SWIFT void *(*current_task)(void);
static bool (*next_is_unique)(void *);
static bool (*next_is_unique_non_null)(void *);
static void (*next_release)(void *);
static void (*next_release_n)(void *, uint32_t);
static void (*next_release_bridge)(void *);
static void (*next_release_bridge_n)(void *, uint32_t);

static void find_next(void) {
    *(void **)&next_lock = dlsym(RTLD_NEXT, LOCK);
    *(void **)&next_unlock = dlsym(RTLD_NEXT, UNLOCK);
    *(void **)&next_resume = dlsym(RTLD_NEXT, RESUME);
    *(void **)&next_resume_throwing = dlsym(RTLD_NEXT, RESUME_THROWING);
    *(void **)&next_await = dlsym(RTLD_NEXT, AWAIT);
    *(void **)&current_task = dlsym(RTLD_NEXT, "swift_task_getCurrent");
    *(void **)&next_is_unique = dlsym(RTLD_NEXT, IS_UNIQUE);
    *(void **)&next_is_unique_non_null = dlsym(RTLD_NEXT, IS_UNIQUE_NON_NULL);
    *(void **)&next_release = dlsym(RTLD_NEXT, RELEASE);
    *(void **)&next_release_n = dlsym(RTLD_NEXT, RELEASE_N);
    *(void **)&next_release_bridge = dlsym(RTLD_NEXT, RELEASE_BRIDGE);
    *(void **)&next_release_bridge_n = dlsym(RTLD_NEXT, RELEASE_BRIDGE_N);
}

// Before there is a second thread.
__attribute__((constructor)) static void begin(void) {
    find_next();
    // Swift's runtime tells of the handovers of tasks once this is called; on Linux the sanitizer calls one of its own instead.
    void (*initialize)(void);
    *(void **)&initialize = dlsym(RTLD_NEXT, "__tsan_on_initialize");
    if (__tsan_acquire && initialize) initialize();
}

SWIFT void lock_slow(uint32_t thread, SELF handle) {
    next_lock(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF handle) {
    if (__tsan_release) __tsan_release(handle);
    next_unlock(handle);
}

SWIFT void resume(void *task) {
    if (__tsan_release) __tsan_release(task);
    next_resume(task);
}

SWIFT void resume_throwing(void *task) {
    if (__tsan_release) __tsan_release(task);
    next_resume_throwing(task);
}

// What awaiting tasks go on with. Its locks are none that the sanitizer knows: they would order what nothing else orders.
struct waiting {
    struct context *context;
    ASYNC void (*resume)(__attribute__((swift_async_context)) struct context *);
    struct waiting *next;
};
static struct {
    atomic_flag lock;
    struct waiting *first;
} buckets[1024];

static unsigned lock_bucket(struct context *context) {
    unsigned index = (unsigned)((uintptr_t)context >> 4) % 1024;
    while (atomic_flag_test_and_set_explicit(&buckets[index].lock, memory_order_acquire)) {}
    return index;
}

static void unlock_bucket(unsigned index) { atomic_flag_clear_explicit(&buckets[index].lock, memory_order_release); }

// The task goes on here, wherever it was: what it was resumed with was written before.
static ASYNC void go_on(__attribute__((swift_async_context)) struct context *context) {
    unsigned index = lock_bucket(context);
    struct waiting **place = &buckets[index].first;
    while ((*place)->context != context) place = &(*place)->next;
    struct waiting *waiting = *place;
    *place = waiting->next;
    unlock_bucket(index);
    context->resume = waiting->resume;
    free(waiting);
    __tsan_acquire(current_task());
    __attribute__((musttail)) return context->resume(context);
}

// Where the continuation was resumed before its task waits for it, `swift_continuation_await` goes on at once and says nothing
// to the sanitizer; only a job that was enqueued says so, in `swift_job_run`.
ASYNC void await_continuation(struct context *context) {
    struct waiting *waiting = __tsan_acquire ? malloc(sizeof(*waiting)) : NULL;
    if (waiting) {
        unsigned index = lock_bucket(context);
        *waiting = (struct waiting){context, context->resume, buckets[index].first};
        buckets[index].first = waiting;
        unlock_bucket(index);
        context->resume = go_on;
    }
    __attribute__((musttail)) return next_await(context);
}

// Counts of references are atomic in the runtime, and order what their holders did: all that was done before a reference went
// comes before what the last one's holder does, be it to write in place (`isKnownUniquelyReferenced`, copy on write) or to end
// the object.
bool is_unique(void *object) {
    if (!next_is_unique) find_next();
    bool unique = next_is_unique(object);
    if (unique && object && __tsan_acquire) __tsan_acquire(object);
    return unique;
}

bool is_unique_non_null(void *object) {
    if (!next_is_unique_non_null) find_next();
    bool unique = next_is_unique_non_null(object);
    if (unique && __tsan_acquire) __tsan_acquire(object);
    return unique;
}

static void let_go(void *object) {
    // What other libraries begin with may let go of something before this one has begun.
    if (!next_release) find_next();
    if (!__tsan_acquire || (intptr_t)object <= 0) return;
    if (next_is_unique_non_null(object)) {
        __tsan_acquire(object);
    } else {
        __tsan_release(object);
    }
}

// A reference to a native object or to none; the bits beside the address are the holder's.
static void *of_bridge(void *object) { return (void *)((uintptr_t)object & 0x80FFFFFFFFFFFFF9); }

void release(void *object) {
    let_go(object);
    next_release(object);
}

void release_n(void *object, uint32_t count) {
    let_go(object);
    next_release_n(object, count);
}

void release_bridge(void *object) {
    let_go(of_bridge(object));
    next_release_bridge(object);
}

void release_bridge_n(void *object, uint32_t count) {
    let_go(of_bridge(object));
    next_release_bridge_n(object, count);
}
