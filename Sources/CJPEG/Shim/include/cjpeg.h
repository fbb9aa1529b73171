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

typedef struct {
    int width;  // pixels, of the whole picture
    int height; // pixels, of the whole picture
    cjpeg_colours colours;
    const uint8_t* exif; // what follows "Exif\0\0" in the first segment that has it, or NULL; until cjpeg_close
    size_t exif_count;   // bytes of it
} cjpeg_header;

typedef struct cjpeg_picture cjpeg_picture;

// Reads an encoded picture's header. `bytes` has to stay where it is until cjpeg_close. NULL when the header
// cannot be read, or announces something that is neither grey, nor RGB or YCbCr, nor CMYK or YCCK, or has
// other than 8 bits.
cjpeg_picture* cjpeg_open(const uint8_t* bytes, size_t count, cjpeg_header* header);

// Prepares for decoding at 1, 1/2, 1/4 or 1/8 of the picture's size, and tells the size that comes out: each
// side divided by the denominator, rounded up. Once, before cjpeg_read. A picture of several scans is decoded
// here as far as its coefficients. 0 when the picture is damaged or ends early.
int cjpeg_start(cjpeg_picture* picture, int denominator, int* width, int* height);

// The next `count` rows, decoded, one after another without a gap. The last row that there is has been read
// when the whole of the data was seen. 0 when the picture is damaged or ends early.
int cjpeg_read(cjpeg_picture* picture, uint8_t* rows, int count);

// Frees the picture.
void cjpeg_close(cjpeg_picture* picture);

#endif
