#ifndef CVIPS_H
#define CVIPS_H

// The five things that CLIPImaging asks of libvips. The library's own functions are variadic and its objects are
// reference counted, so neither crosses this border: a picture is opened, its rows are read from the top, it is closed.

#include <stddef.h>
#include <stdint.h>

typedef enum { cvips_png, cvips_webp, cvips_gif, cvips_tiff, cvips_heif } cvips_loader;

typedef enum {
    cvips_colours_grey,  // one sample of colour
    cvips_colours_rgb,   // three
    cvips_colours_cmyk,  // four; 0 is no ink
    cvips_colours_other, // Lab, XYZ, or samples that are not unsigned integers
} cvips_colours;

typedef struct {
    int width;            // pixels
    int height;           // pixels, of one page
    int samples;          // per pixel, alpha and other extras included
    int bytes_per_sample; // 1 or 2, two in the machine's byte order; 0 for other colours
    cvips_colours colours;
    int orientation; // EXIF, 1...8
} cvips_header;

typedef struct cvips_picture cvips_picture;

// Starts the library, once in a process, before anything else here. False when it cannot start.
int cvips_start(void);

// Reads an encoded picture's header. Pixels are decoded later, as rows are asked for, so `bytes` has to stay where it
// is until cvips_close. NULL when the header cannot be read or the loader is not there.
cvips_picture* cvips_open(cvips_loader loader, const void* bytes, size_t count, cvips_header* header);

// Whether this build of the library can read that format at all.
int cvips_can_load(cvips_loader loader);

// Rows `first` to `first + count`, decoded. Rows are asked for in order, from the top. The pointer is good until the
// next call; `*stride` is the distance between rows in bytes. NULL when the picture is damaged or ends early.
const uint8_t* cvips_rows(cvips_picture* picture, int first, int count, size_t* stride);

// Frees the picture and what this thread kept for it.
void cvips_close(cvips_picture* picture);

#endif
