#ifndef CPICTURE_H
#define CPICTURE_H

#include "cpictures.h"

#include <stdlib.h>

// The beginning of every decoder's state here.
struct cpicture {
    cpicture_outcome (*read)(cpicture* picture, int count, const uint8_t** rows, size_t* stride);
    void (*close)(cpicture* picture);
    cpicture_clock clock;
};

static inline int is_over(const cpicture_clock* clock) { return clock->is_over(clock->context); }

// Pixels that were decoded at once, (height, width, 3), and are read row by row.
typedef struct {
    cpicture base;
    uint8_t* pixels;
    size_t stride;
    size_t next, height;
} whole_picture;

// Makes room for pixels; NULL if there is no memory.
whole_picture* whole_picture_new(size_t width, size_t height, cpicture_clock clock);

#endif
