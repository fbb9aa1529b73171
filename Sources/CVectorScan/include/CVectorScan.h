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

// The quickest that the processor has.
cvectorscan_kernel cvectorscan_best(void);

// Writes all sums, which are exact; every kernel gives the same.
void cvectorscan(const cvectorscan_task* task);
void cvectorscan_by(cvectorscan_kernel kernel, const cvectorscan_task* task);

// Reads as fast as memory can be read, which a scan is measured against: the sum of the words of 64 bits.
//
// count: bytes, a multiple of cvectorscan_step
// ahead: by how many bytes memory is asked for what comes next
uint64_t cvectorscan_read(const uint8_t* bytes, int64_t count, int64_t ahead);

// The sum of query[i] * (high[i] - 128 + low[i] / 254).
float cvectorscan_product(const uint8_t* high, const int8_t* low, const float* query, int64_t width);

// Rows that are compared with each other.

// So many rows lie beside each other in a panel.
enum { cvectorscan_panel = 48 };

// Makes a panel, (width / 4, panel, 4), of at most so many rows; where it has fewer, zeros.
void cvectorscan_pack(const uint8_t* const* rows, int64_t count, int64_t width, uint8_t* packed);

// The values of rows, (count, width), without the 128 that is added to them, and 128 times the sum of each row's.
void cvectorscan_center(const uint8_t* const* rows, int64_t count, int64_t width, int8_t* values, int32_t* offsets);

typedef struct {
    // (panels, width / 4, panel, 4)
    const uint8_t* panels;
    int64_t panel_count;
    int64_t width;
    // (others, width)
    const int8_t* others;
    // (others)
    const int32_t* offsets;
    int64_t other_count;
    // (others, panels * panel)
    int32_t* sums;
} cvectorscan_pairs_task;

// Writes the inner products of all rows of the panels with all others, which are exact.
void cvectorscan_pairs(const cvectorscan_pairs_task* task);
void cvectorscan_pairs_by(cvectorscan_kernel kernel, const cvectorscan_pairs_task* task);

// Writes the places, of which there may be as many as sums, where scales[i * apart] * scale * sums[i] + doubts[i * apart] reaches the
// least; returns how many there are.
int64_t cvectorscan_reaching(const int32_t* sums, int64_t count, const float* scales, const float* doubts, int64_t apart,
                             float scale, float least, int32_t* places);

#ifdef __cplusplus
}
#endif

#endif
