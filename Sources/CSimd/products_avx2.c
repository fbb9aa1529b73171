#include "panels.h"

// Six rows times 16 outputs are summed in 12 of 16 registers. Bytes need AVX-VNNI: what AVX2 itself has for them either
// saturates or is no faster than floats.

#if defined(__x86_64__)

#include <immintrin.h>

#define REGISTER __m256i
#define WORDS 8
#define REGISTERS 2
#define ROWS 6
#define CHUNK 768 // whole rows of most towers: with 256 words a Zen 4 took 1.01 to 1.06 times as long
#define ZERO _mm256_setzero_si256
#define LOAD(from) _mm256_loadu_si256((const __m256i*)(from))
#define STORE(to, it) _mm256_storeu_si256((__m256i*)(to), it)
#define SPREAD(word) _mm256_set1_epi32((int)(word))

#define PRODUCT csimd_product_f32_avx2
#define PRODUCT_TARGET __attribute__((target("arch=x86-64-v3")))
#define NUMBERS 1
#define ADD(a, b) ((__m256i)_mm256_add_ps((__m256)(a), (__m256)(b)))
#define MULTIPLY_ADD(sums, row, weights) \
    ((__m256i)_mm256_fmadd_ps((__m256)(row), (__m256)(weights), (__m256)(sums)))
#include "product_loops.h"

#define PRODUCT csimd_product_int8_avx2
#define PRODUCT_TARGET __attribute__((target("arch=x86-64-v3,avxvnni")))
#define NUMBERS 4
#define ADD _mm256_add_epi32
#define MULTIPLY_ADD _mm256_dpbusd_avx_epi32
#include "product_loops.h"

#endif
