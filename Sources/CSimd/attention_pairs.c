#include "attention.h"

// Attention over bf16 with the processor's products of pairs (AVX-512 BF16). A word of 32 bits is two neighbouring
// numbers; one instruction adds their products with two others to a float. The steps are those of attention.c, with
// half as many words to transpose and to multiply. Weights are rounded to bf16, like what is read and written.

#if defined(__x86_64__)

#include <immintrin.h>

#define PAIRS __attribute__((target("arch=x86-64-v4,avx512bf16")))

INLINE uint32_t word_at(const void* base, int64_t index) {
    uint32_t it;
    memcpy(&it, (const uint16_t*)base + index, sizeof it);
    return it;
}

// Loads up to sixteen numbers of a row; the rest are zero. For the usual count, this form does not call memcpy.
INLINE void load_numbers(const uint16_t* from, int64_t count, halves* to) {
    *to = (halves){0};
    if (count >= lanes)
        memcpy(to, from, sizeof *to);
    else
        memcpy(to, from, (size_t)count * sizeof *from);
}

// Loads up to sixteen words of a row; the rest are zero.
INLINE void load_words(const uint16_t* from, int64_t count, vector* to) {
    *to = splat(0.0f);
    if (count >= lanes)
        memcpy(to, from, sizeof *to);
    else
        memcpy(to, from, (size_t)count * sizeof(uint32_t));
}

// sums (queries, vectors x 16) = left (queries, 2 x pairs) x right (pairs, right_stride words).
PAIRS INLINE void multiply(int queries, int vectors, int64_t pairs, const uint16_t* left, int64_t left_stride,
                           const vector* right, int64_t right_stride, float* sums, int64_t sums_stride) {
    __m512 total[most_queries][4];
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++)
            total[q][v] = _mm512_setzero_ps();
    for (int64_t pair = 0; pair < pairs; pair++) {
        __m512bh columns[4];
        for (int v = 0; v < vectors; v++)
            columns[v] = (__m512bh)right[pair * right_stride + v];
        for (int q = 0; q < queries; q++) {
            __m512bh factor = (__m512bh)_mm512_set1_epi32((int)word_at(left, q * left_stride + 2 * pair));
            for (int v = 0; v < vectors; v++)
                total[q][v] = _mm512_dpbf16_ps(total[q][v], factor, columns[v]);
        }
    }
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++)
            _mm512_storeu_ps(sums + q * sums_stride + v * lanes, total[q][v]);
}

PAIRS INLINE void multiply_all(int queries, int64_t vectors, int64_t pairs, const uint16_t* left,
                               int64_t left_stride, const vector* right, int64_t right_stride, float* sums,
                               int64_t sums_stride) {
    int64_t v = 0;
    for (; v + 4 <= vectors; v += 4)
        multiply(queries, 4, pairs, left, left_stride, right + v, right_stride, sums + v * lanes, sums_stride);
    for (; v < vectors; v++)
        multiply(queries, 1, pairs, left, left_stride, right + v, right_stride, sums + v * lanes, sums_stride);
}

// Transposes one head's keys: (length, head_width) becomes (head_width / 2, padded length) words, with zeros after the
// last row.
INLINE void turn_key_pairs(const csimd_attention* it, int64_t column, int64_t padded, float* target) {
    int64_t words = it->head_width / 2;
    for (int64_t row = 0; row < padded; row += lanes)
        for (int64_t first = 0; first < words; first += lanes) {
            int64_t count = words - first < lanes ? words - first : lanes;
            vector block[lanes];
            for (int64_t i = 0; i < lanes; i++) {
                block[i] = splat(0.0f);
                if (row + i < it->length)
                    load_words((const uint16_t*)it->key.base + place_of(it, row + i) * it->key.stride + column +
                                   2 * first,
                               count, &block[i]);
            }
            transpose(block);
            for (int64_t i = 0; i < count; i++)
                store(target + (first + i) * padded + row, block[i]);
        }
}

