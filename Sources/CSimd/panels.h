// What the products over panels share: their names, and the end of a product.

#ifndef CLIP_CSIMD_PANELS_H
#define CLIP_CSIMD_PANELS_H

#include "activation.h"
#include "bytes.h"
#include "processor.h"
#include "vectors.h"

enum { widest_panel = 64 };

// The words of a row that are multiplied before anything is counted or fetched. Where two threads of a processor share
// a core, the instructions beside the multiplications cost as much as these: with four words instead of one a core of
// an Ice Lake came from 58 to 71 % of its limit while its other thread was busy, and from 93 to 100 % while it was not.
enum { steps = 4 };

// Keeps the compiler from computing the addresses of rows from each other in every step.
#define keep_apart(pointer) __asm__("" : "+r"(pointer))

enum { line = 64, line_words = line / 4, fractions = 4096 };

// A processor fetches ahead of a reader by itself, but only within a page of memory. Some do not enough where the pages
// come one after the other: a core of an Ice Lake read 8.7 GB/s so, and 11 with a line of each of four pages in turn. A
// Zen 4 took 1.08 to 1.19 times as long with these. Where a chunk has fewer than twice so many pages, lines are fetched
// one after the other, whatever the processor likes.
enum { page = 4096, most_streams = 4 };

// What is needed next, to be fetched evenly while sums are added up: a core has buffers for about a dozen lines on their
// way, and where more are asked for at once, everything behind them waits.
typedef struct {
    // About a chunk ahead of those that are multiplied, in the first of so many pages; this may be beside the weights.
    uintptr_t weights;
    uintptr_t weights_end;
    uintptr_t next; // the first of the weights after these, which are fetched then
    uintptr_t next_end;
    int streams;  // the pages of which a line is fetched in turn
    int64_t rate; // the lines of each stream that become due with each `steps` words, in fractions
    int64_t due;
    bool fetches_rows;
    const uint32_t* rows; // of the next block, or of the first with the next words
    const char* target;   // where the sums go, if these are the last
    int64_t target_stride;
    int64_t target_bytes;
    int64_t target_rows;
} fetching;

INLINE int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// The bytes of a number of the target.
INLINE int64_t target_size(const csimd_product* it) {
    return it->target.format == csimd_bf16 ? 2 : 4;
}

// The bands that rows of so many words are divided into. A band that a core keeps near comes from further away once, not
// for every panel. In return all weights come once for every band, which would take longer than its products where it had
// few rows, as it would where they are wide.
INLINE int64_t bands_of(int64_t rows, int64_t words) {
    enum { fewest = 100 };
    const int64_t near = csimd_near_bytes(), bands = (rows * words * 4 + near - 1) / near;
    return bands > 1 && rows / bands >= fewest ? bands : 1;
}

// Where fetching begins so that each of the pages in turn is whole.
INLINE uintptr_t first_fetched(const void* weights, int streams) {
    const uintptr_t first = (uintptr_t)weights;
    return streams > 1 ? first - first % (uintptr_t)(streams * page) : first;
}

// The lines that become due with each `steps` words, so that all of these bytes are fetched with so many groups of them.
INLINE int64_t rate_of(uintptr_t bytes, int64_t groups, int streams) {
    return groups > 0 ? ((int64_t)bytes / line * fractions / streams + groups - 1) / groups : 0;
}

// What is fetched for blocks of these rows, with so many numbers in a word.
INLINE fetching fetching_of(const csimd_product* it, int64_t rows, int64_t numbers, int64_t chunk, int64_t blocks,
                            int64_t panel, int streams) {
    const int64_t words = it->inputs / numbers;
    const int64_t size = target_size(it);
    const int64_t panels = (it->outputs + panel - 1) / panel, groups = panels * blocks * (words / steps);
    const uint32_t* weights = it->weights;
    fetching ahead = {.weights = first_fetched(weights + smaller(words, chunk) * panel, streams),
                      .weights_end = (uintptr_t)(weights + panels * panel * words),
                      .next = first_fetched(it->next, streams),
                      .next_end = (uintptr_t)it->next,
                      .streams = streams,
                      .fetches_rows = rows * words * 4 > csimd_near_bytes(),
                      .target_stride = it->target.stride * size,
                      .target_bytes = panel * size};
    if (it->next)
        ahead.next_end += (uintptr_t)(smaller(it->next_inputs / numbers, chunk) * panel * 4);
    // A single block of rows reads so regularly that the processor fetches one stream by itself.
    if (blocks > 1 || streams > 1)
        ahead.rate = rate_of(ahead.weights_end - ahead.weights + ahead.next_end - ahead.next, groups, streams);
    return ahead;
}

// Goes on with the weights after these, or fetches nothing more.
INLINE void go_on_with_next(fetching* it) {
    if (it->next == it->next_end)
        it->rate = it->due = 0;
    it->weights = it->next;
    it->weights_end = it->next_end;
    it->next = it->next_end;
}

// Fetches the first of the next weights with so many words of the last ones, if there was nothing else to fetch.
INLINE void fetch_next_alone(fetching* it, int64_t words) {
    go_on_with_next(it);
    it->rate = rate_of(it->weights_end - it->weights, words / steps, it->streams);
}

