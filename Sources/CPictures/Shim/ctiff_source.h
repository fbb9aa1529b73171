#ifndef CTIFF_SOURCE_H
#define CTIFF_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <tiffio.h>

// A file in memory, in the form in which libtiff reads it.
typedef struct {
    const uint8_t* bytes;
    size_t count, position;
} source;

// Opens a file; NULL if libtiff finds no directory in it. The source has to outlive the reader.
TIFF* open_source(source* from, TIFFOpenOptions* options);

#endif
