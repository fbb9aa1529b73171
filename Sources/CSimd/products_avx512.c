#include "panels.h"

// Six rows times 64 outputs are summed in 24 registers. On one core of an AMD EPYC (Zen 4), with the weights of a tower
// of width 768 used in turn, the GFLOP/s here and with oneDNN were: bf16, 202 and 151 for 12 rows, 216 and 194 for 50,
// 219 and 215 for 400; f32, 106 and 85, 111 and 104, 112 and 109. The most that such a core was seen to do are 230 and
// 115.

#if defined(__x86_64__)

#include <immintrin.h>

#define REGISTER __m512i
#define WORDS 16
#define REGISTERS 4
#define ROWS 6
#define CHUNK 384 // leaves room for rows beside two chunks in the second-level cache
#define ZERO _mm512_setzero_si512
#define LOAD _mm512_loadu_si512
#define STORE _mm512_storeu_si512
#define SPREAD(word) _mm512_set1_epi32((int)(word))
#define ADD_FLOATS(a, b) ((__m512i)_mm512_add_ps((__m512)(a), (__m512)(b)))

#define PRODUCT csimd_product_f32_avx512
#define PRODUCT_TARGET __attribute__((target("arch=x86-64-v4")))
#define NUMBERS 1
#define ADD ADD_FLOATS
#define MULTIPLY_ADD(sums, row, weights) \
    ((__m512i)_mm512_fmadd_ps((__m512)(row), (__m512)(weights), (__m512)(sums)))
#include "product_loops.h"

#define PRODUCT csimd_product_bf16_avx512
#define PRODUCT_TARGET __attribute__((target("arch=x86-64-v4,avx512bf16")))
#define NUMBERS 2
#define ADD ADD_FLOATS
#define MULTIPLY_ADD(sums, row, weights) \
    ((__m512i)_mm512_dpbf16_ps((__m512)(sums), (__m512bh)(row), (__m512bh)(weights)))
#include "product_loops.h"

#define PRODUCT csimd_product_int8_avx512
#define PRODUCT_TARGET __attribute__((target("arch=x86-64-v4,avx512vnni")))
#define NUMBERS 4
#define ADD _mm512_add_epi32
#define MULTIPLY_ADD _mm512_dpbusd_epi32
#include "product_loops.h"

#endif
