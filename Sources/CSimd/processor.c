#ifndef _GNU_SOURCE
#define _GNU_SOURCE // sched_getcpu, sched_setaffinity
#endif

#include "CSimd.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

bool csimd_processor_multiplies_bf16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__) && defined(__linux__)
    return getauxval(AT_HWCAP2) >> 14 & 1; // HWCAP2_BF16
#else
    return false;
#endif
}

bool csimd_processor_multiplies_int8(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__) && defined(__linux__)
    return getauxval(AT_HWCAP2) >> 13 & 1; // HWCAP2_I8MM
#else
    return false;
#endif
}

#if defined(__linux__)
#include <sched.h>

int csimd_current_processor(void) {
    return sched_getcpu();
}

void csimd_leave_processor(int processor) {
    cpu_set_t allowed, others;
    // If the system has more processors than fit into a cpu_set_t, this call fails and nothing changes.
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    others = allowed;
    if (processor < 0 || processor >= CPU_SETSIZE)
        return;
    CPU_CLR(processor, &others);
    if (CPU_COUNT(&others) == 0)
        return;
    if (sched_setaffinity(0, sizeof others, &others) == 0)
        sched_setaffinity(0, sizeof allowed, &allowed);
}
#else
int csimd_current_processor(void) {
    return -1;
}

void csimd_leave_processor(int processor) {
    (void)processor;
}
#endif
