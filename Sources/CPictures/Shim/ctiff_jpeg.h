#ifndef CTIFF_JPEG_H
#define CTIFF_JPEG_H

#include "ctiff_source.h"

// Whether the JPEG of a strip or a tile, read as libjpeg will read it, may be decoded. Its sides may be those of the
// piece at most: libtiff compares them only after it has taken memory for them. A JPEG of many scans is refused,
// because it is decoded in one go, however often its scans cover it; encoders write one scan into a strip.
int is_modest_jpeg(const source* from, uint64_t offset, uint64_t count, uint32_t most_width, uint32_t most_height);

#endif
