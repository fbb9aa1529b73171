// The vector instructions that the processor has and may use.

#ifndef CLIP_CSIMD_PROCESSOR_H
#define CLIP_CSIMD_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

/// The level of x86-64 in use: 4 (AVX-512), 3 (AVX2 with FMA) or 1.
int csimd_level(void);
/// Whether there are products of bytes in registers of 512 bits.
bool csimd_has_avx512_vnni(void);
/// The same in registers of 256 bits, on processors without AVX-512.
bool csimd_has_avx_vnni(void);
/// The bytes that a core can keep to itself while others pass by: half of its second-level cache.
int64_t csimd_near_bytes(void);

#endif
