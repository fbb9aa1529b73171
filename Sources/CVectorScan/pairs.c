#include "CVectorScan.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

// Rows of a panel lie beside each other, four bytes of each in turn, so that a sum is a lane of a register and is never added up across
// it. A panel of 512 bytes a row fits in the nearest cache, where it is multiplied with one other row after the other.
enum { panel = cvectorscan_panel };

void cvectorscan_pack(const uint8_t* const* rows, int64_t count, int64_t width, uint8_t* packed) {
    static const uint8_t zero[4] = {128, 128, 128, 128};
    for (int64_t group = 0; group < width / 4; group++)
        for (int64_t row = 0; row < panel; row++)
            memcpy(packed + (group * panel + row) * 4, row < count ? rows[row] + 4 * group : zero, 4);
}

void cvectorscan_center(const uint8_t* const* rows, int64_t count, int64_t width, int8_t* values, int32_t* offsets) {
    for (int64_t row = 0; row < count; row++) {
        int32_t sum = 0;
        for (int64_t i = 0; i < width; i++) {
            int value = rows[row][i] - 128;
            values[row * width + i] = (int8_t)value;
            sum += value;
        }
        offsets[row] = 128 * sum;
    }
}

#define FOR_EVERY_PANEL(it, most_others, BLOCK)                                                              \
    for (int64_t p = 0; p < it->panel_count; p++) {                                                          \
        int64_t other = 0;                                                                                   \
        for (; other + most_others <= it->other_count; other += most_others)                                 \
            BLOCK(it, p, other, most_others);                                                                \
        for (; other < it->other_count; other++)                                                             \
            BLOCK(it, p, other, 1);                                                                          \
    }

static void pairs_plain(const cvectorscan_pairs_task* it) {
    for (int64_t p = 0; p < it->panel_count; p++)
        for (int64_t other = 0; other < it->other_count; other++) {
            const uint8_t* packed = it->panels + p * panel * it->width;
            const int8_t* values = it->others + other * it->width;
            int32_t* sums = it->sums + (other * it->panel_count + p) * panel;
            for (int row = 0; row < panel; row++)
                sums[row] = -it->offsets[other];
            for (int64_t i = 0; i < it->width; i++)
                for (int row = 0; row < panel; row++)
                    sums[row] += packed[(i / 4 * panel + row) * 4 + i % 4] * values[i];
        }
}

INLINE int64_t reaching(const int32_t* sums, int64_t count, const float* scales, const float* doubts, int64_t apart,
                        float scale, float least, int32_t* places) {
    enum { block = 64 };
    int64_t found = 0;
    for (int64_t at = 0; at < count; at += block) {
        int64_t end = at + block < count ? at + block : count;
        int any = 0;
        if (end - at == block)
            for (int i = 0; i < block; i++)
                any |= scales[(at + i) * apart] * scale * (float)sums[at + i] + doubts[(at + i) * apart] >= least;
        else
            any = 1;
        if (!any)
            continue;
        for (int64_t i = at; i < end; i++)
            if (scales[i * apart] * scale * (float)sums[i] + doubts[i * apart] >= least)
                places[found++] = (int32_t)i;
    }
    return found;
}

#if defined(__x86_64__)

#include <immintrin.h>

#define BYTES __attribute__((target("arch=x86-64-v4,avx512vnni")))

BYTES INLINE void pair_bytes(const cvectorscan_pairs_task* it, int64_t p, int64_t other, int others) {
    enum { vectors = panel / 16 };
    const int64_t width = it->width;
    const uint8_t* packed = it->panels + p * panel * width;
    const int8_t* values = it->others + other * width;
    __m512i total[8][vectors];
    for (int o = 0; o < others; o++)
        for (int v = 0; v < vectors; v++)
            total[o][v] = _mm512_set1_epi32(-it->offsets[other + o]);
    for (int64_t at = 0; at < width; at += 4) {
        __m512i rows[vectors];
        for (int v = 0; v < vectors; v++)
            rows[v] = _mm512_loadu_si512(packed + at * panel + 64 * v);
        for (int o = 0; o < others; o++) {
            int32_t four;
            memcpy(&four, values + o * width + at, 4);
            __m512i factors = _mm512_set1_epi32(four);
            for (int v = 0; v < vectors; v++)
                total[o][v] = _mm512_dpbusd_epi32(total[o][v], rows[v], factors);
        }
    }
    for (int o = 0; o < others; o++)
        for (int v = 0; v < vectors; v++)
            _mm512_storeu_si512(it->sums + ((other + o) * it->panel_count + p) * panel + 16 * v, total[o][v]);
}

