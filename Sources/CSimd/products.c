#include "activation.h"
#include "vectors.h"

// Products of rows with packed weights.
//
// Six rows times 64 outputs are summed in 24 registers. Weights are read in the order in which they lie. A chunk of a
// panel stays in the second-level cache while all rows are multiplied with it; meanwhile the next chunk is fetched from
// memory, for which few rows would otherwise have to wait. oneDNN's products have neither this fetching nor blocks of
// rows that are all about equally large. On one core of an AMD EPYC (Zen 4), with the weights of a tower of width 768
// used in turn, the GFLOP/s here and with oneDNN were: bf16, 202 and 151 for 12 rows, 216 and 194 for 50, 219 and 215
// for 400; f32, 106 and 85, 111 and 104, 112 and 109. The most that such a core was seen to do are 230 and 115.

#if defined(__x86_64__)

#include <immintrin.h>

#define PRODUCTS __attribute__((target("arch=x86-64-v4,avx512bf16,avx512vnni")))

enum {
    panel = csimd_panel,
    vectors_of_panel = panel / lanes,
    most_rows = 6,
    // The words of a row between two additions to the sums: as many as leave room for the rows in the second-level
    // cache. Two levels of sums are also more exact.
    chunk = 384
};

typedef struct {
    const char* next;
    const char* end;
} fetching;

// Fetches two cache lines, half of what a step multiplies: two blocks of rows fetch all of the next chunk.
PRODUCTS INLINE void fetch(fetching* it) {
    enum { line = 64 };
    if (it->next >= it->end)
        return;
    _mm_prefetch(it->next, _MM_HINT_T1);
    _mm_prefetch(it->next + line, _MM_HINT_T1);
    it->next += 2 * line;
}

// The sums of sixteen outputs, with the products of one word of a row added.
PRODUCTS INLINE __m512i multiply_add(csimd_format format, __m512i sums, __m512i row, __m512i weights) {
    switch (format) {
    case csimd_bf16:
        return (__m512i)_mm512_dpbf16_ps((__m512)sums, (__m512bh)row, (__m512bh)weights);
    case csimd_int8:
        return _mm512_dpbusd_epi32(sums, row, weights);
    case csimd_f32:
        break;
    }
    return (__m512i)_mm512_fmadd_ps((__m512)row, (__m512)weights, (__m512)sums);
}

PRODUCTS INLINE __m512i add(csimd_format format, __m512i a, __m512i b) {
    return format == csimd_int8 ? _mm512_add_epi32(a, b) : (__m512i)_mm512_add_ps((__m512)a, (__m512)b);
}

// sums (rows, 64) += source (rows, words) x weights (words, 64), or = for the first chunk.
PRODUCTS INLINE void multiply(csimd_format format, int rows, int64_t words, const uint32_t* source, int64_t stride,
                              const uint32_t* weights, bool is_first, uint32_t* sums, int64_t sums_stride,
                              fetching* ahead) {
    __m512i total[most_rows][vectors_of_panel];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors_of_panel; v++)
            total[r][v] = _mm512_setzero_si512();
    for (int64_t word = 0; word < words; word++) {
        __m512i columns[vectors_of_panel];
        for (int v = 0; v < vectors_of_panel; v++)
            columns[v] = _mm512_load_si512(weights + word * panel + v * lanes);
        fetch(ahead);
        for (int r = 0; r < rows; r++) {
            __m512i row = _mm512_set1_epi32((int)source[r * stride + word]);
            for (int v = 0; v < vectors_of_panel; v++)
                total[r][v] = multiply_add(format, total[r][v], row, columns[v]);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors_of_panel; v++) {
            uint32_t* to = sums + r * sums_stride + v * lanes;
            __m512i sum = total[r][v];
            _mm512_storeu_si512(to, is_first ? sum : add(format, sum, _mm512_loadu_si512(to)));
        }
}

PRODUCTS INLINE void multiply_rows(csimd_format format, int rows, int64_t words, const uint32_t* source, int64_t stride,
                                   const uint32_t* weights, bool is_first, uint32_t* sums, int64_t sums_stride,
                                   fetching* ahead) {
    // Each number of rows is compiled separately, so that the sums are in registers.
    switch (rows) {
    case 1: multiply(format, 1, words, source, stride, weights, is_first, sums, sums_stride, ahead); break;
    case 2: multiply(format, 2, words, source, stride, weights, is_first, sums, sums_stride, ahead); break;
    case 3: multiply(format, 3, words, source, stride, weights, is_first, sums, sums_stride, ahead); break;
    case 4: multiply(format, 4, words, source, stride, weights, is_first, sums, sums_stride, ahead); break;
    case 5: multiply(format, 5, words, source, stride, weights, is_first, sums, sums_stride, ahead); break;
    default: multiply(format, 6, words, source, stride, weights, is_first, sums, sums_stride, ahead); break;
    }
}

