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
