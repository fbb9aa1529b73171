#ifndef CTIFF_JPEG_H
#define CTIFF_JPEG_H

#include "ctiff_source.h"

// Whether a strip's or tile's JPEG, walked through as libjpeg will, is one that may be decoded. Its sides are those of the
// piece at most: libtiff compares them only when memory for them was taken. One of many scans is decoded in one go, however
// often they go over it; encoders write one into a strip.
int is_modest_jpeg(const source* from, uint64_t offset, uint64_t count, uint32_t most_width, uint32_t most_height);

#endif