// Finishes the sums of some rows and writes them to the target, for the panel that begins with this output.
INLINE void finish_panel(const csimd_product* it, csimd_activation activation, int64_t first_row, int64_t rows,
                                  int64_t output, const uint32_t* sums) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t v = 0; v < vectors_of_panel; v++) {
            vector x = load((const float*)sums + r * panel + v * lanes);
            int64_t column = output + v * lanes, place = (first_row + r) * it->target.stride + column;
            if (it->bias)
                x += load(it->bias + column);
            x = activate(activation, x);
            if (it->adds_to_target)
                x += load((const float*)it->target.base + place);
            store_any(it->target.base, it->target.format, place, lanes, x);
        }
}

INLINE void write_panel(const csimd_product* it, int64_t first_row, int64_t rows, int64_t output, const uint32_t* sums) {
    switch (it->activation) {
    case csimd_activation_none:
        return finish_panel(it, csimd_activation_none, first_row, rows, output, sums);
    case csimd_activation_quick_gelu:
        return finish_panel(it, csimd_activation_quick_gelu, first_row, rows, output, sums);
    case csimd_activation_gelu:
        return finish_panel(it, csimd_activation_gelu, first_row, rows, output, sums);
    case csimd_activation_tanh_gelu:
        return finish_panel(it, csimd_activation_tanh_gelu, first_row, rows, output, sums);
    }
}

PRODUCTS INLINE void product(csimd_format format, const csimd_product* it) {
    const int64_t numbers = format == csimd_bf16 ? 2 : format == csimd_int8 ? 4 : 1; // in a word
    const int64_t words = it->inputs / numbers, stride = it->source.stride / numbers;
    const int64_t blocks = (it->rows + most_rows - 1) / most_rows;
    for (int64_t output = 0; output < it->outputs; output += panel)
        for (int64_t first = 0; first < words; first += chunk) {
            const int64_t count = words - first < chunk ? words - first : chunk;
            const uint32_t* weights = (const uint32_t*)it->weights + output * words + first * panel;
            // The weights after these are needed next. With a single block of rows, reading is so regular that the
            // processor fetches by itself.
            const char* behind = (const char*)(weights + count * panel);
            fetching ahead = {behind, behind + (blocks > 1 ? count * panel * 4 : 0)};
            for (int64_t block = 0; block < blocks; block++) {
                const int64_t row = it->rows * block / blocks, rows = it->rows * (block + 1) / blocks - row;
                // Whole numbers are summed directly in the target.
                const int64_t sums_stride = format == csimd_int8 ? it->target.stride : panel;
                uint32_t* sums = format == csimd_int8 ? (uint32_t*)it->target.base + row * sums_stride + output
                                                      : it->scratch + row * sums_stride;
                multiply_rows(format, (int)rows, count, (const uint32_t*)it->source.base + row * stride + first, stride,
                              weights, first == 0, sums, sums_stride, &ahead);
                if (format != csimd_int8 && first + count == words)
                    write_panel(it, row, rows, output, sums);
            }
        }
}

PRODUCTS static void product_f32(const csimd_product* it) {
    product(csimd_f32, it);
}

PRODUCTS static void product_bf16(const csimd_product* it) {
    product(csimd_bf16, it);
}

PRODUCTS static void product_int8(const csimd_product* it) {
    product(csimd_int8, it);
}

bool csimd_multiplies(void) {
    return __builtin_cpu_is("amd") && __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512vnni");
}

size_t csimd_product_scratch(int64_t rows) {
    return (size_t)rows * panel;
}

void csimd_multiply(const csimd_product* it) {
    switch (it->source.format) {
    case csimd_f32: product_f32(it); break;
    case csimd_bf16: product_bf16(it); break;
    case csimd_int8: product_int8(it); break;
    }
}

#else

bool csimd_multiplies(void) {
    return false;
}

size_t csimd_product_scratch(int64_t rows) {
    (void)rows;
    return 0;
}

void csimd_multiply(const csimd_product* it) {
    (void)it;
}

#endif
