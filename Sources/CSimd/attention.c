#include "attention.h"

// For each head, the keys are transposed to (head_width, length) and the values are copied to full vectors, both as
// f32. Then a few queries at a time are multiplied with all keys, and their weights with all values, with the sums in
// registers.

// Reads `count` columns of up to sixteen keys; what is not there is zero.
INLINE void load_keys(const csimd_attention* it, int64_t row, int64_t column, int64_t count, vector block[lanes]) {
    const int64_t rows = it->length - row;
    if (rows >= lanes && count == lanes && it->key.format == csimd_f32) {
        // The usual case asks nothing of each row.
        const float* from = (const float*)it->key.base + column;
        if (it->places)
            for (int64_t i = 0; i < lanes; i++)
                block[i] = load(from + it->places[row + i] * it->key.stride);
        else
            for (int64_t i = 0; i < lanes; i++)
                block[i] = load(from + (row + i) * it->key.stride);
        return;
    }
    for (int64_t i = 0; i < lanes; i++)
        block[i] = i < rows ? load_any(it->key.base, it->key.format,
                                       place_of(it, row + i) * it->key.stride + column, count)
                            : splat(0.0f);
}

// Transposes one head's keys: (length, head_width) becomes (head_width, padded length), with zeros after the last row.
INLINE void turn_keys(const csimd_attention* it, int64_t column, int64_t padded, float* target) {
    for (int64_t row = 0; row < padded; row += lanes)
        for (int64_t first = 0; first < it->head_width; first += lanes) {
            int64_t count = it->head_width - first < lanes ? it->head_width - first : lanes;
            vector block[lanes];
            load_keys(it, row, column + first, count, block);
            transpose(block);
            for (int64_t i = 0; i < count; i++)
                store(target + (first + i) * padded + row, block[i]);
        }
}

// Copies one head's values: (length, head_width) becomes (length, padded head_width).
INLINE void copy_values(const csimd_attention* it, int64_t column, int64_t padded, float* target) {
    const bool are_whole = padded == it->head_width && it->value.format == csimd_f32;
    for (int64_t row = 0; row < it->length; row++) {
        const int64_t place = place_of(it, row) * it->value.stride + column;
        if (are_whole)
            for (int64_t first = 0; first < padded; first += lanes)
                store(target + row * padded + first, load((const float*)it->value.base + place + first));
        else
            for (int64_t first = 0; first < padded; first += lanes) {
                int64_t count = it->head_width - first < lanes ? it->head_width - first : lanes;
                store(target + row * padded + first, load_any(it->value.base, it->value.format, place + first, count));
            }
    }
}

// sums (queries, vectors x 16) = left (queries, depth) x right (depth, right_stride), for the columns from `right`.
INLINE void multiply(int queries, int vectors, int64_t depth, const float* left, int64_t left_stride,
                     const float* right, int64_t right_stride, float* sums, int64_t sums_stride) {
    vector total[6][4];
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++)
            total[q][v] = splat(0.0f);
    for (int64_t k = 0; k < depth; k++) {
        vector columns[4];
        for (int v = 0; v < vectors; v++)
            columns[v] = load(right + k * right_stride + v * lanes);
        for (int q = 0; q < queries; q++) {
            vector factor = splat(left[q * left_stride + k]);
            for (int v = 0; v < vectors; v++)
                total[q][v] += factor * columns[v];
        }
    }
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++)
            store(sums + q * sums_stride + v * lanes, total[q][v]);
}

// The same for any number of vectors; the registers hold the sums of `widest` vectors at once.
INLINE void multiply_all(int queries, int widest, int64_t vectors, int64_t depth, const float* left,
                         int64_t left_stride, const float* right, int64_t right_stride, float* sums,
                         int64_t sums_stride) {
    int64_t v = 0;
    for (; v + widest <= vectors; v += widest)
        multiply(queries, widest, depth, left, left_stride, right + v * lanes, right_stride, sums + v * lanes,
                 sums_stride);
    for (; v < vectors; v++)
        multiply(queries, 1, depth, left, left_stride, right + v * lanes, right_stride, sums + v * lanes,
                 sums_stride);
}

