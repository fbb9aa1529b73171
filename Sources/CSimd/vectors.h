// Sixteen numbers at a time, with the compiler's vector types: one register of AVX-512, two of AVX2, four of SSE2 or
// NEON.

#ifndef CLIP_CSIMD_VECTORS_H
#define CLIP_CSIMD_VECTORS_H

#include "CSimd.h"
#include "processor.h"

#include <string.h>

// Every function that takes or returns a vector is inlined, so that no call depends on how vectors are passed.
#pragma GCC diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

// Defines NAME(const TYPE*), which chooses one of three compilations of BODY(it, LEVEL), where LEVEL is 4 (AVX-512), 3
// (AVX2) or 1, a constant in each.
#if defined(__x86_64__)
#define FOR_EVERY_LEVEL(NAME, TYPE, BODY)                                                                    \
    __attribute__((target("arch=x86-64-v4"))) static void NAME##_v4(const TYPE* it) {                        \
        BODY(it, 4);                                                                                         \
    }                                                                                                        \
    __attribute__((target("arch=x86-64-v3"))) static void NAME##_v3(const TYPE* it) {                        \
        BODY(it, 3);                                                                                         \
    }                                                                                                        \
    static void NAME##_v1(const TYPE* it) {                                                                  \
        BODY(it, 1);                                                                                         \
    }                                                                                                        \
    static void NAME(const TYPE* it) {                                                                       \
        const int level = csimd_level();                                                                     \
        if (level == 4)                                                                                      \
            NAME##_v4(it);                                                                                   \
        else if (level == 3)                                                                                 \
            NAME##_v3(it);                                                                                   \
        else                                                                                                 \
            NAME##_v1(it);                                                                                   \
    }
#else
#define FOR_EVERY_LEVEL(NAME, TYPE, BODY)                                                                    \
    static void NAME(const TYPE* it) {                                                                       \
        BODY(it, 1);                                                                                         \
    }
#endif

// Before a loop over registers: where the compiler leaves one as it is, what should be in registers is in memory.
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { lanes = 16 };

typedef float vector __attribute__((vector_size(64)));
typedef int32_t integers __attribute__((vector_size(64)));
typedef uint32_t bits __attribute__((vector_size(64)));
typedef uint16_t halves __attribute__((vector_size(32)));
typedef uint8_t octets __attribute__((vector_size(16)));

INLINE vector splat(float x) {
    return (vector){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

INLINE int64_t rounded_up(int64_t count) {
    return (count + lanes - 1) / lanes * lanes;
}

INLINE vector load(const float* from) {
    vector it;
    memcpy(&it, from, sizeof it);
    return it;
}

INLINE void store(float* to, vector it) {
    memcpy(to, &it, sizeof it);
}

INLINE vector chosen(integers mask, vector yes, vector no) {
    return (vector)((mask & (integers)yes) | (~mask & (integers)no));
}

INLINE vector larger(vector a, vector b) {
    return chosen(a > b, a, b);
}

INLINE vector magnitude(vector it) {
    return (vector)((integers)it & 0x7fffffff);
}

INLINE vector widen(const uint16_t* from) {
    halves it;
    memcpy(&it, from, sizeof it);
    return (vector)(__builtin_convertvector(it, bits) << 16);
}

INLINE void narrow(uint16_t* to, vector it) {
    bits is = (bits)it;
    halves rounded = __builtin_convertvector((is + 0x7fff + ((is >> 16) & 1)) >> 16, halves);
    memcpy(to, &rounded, sizeof rounded);
}

// The vector with its halves, quarters, eighths or neighbours exchanged.
#define EXCHANGED_8(it) __builtin_shufflevector(it, it, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define EXCHANGED_4(it) __builtin_shufflevector(it, it, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define EXCHANGED_2(it) __builtin_shufflevector(it, it, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define EXCHANGED_1(it) __builtin_shufflevector(it, it, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)

INLINE float sum_of(vector it) {
    it += EXCHANGED_8(it);
    it += EXCHANGED_4(it);
    it += EXCHANGED_2(it);
    it += EXCHANGED_1(it);
    return it[0];
}

INLINE float largest_of(vector it) {
    it = larger(it, EXCHANGED_8(it));
    it = larger(it, EXCHANGED_4(it));
    it = larger(it, EXCHANGED_2(it));
    it = larger(it, EXCHANGED_1(it));
    return it[0];
}

// Added to a number whose magnitude is below 2^22, this pushes the fraction out of the mantissa: what is left there is
// the nearest whole number.
static const float magic = 12582912.0f; // 1.5 x 2^23

// e^x to about one unit in the last place, for x in [-80, 80]. What is smaller, or no number, is taken for -80, and what
// is larger for 80, which is as good as nothing or everything beside the one that callers add. The polynomial is Cephes'
// expf, fitted to [-ln 2/2, ln 2/2].
INLINE vector exponential(vector x) {
    x = larger(x, splat(-80.0f));
    x = chosen(x < 80.0f, x, splat(80.0f));
    vector shifted = x * 1.44269504088896341f + magic;
    vector n = shifted - magic;
    vector r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    vector p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    // Times 2^n: the lowest bits of the shifted number are added to the exponent.
    return (vector)((bits)p + ((bits)shifted << 23));
}

// Reads up to sixteen numbers; the rest are zero.
INLINE vector load_part(const float* from, int64_t count) {
    float it[lanes] = {0};
    memcpy(it, from, (size_t)count * sizeof *from);
    return load(it);
}

// Reads up to sixteen whole numbers; the rest are zero.
INLINE integers load_whole(const int32_t* from, int64_t count) {
    integers it = {0};
    // A copy of a constant size is a single instruction.
    if (count >= lanes)
        memcpy(&it, from, sizeof it);
    else
        memcpy(&it, from, (size_t)count * sizeof *from);
    return it;
}

INLINE vector load_any(const void* base, csimd_format format, int64_t index, int64_t count) {
    if (format == csimd_bf16) {
        const uint16_t* from = (const uint16_t*)base + index;
        if (count >= lanes)
            return widen(from);
        uint16_t part[lanes] = {0};
        memcpy(part, from, (size_t)count * sizeof *from);
        return widen(part);
    }
    const float* from = (const float*)base + index;
    return count >= lanes ? load(from) : load_part(from, count);
}

INLINE void store_any(void* base, csimd_format format, int64_t index, int64_t count, vector it) {
    if (format == csimd_bf16) {
        uint16_t* to = (uint16_t*)base + index;
        if (count >= lanes)
            return narrow(to, it);
        uint16_t part[lanes];
        narrow(part, it);
        memcpy(to, part, (size_t)count * sizeof *to);
    } else {
        float* to = (float*)base + index;
        if (count >= lanes)
            return store(to, it);
        float part[lanes];
        store(part, it);
        memcpy(to, part, (size_t)count * sizeof *to);
    }
}

#endif
