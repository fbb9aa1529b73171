#include "activation.h"
#include "bytes.h"
#include "vectors.h"

#include <math.h>

typedef struct {
    int64_t rows;
    int64_t width;
    csimd_rows source;
    csimd_rows target;
    const float* scale;
    const float* shift;
    float epsilon;
} row_work;

// Writes one row of floats in the target's format.
INLINE void write_row(int64_t width, const float* from, csimd_rows target, int64_t row) {
    if (target.format == csimd_int8) {
        uint8_t* to = (uint8_t*)target.base + row * target.stride;
        target.scales[row] = quantise(width, from, magnitudes_of(width, from), to);
        return;
    }
    for (int64_t i = 0; i < width; i += lanes) {
        int64_t count = part(width, i);
        store_any(target.base, target.format, row * target.stride + i, count,
                  load_any(from, csimd_f32, i, count));
    }
}

// The longest row that becomes bytes. Its floats lie on the stack until its largest number is known.
enum { longest_row = 16384 };

// Writes up to sixteen numbers of a normalised row; returns them.
INLINE vector norm_part(const row_work* it, csimd_format format, const float* from, float mean, float inverse,
                        int64_t i, int64_t count, void* to) {
    vector result =
        (load_any(from, csimd_f32, i, count) - mean) * inverse * load_any(it->scale, csimd_f32, i, count) +
        load_any(it->shift, csimd_f32, i, count);
    store_any(to, format, i, count, result);
    return result;
}

// Writes a normalised row of f32 or bf16; returns the largest magnitudes of each lane.
INLINE integers norm_row(const row_work* it, csimd_format format, const float* from, float mean, float inverse,
                         void* to) {
    integers most = {0};
    int64_t i = 0;
    for (; i + lanes <= it->width; i += lanes)
        most = larger_magnitudes(norm_part(it, format, from, mean, inverse, i, lanes, to), most);
    if (i < it->width)
        most = larger_magnitudes(norm_part(it, format, from, mean, inverse, i, it->width - i, to), most);
    return most;
}

INLINE void layer_norm(const row_work* it, int level) {
    (void)level;
    const float share = 1.0f / (float)it->width;
    float buffer[longest_row] __attribute__((aligned(64)));
    for (int64_t row = 0; row < it->rows; row++) {
        const float* from = (const float*)it->source.base + row * it->source.stride;
        vector sum = splat(0.0f), sum2 = splat(0.0f);
        int64_t i = 0;
        for (; i + 2 * lanes <= it->width; i += 2 * lanes) {
            sum += load(from + i);
            sum2 += load(from + i + lanes);
        }
        for (; i < it->width; i += lanes)
            sum += load_any(from, csimd_f32, i, part(it->width, i));
        float mean = sum_of(sum + sum2) * share;
        vector squares = splat(0.0f), squares2 = splat(0.0f);
        i = 0;
        for (; i + 2 * lanes <= it->width; i += 2 * lanes) {
            vector one = load(from + i) - mean, other = load(from + i + lanes) - mean;
            squares += one * one;
            squares2 += other * other;
        }
        for (; i < it->width; i += lanes) {
            int64_t count = part(it->width, i);
            vector away = load_any(from, csimd_f32, i, count) - mean;
            if (count < lanes) {
                float lonely[lanes];
                store(lonely, away);
                for (int64_t j = count; j < lanes; j++)
                    lonely[j] = 0;
                away = load(lonely);
            }
            squares += away * away;
        }
        float inverse = 1.0f / sqrtf(sum_of(squares + squares2) * share + it->epsilon);
        const int64_t place = row * it->target.stride;
        switch (it->target.format) {
        case csimd_f32: norm_row(it, csimd_f32, from, mean, inverse, (float*)it->target.base + place); break;
        case csimd_bf16: norm_row(it, csimd_bf16, from, mean, inverse, (uint16_t*)it->target.base + place); break;
        case csimd_int8: {
            integers most = norm_row(it, csimd_f32, from, mean, inverse, buffer);
            it->target.scales[row] = quantise(it->width, buffer, most, (uint8_t*)it->target.base + place);
        }
        }
    }
}

INLINE void convert(const row_work* it, int level) {
    (void)level;
    for (int64_t row = 0; row < it->rows; row++)
        write_row(it->width, (const float*)it->source.base + row * it->source.stride, it->target, row);
}

