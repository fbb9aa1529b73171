// Inner products of many rows of bytes with a few queries.

#ifndef CLIP_CVECTORSCAN_H
#define CLIP_CVECTORSCAN_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The bytes of a row, and the values of a query, are a multiple of this.
enum { cvectorscan_step = 64 };

typedef struct {
    // (count, width), each value plus 128
    const uint8_t* rows;
    int64_t count;
    int64_t width;
    // (queries, width), each value within the limit for the width
    const int16_t* queries;
    // (queries, 2, width): the same values as 128 * first + second
    const int8_t* planes;
    // (queries): 128 times the sum of a query's values
    const int32_t* offsets;
    int64_t query_count;
    // (queries, count)
    int32_t* sums;
} cvectorscan_task;

// The greatest value of a query with which no sum overflows.
int32_t cvectorscan_limit(int64_t width);

// The parts of a value of a query: value = 128 * high + low.
void cvectorscan_split(int16_t value, int8_t* high, int8_t* low);

typedef enum {
    cvectorscan_plain,
    // 16-bit products of x86-64-v3
    cvectorscan_words,
    // VNNI
    cvectorscan_bytes,
} cvectorscan_kernel;

// Whether the processor has what a kernel needs.
bool cvectorscan_has(cvectorscan_kernel kernel);

// Writes all sums, which are exact; every kernel gives the same.
void cvectorscan(const cvectorscan_task* task);
void cvectorscan_by(cvectorscan_kernel kernel, const cvectorscan_task* task);

// The sum of query[i] * (high[i] - 128 + low[i] / 254).
float cvectorscan_product(const uint8_t* high, const int8_t* low, const float* query, int64_t width);

#ifdef __cplusplus
}
#endif

#endif