INLINE void attend_queries(const csimd_attention* it, int queries, int widest, int64_t first, int64_t column,
                           const float* keys, int64_t padded_length, const float* values,
                           int64_t padded_width, float* asked, float* scores, float* results) {
    bool is_causal = it->first_position >= 0;
    int64_t visible = is_causal ? it->first_position + first + queries : it->length;
    int64_t vectors = (visible + lanes - 1) / lanes;
    const bool are_floats = it->query.format == csimd_f32;
    const float* left = are_floats ? (const float*)it->query.base + first * it->query.stride + column : asked;
    const int64_t left_stride = are_floats ? it->query.stride : padded_width;
    if (!are_floats)
        for (int q = 0; q < queries; q++)
            for (int64_t i = 0; i < it->head_width; i += lanes) {
                int64_t count = it->head_width - i < lanes ? it->head_width - i : lanes;
                store(asked + q * padded_width + i,
                      load_any(it->query.base, it->query.format, (first + q) * it->query.stride + column + i, count));
            }
    // (queries, head_width) x (head_width, length) -> (queries, length)
    multiply_all(queries, widest, vectors, it->head_width, left, left_stride, keys, padded_length, scores,
                 padded_length);
    float scale = 1.0f / sqrtf((float)it->head_width);
    float shares[most_queries];
    for (int q = 0; q < queries; q++)
        shares[q] = weigh(scores + q * padded_length, is_causal ? it->first_position + first + q + 1 : visible,
                          vectors, scale);
    // (queries, length) x (length, head_width) -> (queries, head_width)
    multiply_all(queries, widest, padded_width / lanes, visible, scores, padded_length, values, padded_width,
                 results, padded_width);
    for (int q = 0; q < queries; q++)
        for (int64_t i = 0; i < it->head_width; i += lanes) {
            int64_t count = it->head_width - i < lanes ? it->head_width - i : lanes;
            store_any(it->output.base, it->output.format, (first + q) * it->output.stride + column + i, count,
                      load(results + q * padded_width + i) * shares[q]);
        }
}

INLINE void attend(const csimd_attention* it, int level) {
    // The sums take 24 of 32 registers with AVX-512, 8 of 16 otherwise.
    const int step = level == 4 ? 6 : level == 3 ? 4 : 2;
    const int widest = level == 4 ? 4 : 1;
    int64_t padded_length = rounded_up(it->length), padded_width = rounded_up(it->head_width);
    float* keys = it->scratch;
    float* values = keys + it->head_width * padded_length;
    float* asked = values + padded_length * padded_width;
    float* results = asked + most_queries * padded_width;
    float* scores = results + most_queries * padded_width;
    for (int64_t head = 0; head < it->heads; head++) {
        int64_t column = head * it->head_width;
        turn_keys(it, column, padded_length, keys);
        copy_values(it, column, padded_width, values);
        for (int64_t first = 0, count; first < it->queries; first += count) {
            const int64_t waiting = it->queries - first;
            count = waiting >= step ? step : waiting >= 2 ? 2 : 1;
            fetch_ahead(it, head, first, count);
            // Each number of queries is compiled separately, so that the sums are in registers.
            if (count == step)
                attend_queries(it, step, widest, first, column, keys, padded_length, values, padded_width, asked,
                               scores, results);
            else if (count == 2)
                attend_queries(it, 2, widest, first, column, keys, padded_length, values, padded_width, asked,
                               scores, results);
            else
                attend_queries(it, 1, widest, first, column, keys, padded_length, values, padded_width, asked,
                               scores, results);
        }
    }
}

FOR_EVERY_LEVEL(attend_here, csimd_attention, attend)

size_t csimd_attention_scratch(int64_t length, int64_t head_width) {
    int64_t padded_length = rounded_up(length), padded_width = rounded_up(head_width);
    return (size_t)((head_width + padded_width + most_queries) * padded_length +
                    2 * most_queries * padded_width);
}

void csimd_attend(const csimd_attention* it) {
    if (!csimd_attend_pairs(it))
        attend_here(it);
}
