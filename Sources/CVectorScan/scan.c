#include "CVectorScan.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

int32_t cvectorscan_limit(int64_t width) {
    // 63 for the low part of a value and 64 for the high one are as much as the planes hold.
    int64_t limit = INT32_MAX / (255 * width);
    return (int32_t)(limit < 8191 ? limit : 8191);
}

void cvectorscan_split(int16_t value, int8_t* high, int8_t* low) {
    int part = (value + 8192 + 64) / 128 - 64;
    *high = (int8_t)part;
    *low = (int8_t)(value - 128 * part);
}

// Blocks of rows and queries whose sums stay in registers. Rows come from memory once, and while they are multiplied those two blocks
// ahead are fetched; queries stay in the cache.
enum { most_rows = 4, most_queries = 2 };

#define FOR_EVERY_BLOCK(it, BLOCK)                                                                           \
    int64_t row = 0;                                                                                         \
    for (; row + most_rows <= it->count; row += most_rows) {                                                 \
        int64_t query = 0;                                                                                   \
        for (; query + most_queries <= it->query_count; query += most_queries)                               \
            BLOCK(it, row, most_rows, query, most_queries);                                                  \
        if (query < it->query_count)                                                                         \
            BLOCK(it, row, most_rows, query, 1);                                                             \
    }                                                                                                        \
    for (; row < it->count; row++)                                                                           \
        for (int64_t query = 0; query < it->query_count; query++)                                            \
            BLOCK(it, row, 1, query, 1);

static void scan_plain(const cvectorscan_task* it) {
    for (int64_t row = 0; row < it->count; row++)
        for (int64_t query = 0; query < it->query_count; query++) {
            const uint8_t* values = it->rows + row * it->width;
            const int16_t* factors = it->queries + query * it->width;
            int32_t sum = 0;
            for (int64_t i = 0; i < it->width; i++)
                sum += (int32_t)values[i] * factors[i];
            it->sums[query * it->count + row] = sum - it->offsets[query];
        }
}

#if defined(__x86_64__)

#include <immintrin.h>

#define BYTES __attribute__((target("arch=x86-64-v4,avx512vnni")))

BYTES INLINE void multiply_bytes(const cvectorscan_task* it, int64_t row, int rows, int64_t query, int queries) {
    __m512i high[most_rows][most_queries], low[most_rows][most_queries];
    for (int r = 0; r < rows; r++)
        for (int q = 0; q < queries; q++)
            high[r][q] = low[r][q] = _mm512_setzero_si512();
    const int64_t width = it->width;
    const uint8_t* values = it->rows + row * width;
    const int8_t* planes = it->planes + query * 2 * width;
    for (int64_t at = 0; at < width; at += 64) {
        __m512i v[most_rows];
        for (int r = 0; r < rows; r++) {
            v[r] = _mm512_loadu_si512(values + r * width + at);
            _mm_prefetch((const char*)values + (r + 2 * most_rows) * width + at, _MM_HINT_T0);
        }
        for (int q = 0; q < queries; q++) {
            __m512i h = _mm512_loadu_si512(planes + 2 * q * width + at);
            __m512i l = _mm512_loadu_si512(planes + (2 * q + 1) * width + at);
            for (int r = 0; r < rows; r++) {
                high[r][q] = _mm512_dpbusd_epi32(high[r][q], v[r], h);
                low[r][q] = _mm512_dpbusd_epi32(low[r][q], v[r], l);
            }
        }
    }
    for (int r = 0; r < rows; r++)
        for (int q = 0; q < queries; q++) {
            __m512i sums = _mm512_add_epi32(_mm512_slli_epi32(high[r][q], 7), low[r][q]);
            it->sums[(query + q) * it->count + row + r] =
                _mm512_reduce_add_epi32(sums) - it->offsets[query + q];
        }
}

BYTES static void scan_bytes(const cvectorscan_task* it) {
    FOR_EVERY_BLOCK(it, multiply_bytes)
}

#define WORDS __attribute__((target("arch=x86-64-v3")))

WORDS INLINE void multiply_words(const cvectorscan_task* it, int64_t row, int rows, int64_t query, int queries) {
    __m256i total[most_rows][most_queries];
    for (int r = 0; r < rows; r++)
        for (int q = 0; q < queries; q++)
            total[r][q] = _mm256_setzero_si256();
    const int64_t width = it->width;
    const uint8_t* values = it->rows + row * width;
    const int16_t* factors = it->queries + query * width;
    for (int64_t at = 0; at < width; at += 16) {
        __m256i v[most_rows];
        for (int r = 0; r < rows; r++) {
            v[r] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(values + r * width + at)));
            if (at % 64 == 0)
                _mm_prefetch((const char*)values + (r + 2 * most_rows) * width + at, _MM_HINT_T0);
        }
        for (int q = 0; q < queries; q++) {
            __m256i f = _mm256_loadu_si256((const __m256i*)(factors + q * width + at));
            for (int r = 0; r < rows; r++)
                total[r][q] = _mm256_add_epi32(total[r][q], _mm256_madd_epi16(v[r], f));
        }
    }
    for (int r = 0; r < rows; r++)
        for (int q = 0; q < queries; q++) {
            __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(total[r][q]),
                                         _mm256_extracti128_si256(total[r][q], 1));
            sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4e));
            sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xb1));
            it->sums[(query + q) * it->count + row + r] = _mm_cvtsi128_si32(sums) - it->offsets[query + q];
        }
}

WORDS static void scan_words(const cvectorscan_task* it) {
    FOR_EVERY_BLOCK(it, multiply_words)
}

bool cvectorscan_has(cvectorscan_kernel kernel) {
    switch (kernel) {
    case cvectorscan_plain:
        break;
    case cvectorscan_words:
        return __builtin_cpu_supports("x86-64-v3");
    case cvectorscan_bytes:
        return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
    }
    return true;
}

void cvectorscan_by(cvectorscan_kernel kernel, const cvectorscan_task* task) {
    switch (kernel) {
    case cvectorscan_plain:
        return scan_plain(task);
    case cvectorscan_words:
        return scan_words(task);
    case cvectorscan_bytes:
        return scan_bytes(task);
    }
}

#else

bool cvectorscan_has(cvectorscan_kernel kernel) {
    return kernel == cvectorscan_plain;
}

void cvectorscan_by(cvectorscan_kernel kernel, const cvectorscan_task* task) {
    (void)kernel;
    scan_plain(task);
}

#endif

cvectorscan_kernel cvectorscan_best(void) {
    return cvectorscan_has(cvectorscan_bytes)   ? cvectorscan_bytes
           : cvectorscan_has(cvectorscan_words) ? cvectorscan_words
                                                : cvectorscan_plain;
}

void cvectorscan(const cvectorscan_task* task) { cvectorscan_by(cvectorscan_best(), task); }

float cvectorscan_product(const uint8_t* high, const int8_t* low, const float* query, int64_t width) {
    // Sixteen sums, which the compiler keeps in vectors, and which are more exact than one.
    enum { lanes = 16 };
    float sums[lanes] = {0};
    for (int64_t at = 0; at < width; at += lanes)
        for (int i = 0; i < lanes; i++) {
            float value = (float)((int)high[at + i] - 128) + (float)low[at + i] * (1.0f / 254);
            sums[i] += query[at + i] * value;
        }
    float sum = 0;
    for (int i = 0; i < lanes; i++)
        sum += sums[i];
    return sum;
}
