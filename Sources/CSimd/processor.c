#ifndef _GNU_SOURCE
#define _GNU_SOURCE // sched_getcpu, sched_setaffinity
#endif

#include "CSimd.h"
#include "processor.h"

#include <stdio.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__x86_64__)

#include <cpuid.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { known = 1, avx2 = 2, avx512 = 4, avx512_bf16 = 8, avx512_vnni = 16, avx_vnni = 32 };

// What oneDNN may be kept to by DNNL_MAX_CPU_ISA, so that one word keeps all products to less than the processor has.
static int allowed_instructions(void) {
    static const struct {
        const char* name;
        int allowed;
    } limits[] = {
        {"SSE41", 0},
        {"AVX", 0},
        {"AVX2", avx2},
        {"AVX512_MIC", avx2},
        {"AVX512_MIC_4OPS", avx2},
        {"AVX2_VNNI", avx2 | avx_vnni},
        {"AVX2_VNNI_2", avx2 | avx_vnni},
        {"AVX512_CORE", avx2 | avx512},
        {"AVX512_CORE_VNNI", avx2 | avx512 | avx512_vnni},
    };
    const char* limit = getenv("ONEDNN_MAX_CPU_ISA");
    if (!limit || !*limit)
        limit = getenv("DNNL_MAX_CPU_ISA");
    for (unsigned i = 0; limit && i < sizeof limits / sizeof *limits; i++)
        if (strcasecmp(limit, limits[i].name) == 0)
            return limits[i].allowed;
    return ~0;
}

static int instructions(void) {
    static atomic_int found;
    int it = atomic_load_explicit(&found, memory_order_relaxed);
    if (it)
        return it;
    if (__builtin_cpu_supports("x86-64-v3"))
        it |= avx2;
    if (__builtin_cpu_supports("x86-64-v4"))
        it |= avx512;
    if ((it & avx512) && __builtin_cpu_supports("avx512bf16"))
        it |= avx512_bf16;
    if ((it & avx512) && __builtin_cpu_supports("avx512vnni"))
        it |= avx512_vnni;
    if ((it & avx2) && __builtin_cpu_supports("avxvnni"))
        it |= avx_vnni;
    it = (it & allowed_instructions()) | known;
    atomic_store_explicit(&found, it, memory_order_relaxed);
    return it;
}

int csimd_level(void) {
    const int it = instructions();
    return it & avx512 ? 4 : it & avx2 ? 3 : 1;
}

bool csimd_has_avx512_vnni(void) {
    return instructions() & avx512_vnni;
}

bool csimd_has_avx_vnni(void) {
    return instructions() & avx_vnni;
}

bool csimd_processor_multiplies_bf16(void) {
    return instructions() & avx512_bf16;
}

bool csimd_processor_multiplies_int8(void) {
    return instructions() & (avx512_vnni | avx_vnni);
}

int64_t csimd_near_bytes(void) {
    static _Atomic int64_t found;
    int64_t it = atomic_load_explicit(&found, memory_order_relaxed);
    if (it)
        return it;
#if defined(_SC_LEVEL2_CACHE_SIZE)
    it = sysconf(_SC_LEVEL2_CACHE_SIZE) / 2;
#endif
    if (it <= 0)
        it = 512 << 10;
    atomic_store_explicit(&found, it, memory_order_relaxed);
    return it;
}

void csimd_processor_name(char* name) {
    // The processor's own name, "AMD EPYC 9B14" or the like, in three leaves.
    enum { first_leaf = 0x80000002, leaves = 3 };
    unsigned registers[4 * leaves + 1] = {0};
    for (unsigned i = 0; i < leaves; i++)
        if (!__get_cpuid(first_leaf + i, registers + 4 * i, registers + 4 * i + 1, registers + 4 * i + 2,
                         registers + 4 * i + 3))
            registers[4 * i] = 0;
    // Hosts of virtual machines give many kinds one name, so its model and stepping, too.
    unsigned model = 0, others[3];
    if (!__get_cpuid(1, &model, others, others + 1, others + 2))
        model = 0;
    snprintf(name, csimd_processor_name_size, "%s %x %x", (const char*)registers, model, (unsigned)instructions());
}

#elif defined(__aarch64__) && defined(__linux__)

bool csimd_processor_multiplies_bf16(void) {
    return getauxval(AT_HWCAP2) >> 14 & 1; // HWCAP2_BF16
}

bool csimd_processor_multiplies_int8(void) {
    return getauxval(AT_HWCAP2) >> 13 & 1; // HWCAP2_I8MM
}

#else

bool csimd_processor_multiplies_bf16(void) {
    return false;
}

bool csimd_processor_multiplies_int8(void) {
    return false;
}

#endif

#if !defined(__x86_64__)
void csimd_processor_name(char* name) {
    snprintf(name, csimd_processor_name_size, "%d%d", csimd_processor_multiplies_bf16(),
             csimd_processor_multiplies_int8());
}
#endif

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