INLINE void widen_add(const row_work* it, int level) {
    (void)level;
    for (int64_t i = 0; i < it->width; i += lanes) {
        int64_t count = part(it->width, i);
        vector sum;
        if (it->source.format == csimd_int8) {
            octets bytes = {0};
            memcpy(&bytes, (const uint8_t*)it->source.base + i, (size_t)count);
            sum = __builtin_convertvector(__builtin_convertvector(bytes, integers) - 128, vector) *
                  it->source.scales[0];
        } else {
            sum = load_any(it->source.base, it->source.format, i, count);
        }
        if (it->shift)
            sum += load_any(it->shift, csimd_f32, i, count);
        store_any(it->target.base, csimd_f32, i, count, sum);
    }
}

INLINE void finish_rows(const csimd_finish* it, csimd_activation activation) {
    for (int64_t row = 0; row < it->rows; row++) {
        int32_t* sums = it->sums + row * it->width;
        float scale = it->row_scales[row];
        bool is_bytes = it->target.format == csimd_int8;
        for (int64_t i = 0; i < it->width; i += lanes) {
            int64_t count = part(it->width, i);
            integers sum = load_whole(sums + i, count);
            sum -= __builtin_convertvector(load_any(it->excess, csimd_f32, i, count), integers);
            vector x = __builtin_convertvector(sum, vector) * scale *
                       load_any(it->column_scales, csimd_f32, i, count);
            if (it->bias)
                x += load_any(it->bias, csimd_f32, i, count);
            x = activate(activation, x);
            int64_t place = row * it->target.stride + i;
            if (it->adds_to_target)
                x += load_any(it->target.base, csimd_f32, place, count);
            if (is_bytes)
                store_any(sums, csimd_f32, i, count, x);
            else
                store_any(it->target.base, it->target.format, place, count, x);
        }
        if (is_bytes)
            write_row(it->width, (const float*)sums, it->target, row);
    }
}

INLINE void finish(const csimd_finish* it, int level) {
    (void)level;
    // Each kind is compiled separately, so that the loop over the columns has no branch.
    switch (it->activation) {
    case csimd_activation_none: finish_rows(it, csimd_activation_none); break;
    case csimd_activation_quick_gelu: finish_rows(it, csimd_activation_quick_gelu); break;
    case csimd_activation_gelu: finish_rows(it, csimd_activation_gelu); break;
    case csimd_activation_tanh_gelu: finish_rows(it, csimd_activation_tanh_gelu); break;
    }
}

FOR_EVERY_LEVEL(layer_norm_here, row_work, layer_norm)
FOR_EVERY_LEVEL(convert_here, row_work, convert)
FOR_EVERY_LEVEL(widen_add_here, row_work, widen_add)
FOR_EVERY_LEVEL(finish_here, csimd_finish, finish)

void csimd_layer_norm(int64_t rows, int64_t width, csimd_rows source, const float* scale, const float* shift,
                      float epsilon, csimd_rows target) {
    layer_norm_here(&(row_work){rows, width, source, target, scale, shift, epsilon});
}

void csimd_finish_product(const csimd_finish* it) {
    finish_here(it);
}

void csimd_sign(int64_t rows, int64_t width, uint8_t* bytes, float* excess) {
    for (int64_t row = 0; row < rows; row++) {
        int32_t sum = 0;
        for (int64_t i = 0; i < width; i++) {
            uint8_t* it = bytes + row * width + i;
            *it ^= 0x80;
            sum += (int8_t)*it;
        }
        excess[row] = (float)sum * 128;
    }
}

void csimd_convert(int64_t rows, int64_t width, csimd_rows source, csimd_rows target) {
    convert_here(&(row_work){.rows = rows, .width = width, .source = source, .target = target});
}

void csimd_widen_add(int64_t width, csimd_rows source, const float* addend, float* target) {
    widen_add_here(&(row_work){.width = width, .source = source, .target = {.base = target}, .shift = addend});
}

void csimd_widen(int64_t count, const uint16_t* source, float* target) {
    csimd_widen_add(count, (csimd_rows){.base = (void*)source, .format = csimd_bf16}, NULL, target);
}
