// Tells the thread sanitizer what libraries of the toolchain do, which are not instrumented: how Swift's `Mutex` goes from one
// thread to the next where two want it at once, and that what a continuation is resumed with was written before. Without it
// whatever passes that way looks like a race.
//
// Loaded in front of those libraries (LD_PRELOAD, by sanitize.sh): functions under their symbols' names. Swift's calling
// convention has `self`, here a mutex's handle, in a register of its own.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define RESUME "swift_continuation_resume"
#define RESUME_THROWING "swift_continuation_throwingResume"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

SWIFT void lock_slow(uint32_t thread, SELF handle) __asm__(LOCK);
SWIFT void unlock_slow(SELF handle) __asm__(UNLOCK);

SWIFT void resume(void *task) __asm__(RESUME);
SWIFT void resume_throwing(void *task) __asm__(RESUME_THROWING);

static SWIFT void (*next_lock)(uint32_t, SELF);
static SWIFT void (*next_unlock)(SELF);
static SWIFT void (*next_resume)(void *);
static SWIFT void (*next_resume_throwing)(void *);

// Before there is a second thread.
__attribute__((constructor)) static void find_next(void) {
    *(void **)&next_lock = dlsym(RTLD_NEXT, LOCK);
    *(void **)&next_unlock = dlsym(RTLD_NEXT, UNLOCK);
    *(void **)&next_resume = dlsym(RTLD_NEXT, RESUME);
    *(void **)&next_resume_throwing = dlsym(RTLD_NEXT, RESUME_THROWING);
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
