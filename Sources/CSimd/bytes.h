// Rows of floats as bytes, which share a scale: the largest magnitude of a row becomes 127.

#ifndef CLIP_CSIMD_BYTES_H
#define CLIP_CSIMD_BYTES_H

#include "vectors.h"

#include <math.h>

INLINE int64_t part(int64_t width, int64_t column) {
    return width - column < lanes ? width - column : lanes;
}

// The larger magnitudes of each lane, as the bits of floats: as whole numbers they have the same order, and what is no
// number is largest.
INLINE integers larger_magnitudes(vector it, integers most) {
    return __builtin_elementwise_max((integers)it & 0x7fffffff, most);
}

INLINE void quantise_part(float factor, const float* from, int64_t count, uint8_t* to) {
    vector scaled = load_any(from, csimd_f32, 0, count) * factor;
    // The lowest byte of the mantissa is the nearest whole number, plus 128.
    octets whole = __builtin_convertvector((integers)(scaled + (magic + 128.0f)) & 0xff, octets);
    memcpy(to, &whole, (size_t)count);
}

// Converts a row of floats, whose largest magnitudes are known for each lane, to bytes; returns the scale of the bytes.
INLINE float quantise(int64_t width, const float* from, integers magnitudes, uint8_t* to) {
    const int32_t most = __builtin_reduce_max(magnitudes);
    float largest;
    memcpy(&largest, &most, sizeof largest);
    float factor = largest > 0 && isfinite(largest) ? 127.0f / largest : 0.0f;
    int64_t i = 0;
    // A constant count asks nothing of each vector, here and below.
    for (; i + lanes <= width; i += lanes)
        quantise_part(factor, from + i, lanes, to + i);
    if (i < width)
        quantise_part(factor, from + i, width - i, to + i);
    return factor > 0 ? largest / 127.0f : largest * 0.0f;
}

INLINE integers magnitudes_of(int64_t width, const float* from) {
    integers most = {0}, others = {0};
    int64_t i = 0;
    for (; i + 2 * lanes <= width; i += 2 * lanes) {
        most = larger_magnitudes(load(from + i), most);
        others = larger_magnitudes(load(from + i + lanes), others);
    }
    for (; i < width; i += lanes)
        most = larger_magnitudes(load_any(from, csimd_f32, i, part(width, i)), most);
    return __builtin_elementwise_max(most, others);
}

#endif
