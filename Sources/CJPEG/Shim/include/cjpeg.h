#ifndef CJPEG_H
#define CJPEG_H

// What CLIPImaging asks of libjpeg-turbo. Its errors jump, and its state is one large struct, so neither
// crosses this border: a picture is opened, decoding starts at some scale, its rows are read from the top, it
// is closed.
//
// A picture belongs to one thread at a time. Different pictures share nothing.

#include <stddef.h>
#include <stdint.h>

typedef enum {
    cjpeg_colours_grey, // one sample a pixel
    cjpeg_colours_rgb,  // three
    cjpeg_colours_cmyk, // four; 0 is no ink
} cjpeg_colours;

typedef enum {
    cjpeg_done,
    cjpeg_damaged,   // or ends early
    cjpeg_no_memory, // the system had none to give
    cjpeg_stopped,   // the clock said so
} cjpeg_outcome;

// Asked every few rows: whether to give up.
typedef struct {
    int (*is_over)(const void* context);
    const void* context;
} cjpeg_clock;

typedef struct {
    int width;  // pixels, of the whole picture
    int height; // pixels, of the whole picture
    cjpeg_colours colours;
    const uint8_t* exif; // what follows "Exif\0\0" in the first segment that has it, or NULL; in the bytes given
    size_t exif_count;     // bytes of it
    size_t working_memory; // bytes that decoding will hold at most, at full size
} cjpeg_header;

typedef struct cjpeg_picture cjpeg_picture;

// Reads an encoded picture's header. `bytes` has to stay where it is until cjpeg_close. NULL when the header
// cannot be read, or announces something that is neither grey, nor RGB or YCbCr, nor CMYK or YCCK, or has
// other than 8 bits.
cjpeg_picture* cjpeg_open(const uint8_t* bytes, size_t count, cjpeg_clock clock, cjpeg_header* header,
                          cjpeg_outcome* outcome);

// Prepares for decoding at 1, 1/2, 1/4 or 1/8 of the picture's size, and tells the size that comes out: each
// side divided by the denominator, rounded up. Once, before cjpeg_read. A picture of several scans is decoded
// here as far as its coefficients.
cjpeg_outcome cjpeg_start(cjpeg_picture* picture, int denominator, int* width, int* height);

// The next `count` rows, decoded, one after another without a gap. The last row that there is has been read
// when the whole of the data was seen.
cjpeg_outcome cjpeg_read(cjpeg_picture* picture, uint8_t* rows, int count);

// Frees the picture.
void cjpeg_close(cjpeg_picture* picture);

// libjpeg-turbo's version, of the headers: its older interface, which is used here, has no function that tells it.
const char* cjpeg_version(void);

#endif
