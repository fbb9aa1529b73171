// What both kinds of attention share.

#ifndef CLIP_CSIMD_ATTENTION_H
#define CLIP_CSIMD_ATTENTION_H

#include "vectors.h"

#include <math.h>

enum { most_queries = 6 };

// The row of the keys and values at a position.
INLINE int64_t place_of(const csimd_attention* it, int64_t position) {
    return it->places ? it->places[position] : position;
}

// What is there may end before these numbers: nothing is read.
INLINE void fetch_numbers(const csimd_rows* it, int64_t row, int64_t column, int64_t count) {
    const int64_t size = it->format == csimd_bf16 ? 2 : 4;
    const uintptr_t at = (uintptr_t)it->base + (uintptr_t)((row * it->stride + column) * size);
    for (int64_t i = 0; i < count * size; i += 64)
        __builtin_prefetch((const void*)(at + (uintptr_t)i), 0, 2);
}

// Fetches a part of the next head's numbers, or of the first of the rows that follow, while these queries are worked
// on. A head's numbers are short pieces of far rows, which no processor fetches by itself, and in a batch come from afar.
INLINE void fetch_ahead(const csimd_attention* it, int64_t head, int64_t first, int64_t queries) {
    const bool is_last = head + 1 == it->heads;
    const int64_t column = is_last ? 0 : (head + 1) * it->head_width;
    // A single query takes less time than what is fetched.
    if (it->queries < 2 || (is_last && it->places))
        return;
    const int64_t queries_on = is_last ? it->queries : 0, rows_on = is_last ? it->length : 0;
    for (int64_t query = first; query < first + queries; query++)
        fetch_numbers(&it->query, queries_on + query, column, it->head_width);
    const int64_t end = it->length * (first + queries) / it->queries;
    for (int64_t row = it->length * first / it->queries; row < end; row++) {
        fetch_numbers(&it->key, rows_on + place_of(it, row), column, it->head_width);
        fetch_numbers(&it->value, rows_on + place_of(it, row), column, it->head_width);
    }
}

// Transposes sixteen rows of sixteen words.
INLINE void transpose(vector rows[lanes]) {
#define EXCHANGE(step, ...)                                                                                  \
    for (int i = 0; i < lanes; i++)                                                                          \
        if (!(i & step)) {                                                                                   \
            vector low = rows[i], high = rows[i + step];                                                     \
            rows[i] = __builtin_shufflevector(low, high, __VA_ARGS__);                                       \
            rows[i + step] = __builtin_shufflevector(low, high, EXCHANGE_HIGH_##step);                       \
        }
#define EXCHANGE_HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define EXCHANGE_HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define EXCHANGE_HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define EXCHANGE_HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
    EXCHANGE(8, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
    EXCHANGE(4, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
    EXCHANGE(2, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
    EXCHANGE(1, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#undef EXCHANGE
}

// Computes e^(score - largest) in place, with zero after the visible scores; returns one over their sum.
INLINE float weigh(float* scores, int64_t visible, int64_t vectors, float scale) {
    const int64_t whole = visible / lanes;
    const integers lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const integers are_visible = lane < (int32_t)(visible % lanes);
    vector largest = splat(-INFINITY), last = largest, sum = splat(0.0f);
    for (int64_t v = 0; v < whole; v++)
        largest = larger(load(scores + v * lanes), largest);
    if (whole < vectors) {
        last = chosen(are_visible, load(scores + whole * lanes), last);
        largest = larger(last, largest);
    }
    float most = largest_of(largest) * scale;
    for (int64_t v = 0; v < whole; v++) {
        vector weight = exponential(load(scores + v * lanes) * scale - most);
        store(scores + v * lanes, weight);
        sum += weight;
    }
    if (whole < vectors) {
        vector weight = chosen(are_visible, exponential(last * scale - most), splat(0.0f));
        store(scores + whole * lanes, weight);
        sum += weight;
    }
    for (int64_t v = whole + 1; v < vectors; v++)
        store(scores + v * lanes, splat(0.0f));
    // Where scores overflow, no weights are right, and the result is to say so.
    return isfinite(most) ? 1.0f / sum_of(sum) : NAN;
}

// Computes csimd_attend if the processor multiplies pairs of bf16; returns false if it does not, or if the input does
// not consist of such pairs.
bool csimd_attend_pairs(const csimd_attention* it);

#endif