BYTES static void pairs_bytes(const cvectorscan_pairs_task* it) {
    FOR_EVERY_PANEL(it, 8, pair_bytes)
}

BYTES static int64_t reaching_bytes(const int32_t* sums, int64_t count, const float* scales, const float* doubts,
                                    int64_t apart, float scale, float least, int32_t* places) {
    // Loops of their own, so that each is made of vectors.
    return apart == 1   ? reaching(sums, count, scales, doubts, 1, scale, least, places)
           : apart == 2 ? reaching(sums, count, scales, doubts, 2, scale, least, places)
                        : reaching(sums, count, scales, doubts, apart, scale, least, places);
}

#define WORDS __attribute__((target("arch=x86-64-v3")))

WORDS INLINE void pair_words(const cvectorscan_pairs_task* it, int64_t p, int64_t other, int others) {
    // Four rows a register, sixteen rows at a time.
    enum { vectors = 4 };
    const int64_t width = it->width;
    const int8_t* values = it->others + other * width;
    for (int first = 0; first < panel; first += 4 * vectors) {
        const uint8_t* packed = it->panels + p * panel * width + 4 * first;
        __m256i total[2][vectors];
        for (int o = 0; o < others; o++)
            for (int v = 0; v < vectors; v++)
                total[o][v] = _mm256_setzero_si256();
        for (int64_t at = 0; at < width; at += 4) {
            __m256i rows[vectors];
            for (int v = 0; v < vectors; v++)
                rows[v] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(packed + at * panel + 16 * v)));
            for (int o = 0; o < others; o++) {
                int32_t four;
                memcpy(&four, values + o * width + at, 4);
                __m256i factors = _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(four)));
                for (int v = 0; v < vectors; v++)
                    total[o][v] = _mm256_add_epi32(total[o][v], _mm256_madd_epi16(rows[v], factors));
            }
        }
        for (int o = 0; o < others; o++)
            for (int v = 0; v < vectors; v += 2) {
                // Two sums a row, which come to lie beside each other by fours.
                __m256i sums = _mm256_hadd_epi32(total[o][v], total[o][v + 1]);
                sums = _mm256_permute4x64_epi64(sums, 0xd8);
                sums = _mm256_sub_epi32(sums, _mm256_set1_epi32(it->offsets[other + o]));
                int32_t* place = it->sums + ((other + o) * it->panel_count + p) * panel + first + 4 * v;
                _mm256_storeu_si256((__m256i*)place, sums);
            }
    }
}

WORDS static void pairs_words(const cvectorscan_pairs_task* it) {
    FOR_EVERY_PANEL(it, 2, pair_words)
}

WORDS static int64_t reaching_words(const int32_t* sums, int64_t count, const float* scales, const float* doubts,
                                    int64_t apart, float scale, float least, int32_t* places) {
    // Loops of their own, so that each is made of vectors.
    return apart == 1   ? reaching(sums, count, scales, doubts, 1, scale, least, places)
           : apart == 2 ? reaching(sums, count, scales, doubts, 2, scale, least, places)
                        : reaching(sums, count, scales, doubts, apart, scale, least, places);
}

void cvectorscan_pairs_by(cvectorscan_kernel kernel, const cvectorscan_pairs_task* task) {
    switch (kernel) {
    case cvectorscan_plain:
        return pairs_plain(task);
    case cvectorscan_words:
        return pairs_words(task);
    case cvectorscan_bytes:
        return pairs_bytes(task);
    }
}

int64_t cvectorscan_reaching(const int32_t* sums, int64_t count, const float* scales, const float* doubts, int64_t apart,
                             float scale, float least, int32_t* places) {
    switch (cvectorscan_best()) {
    case cvectorscan_bytes:
        return reaching_bytes(sums, count, scales, doubts, apart, scale, least, places);
    case cvectorscan_words:
        return reaching_words(sums, count, scales, doubts, apart, scale, least, places);
    case cvectorscan_plain:
        break;
    }
    return reaching(sums, count, scales, doubts, apart, scale, least, places);
}

#else

void cvectorscan_pairs_by(cvectorscan_kernel kernel, const cvectorscan_pairs_task* task) {
    (void)kernel;
    pairs_plain(task);
}

int64_t cvectorscan_reaching(const int32_t* sums, int64_t count, const float* scales, const float* doubts, int64_t apart,
                             float scale, float least, int32_t* places) {
    return reaching(sums, count, scales, doubts, apart, scale, least, places);
}

#endif

void cvectorscan_pairs(const cvectorscan_pairs_task* task) { cvectorscan_pairs_by(cvectorscan_best(), task); }
