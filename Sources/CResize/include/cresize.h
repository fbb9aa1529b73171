#ifndef CRESIZE_H
#define CRESIZE_H

// The two passes of CLIPImaging's resizer. Swift is compiled for the oldest processor that the program runs
// on; these loops are compiled for newer ones too, and those that fit are chosen at run time. All compute the
// same integers.
//
// A weight is a fixed-point number with 22 fraction bits, less than 8 in size. A byte that comes out is the
// sum of bytes times weights, rounded and cut to 0...255.

#include <stddef.h>
#include <stdint.h>

// The weights of the pass along the rows.
typedef struct {
    int outputs;           // resized pixels
    int stride;            // weights kept for each of them: a multiple of 4
    const int32_t* starts; // (outputs): the first source pixel of each
    const int32_t* counts; // (outputs): how many source pixels each has, at most `stride`
    const int32_t* values; // (outputs, stride); zero past those that each has
    const int16_t* halves; // (outputs, 8 * stride): what cresize_split makes of `values`
} cresize_weights;

// Splits weights, a multiple of four of them, as value = 2048 * high + low, and lays the halves out for the
// instruction that multiplies pairs and adds them. Each four weights become 32 numbers: high of the first two
// four times over, high of the other two likewise, then low in the same order.
void cresize_split(const int32_t* values, size_t count, int16_t* halves);

// Along the rows: `count` rows of `width` pixels, three bytes each, become rows of `weights->outputs` pixels.
// Distances between rows are in bytes and may be negative.
void cresize_narrow(const cresize_weights* weights, const uint8_t* rows, ptrdiff_t row_stride, int width,
                    int count, uint8_t* output, ptrdiff_t output_stride);

// Along the columns: `count` rows of `width` bytes, without a gap, become one, each row times its weight.
void cresize_shorten(const int32_t* values, int count, const uint8_t* rows, size_t width, uint8_t* output);

#endif
