#ifndef CRESIZE_H
#define CRESIZE_H

// The two passes of CLIPImaging's resizer. Swift code is compiled for the oldest processor on which the program runs.
// These loops are compiled for newer processors too, and the fitting ones are chosen at run time. All compute the same
// integers.
//
// A weight is a fixed-point number with 22 fraction bits and a magnitude below 8. A byte of the result is the sum of
// bytes times weights, rounded and limited to 0...255.

#include <stddef.h>
#include <stdint.h>

// The weights of the pass along the rows.
typedef struct {
    int outputs;           // the number of resized pixels
    int stride;            // the weights that are kept for each of them: a multiple of 4
    const int32_t* starts; // (outputs): the first source pixel of each resized pixel
    const int32_t* counts; // (outputs): the number of its source pixels, at most `stride`
    const int32_t* values; // (outputs, stride); zero after each pixel's count
    const int16_t* halves; // (outputs, 8 * stride): the result of cresize_split for `values`
} cresize_weights;

// Splits weights, whose number is a multiple of four, as value = 2048 * high + low, and arranges the halves for the
// instruction that multiplies pairs and adds them. Each four weights become 32 numbers: high of the first two, four
// times; high of the other two, four times; then low in the same order.
void cresize_split(const int32_t* values, size_t count, int16_t* halves);

// Filters along the rows: `count` rows of `width` pixels, three bytes each, become rows of `weights->outputs` pixels.
// Distances between rows are in bytes and may be negative.
void cresize_narrow(const cresize_weights* weights, const uint8_t* rows, ptrdiff_t row_stride, int width,
                    int count, uint8_t* output, ptrdiff_t output_stride);

// Filters along the columns: `count` rows of `width` bytes, without gaps, become one row, the sum of each row times its
// weight.
void cresize_shorten(const int32_t* values, int count, const uint8_t* rows, size_t width, uint8_t* output);

#endif