// Pairs one head's values: (length, head_width) becomes (padded length / 2, padded head_width) words, with zeros after
// the last row.
INLINE void pair_values(const csimd_attention* it, int64_t column, int64_t padded, float* target) {
    for (int64_t row = 0; row < rounded_up(it->length); row += 2)
        for (int64_t first = 0; first < padded; first += lanes) {
            int64_t count = it->head_width - first < lanes ? it->head_width - first : lanes;
            halves two[2] = {{0}, {0}};
            for (int64_t i = 0; i < 2; i++)
                if (row + i < it->length)
                    load_numbers((const uint16_t*)it->value.base + place_of(it, row + i) * it->value.stride +
                                     column + first,
                                 count, &two[i]);
            bits words = __builtin_convertvector(two[0], bits) | __builtin_convertvector(two[1], bits) << 16;
            store(target + row / 2 * padded + first, (vector)words);
        }
}

// Rounds floats to bf16.
INLINE void round_weights(int64_t vectors, const float* from, uint16_t* to) {
    for (int64_t v = 0; v < vectors; v++)
        narrow(to + v * lanes, load(from + v * lanes));
}

// Writes one query's result, divided by the sum of its weights.
INLINE void write_result(const csimd_attention* it, int64_t query, int64_t column, const float* result, float share) {
    for (int64_t i = 0; i < it->head_width; i += lanes) {
        int64_t count = it->head_width - i < lanes ? it->head_width - i : lanes;
        store_any(it->output.base, it->output.format, query * it->output.stride + column + i, count,
                  load(result + i) * share);
    }
}

PAIRS INLINE void attend_queries(const csimd_attention* it, int queries, int64_t first, int64_t column,
                                 const float* keys, int64_t padded_length, const float* values,
                                 int64_t padded_width, uint16_t* weights, float* scores, float* results) {
    bool is_causal = it->first_position >= 0;
    int64_t visible = is_causal ? it->first_position + first + queries : it->length;
    int64_t vectors = (visible + lanes - 1) / lanes;
    // (queries, head_width) x (head_width, length) -> (queries, length)
    multiply_all(queries, vectors, it->head_width / 2,
                 (const uint16_t*)it->query.base + first * it->query.stride + column, it->query.stride,
                 (const vector*)keys, padded_length / lanes, scores, padded_length);
    float scale = 1.0f / sqrtf((float)it->head_width);
    float shares[most_queries];
    for (int q = 0; q < queries; q++) {
        float* row = scores + q * padded_length;
        shares[q] = weigh(row, is_causal ? it->first_position + first + q + 1 : visible, vectors, scale);
        round_weights(vectors, row, weights + q * padded_length);
    }
    // (queries, length) x (length, head_width) -> (queries, head_width)
    multiply_all(queries, padded_width / lanes, (visible + 1) / 2, weights, padded_length, (const vector*)values,
                 padded_width / lanes, results, padded_width);
    for (int q = 0; q < queries; q++)
        write_result(it, first + q, column, results + q * padded_width, shares[q]);
}

PAIRS static void attend(const csimd_attention* it) {
    int64_t padded_length = rounded_up(it->length), padded_width = rounded_up(it->head_width);
    // This uses the memory of attention.c, which needs more.
    float* keys = it->scratch;
    float* values = keys + it->head_width * padded_length;
    float* results = values + padded_length * padded_width;
    uint16_t* weights = (uint16_t*)(values + padded_length / 2 * padded_width);
    float* scores = results + 2 * most_queries * padded_width;
    for (int64_t head = 0; head < it->heads; head++) {
        int64_t column = head * it->head_width;
        turn_key_pairs(it, column, padded_length, keys);
        pair_values(it, column, padded_width, values);
        for (int64_t first = 0, count; first < it->queries; first += count) {
            const int64_t waiting = it->queries - first;
            count = waiting >= most_queries ? most_queries : waiting >= 2 ? 2 : 1;
            fetch_ahead(it, head, first, count);
            if (count == most_queries)
                attend_queries(it, most_queries, first, column, keys, padded_length, values, padded_width, weights,
                               scores, results);
            else if (count == 2)
                attend_queries(it, 2, first, column, keys, padded_length, values, padded_width, weights, scores,
                               results);
            else
                attend_queries(it, 1, first, column, keys, padded_length, values, padded_width, weights, scores,
                               results);
        }
    }
}

bool csimd_attend_pairs(const csimd_attention* it) {
    bool are_pairs = it->query.format == csimd_bf16 && it->head_width % 2 == 0;
    if (!are_pairs || !csimd_processor_multiplies_bf16())
        return false;
    attend(it);
    return true;
}

#else

bool csimd_attend_pairs(const csimd_attention* it) {
    (void)it;
    return false;
}

#endif
