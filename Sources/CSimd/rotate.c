#include "vectors.h"

typedef struct {
    int64_t rows;
    int64_t width;
    int64_t head_width;
    csimd_rows rows_in_place;
    const float* cosines;
    const float* sines;
    int64_t positions;
    int64_t first;
} rotation;

// Rotates each pair of neighbours by its angle: (a, b) becomes (a cos - b sin, b cos + a sin). `sines` has -sin before
// sin in each pair, so that a lane needs only its neighbour, its cosine and its sine.
INLINE void rotate(const rotation* it, int level) {
    (void)level;
    csimd_rows numbers = it->rows_in_place;
    for (int64_t row = 0; row < it->rows; row++) {
        int64_t position = (it->first + row) % it->positions;
        const float* cosines = it->cosines + position * it->head_width;
        const float* sines = it->sines + position * it->head_width;
        for (int64_t head = 0; head < it->width; head += it->head_width) {
            for (int64_t i = 0; i < it->head_width; i += lanes) {
                int64_t count = it->head_width - i < lanes ? it->head_width - i : lanes;
                int64_t place = row * numbers.stride + head + i;
                vector own = load_any(numbers.base, numbers.format, place, count);
                vector other = 
                    __builtin_shufflevector(own, own, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
                store_any(numbers.base, numbers.format, place, count,
                          own * load_any(cosines, csimd_f32, i, count) +
                              other * load_any(sines, csimd_f32, i, count));
            }
        }
    }
}

FOR_EVERY_LEVEL(rotate_here, rotation, rotate)

void csimd_rotate(int64_t rows, int64_t width, int64_t head_width, csimd_rows numbers, const float* cosines,
                  const float* sines, int64_t positions, int64_t first) {
    rotate_here(&(rotation){rows, width, head_width, numbers, cosines, sines, positions, first});
}
