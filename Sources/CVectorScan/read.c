#include "CVectorScan.h"

// One line of the cache: a register of AVX-512, or several of less.
typedef uint64_t line __attribute__((vector_size(64)));
typedef uint64_t stored __attribute__((vector_size(64), aligned(1), may_alias));

// Memory is read in several places by turns, as a scan of so many rows at once does, which is quicker than one after the other.
enum { places = 4, stride = 512, size = 64 };

__attribute__((always_inline)) static inline uint64_t read_lines(const uint8_t* bytes, int64_t count,
                                                                 int64_t ahead) {
    line sum[places] = {0};
    int64_t start = 0;
    for (; start + places * stride <= count; start += places * stride)
        for (int64_t at = start; at < start + stride; at += size)
            for (int i = 0; i < places; i++) {
                __builtin_prefetch(bytes + at + i * stride + ahead);
                sum[i] += *(const stored*)(bytes + at + i * stride);
            }
    for (; start < count; start += size)
        sum[0] += *(const stored*)(bytes + start);
    line all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    uint64_t total = 0;
    for (int i = 0; i < 8; i++)
        total += all[i];
    return total;
}

#if defined(__x86_64__)

// Compilers take half as wide registers for this processor where they are not told.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static uint64_t read_64(const uint8_t* bytes,
                                                                                         int64_t count, int64_t ahead) {
    return read_lines(bytes, count, ahead);
}

__attribute__((target("arch=x86-64-v3"))) static uint64_t read_32(const uint8_t* bytes, int64_t count, int64_t ahead) {
    return read_lines(bytes, count, ahead);
}

uint64_t cvectorscan_read(const uint8_t* bytes, int64_t count, int64_t ahead) {
    if (__builtin_cpu_supports("x86-64-v4"))
        return read_64(bytes, count, ahead);
    if (__builtin_cpu_supports("x86-64-v3"))
        return read_32(bytes, count, ahead);
    return read_lines(bytes, count, ahead);
}

#else

uint64_t cvectorscan_read(const uint8_t* bytes, int64_t count, int64_t ahead) {
    return read_lines(bytes, count, ahead);
}

#endif