// Notes the places of these sums, which are fetched before the sums are written all at once.
INLINE void note_target(const csimd_product* it, int64_t row, int64_t rows, int64_t output, fetching* ahead) {
    const int64_t size = target_size(it);
    ahead->target = (const char*)it->target.base + (row * it->target.stride + output) * size;
    ahead->target_rows = rows;
}

// The products of this processor: each computes all of `it`. A processor without the instructions never calls them.
void csimd_product_f32_avx512(const csimd_product* it);
void csimd_product_bf16_avx512(const csimd_product* it);
void csimd_product_int8_avx512(const csimd_product* it);
void csimd_product_f32_avx2(const csimd_product* it);
void csimd_product_int8_avx2(const csimd_product* it);

// The largest magnitudes, by lane, of a row that becomes bytes.
INLINE uint32_t* magnitudes_at(const csimd_product* it, int64_t row) {
    return it->scratch + it->rows * widest_panel + row * lanes;
}

// Finishes the sums of some rows, (rows, width), of `count` outputs from a column on, sixteen at most, and writes them to
// the target.
INLINE void finish_columns(const csimd_product* it, bool are_bytes, bool become_bytes, csimd_activation activation,
                           int64_t first_row, int64_t rows, int64_t column, int64_t count, const uint32_t* sums,
                           int64_t width) {
    const csimd_format format = become_bytes ? csimd_f32 : it->target.format;
    vector bias = it->bias ? load_any(it->bias, csimd_f32, column, count) : splat(0.0f), scale = {0};
    integers excess = {0};
    if (are_bytes) {
        scale = load_any(it->column_scales, csimd_f32, column, count);
        excess = __builtin_convertvector(load_any(it->excess, csimd_f32, column, count), integers);
    }
    for (int64_t row = first_row; row < first_row + rows; row++, sums += width) {
        const int64_t place = row * it->target.stride + column;
        vector x = load((const float*)sums);
        if (are_bytes)
            x = __builtin_convertvector((integers)x - excess, vector) * it->source.scales[row] * scale;
        x = activate(activation, x + bias);
        if (become_bytes) {
            integers most;
            memcpy(&most, magnitudes_at(it, row), sizeof most);
            most = larger_magnitudes(x, most);
            memcpy(magnitudes_at(it, row), &most, sizeof most);
        } else if (it->adds_to_target) {
            x += load_any(it->target.base, csimd_f32, place, count);
        }
        store_any(it->target.base, format, place, count, x);
    }
}

INLINE void finish_sums(const csimd_product* it, bool are_bytes, bool become_bytes, csimd_activation activation,
                        int64_t first_row, int64_t rows, int64_t output, int64_t width, const uint32_t* sums) {
    const int64_t end = smaller(output + width, it->outputs);
    int64_t column = output;
    // With a constant count no vector asks whether it is whole.
    for (; column + lanes <= end; column += lanes, sums += lanes)
        finish_columns(it, are_bytes, become_bytes, activation, first_row, rows, column, lanes, sums, width);
    if (column < end)
        finish_columns(it, are_bytes, become_bytes, activation, first_row, rows, column, end - column, sums, width);
}

INLINE void finish_panel(const csimd_product* it, bool are_bytes, csimd_activation activation, int64_t first_row,
                         int64_t rows, int64_t output, int64_t width, const uint32_t* sums) {
    if (are_bytes && it->floats)
        finish_sums(it, are_bytes, true, activation, first_row, rows, output, width, sums);
    else
        finish_sums(it, are_bytes, false, activation, first_row, rows, output, width, sums);
}

// The product with its floats as the target, if that is bytes.
INLINE csimd_product with_floats(const csimd_product* given) {
    csimd_product it = *given;
    if (given->target.format != csimd_int8)
        it.floats = NULL;
    if (it.floats) {
        it.target = (csimd_rows){.base = it.floats, .stride = it.outputs, .format = csimd_f32};
        memset(magnitudes_at(&it, 0), 0, (size_t)(it.rows * lanes) * sizeof(uint32_t));
    }
    return it;
}

INLINE void write_bytes(const csimd_product* it, csimd_rows target) {
    for (int64_t row = 0; row < it->rows; row++) {
        integers most;
        memcpy(&most, magnitudes_at(it, row), sizeof most);
        target.scales[row] = quantise(it->outputs, it->floats + row * it->outputs, most,
                                      (uint8_t*)target.base + row * target.stride);
    }
}

INLINE void write_sums(const csimd_product* it, bool are_bytes, int64_t first_row, int64_t rows, int64_t output,
                       int64_t width, const uint32_t* sums) {
    // Each kind is compiled separately, so that the loop over the columns has no branch.
    switch (it->activation) {
    case csimd_activation_none:
        return finish_panel(it, are_bytes, csimd_activation_none, first_row, rows, output, width, sums);
    case csimd_activation_quick_gelu:
        return finish_panel(it, are_bytes, csimd_activation_quick_gelu, first_row, rows, output, width, sums);
    case csimd_activation_gelu:
        return finish_panel(it, are_bytes, csimd_activation_gelu, first_row, rows, output, width, sums);
    case csimd_activation_tanh_gelu:
        return finish_panel(it, are_bytes, csimd_activation_tanh_gelu, first_row, rows, output, width, sums);
    }
}

#endif
