#ifndef CTIFF_SOURCE_H
#define CTIFF_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <tiffio.h>

// A file in memory, as libtiff wants to be asked for it.
typedef struct {
    const uint8_t* bytes;
    size_t count, position;
} source;

// NULL where libtiff finds no directory in it. The source has to outlive the reader.
TIFF* open_source(source* from, TIFFOpenOptions* options);

#endif
