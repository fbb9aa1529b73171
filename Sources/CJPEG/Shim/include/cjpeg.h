#ifndef CJPEG_H
#define CJPEG_H

// What CLIPImaging uses of libjpeg-turbo. The library's errors jump, and its state is one large struct; neither appears
// here. A picture is opened, decoding starts at some scale, rows are read from the top, and the picture is closed. A
// picture that is small is encoded in one call.
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
    cjpeg_damaged,   // or the data end early
    cjpeg_no_memory, // the system had no memory left
    cjpeg_stopped,   // the clock ended the decode
} cjpeg_outcome;

// Called every few rows: whether to stop.
typedef struct {
    int (*is_over)(const void* context);
    const void* context;
} cjpeg_clock;

typedef struct {
    int width;  // pixels, of the whole picture
    int height; // pixels, of the whole picture
    cjpeg_colours colours;
    const uint8_t* exif; // the bytes after "Exif\0\0" in the first segment that has it, or NULL; part of the given bytes
    size_t exif_count;     // the number of these bytes
    size_t working_memory; // the most bytes that decoding will hold, at full size
} cjpeg_header;

typedef struct cjpeg_picture cjpeg_picture;

// Reads an encoded picture's header. `bytes` has to stay in place until cjpeg_close. Returns NULL if the header cannot
// be read, or if the picture is not grey, RGB, YCbCr, CMYK or YCCK with 8 bits.
cjpeg_picture* cjpeg_open(const uint8_t* bytes, size_t count, cjpeg_clock clock, cjpeg_header* header,
                          cjpeg_outcome* outcome);

// Prepares for decoding at 1, 1/2, 1/4 or 1/8 of the picture's size, and gives the resulting size: each side divided by
// the denominator, rounded up. Call it once, before cjpeg_read. Of a picture of several scans, it decodes the
// coefficients.
cjpeg_outcome cjpeg_start(cjpeg_picture* picture, int denominator, int* width, int* height);

// Decodes the next `count` rows, one after another without gaps. The call that reads the picture's last row also reads
// the rest of the data.
cjpeg_outcome cjpeg_read(cjpeg_picture* picture, uint8_t* rows, int count);

// Frees the picture.
void cjpeg_close(cjpeg_picture* picture);

// Encodes (height, width, 3) bytes of red, green and blue as a JPEG without metadata, into room for `capacity` bytes.
// Returns how many it has; 0 if they do not fit, or if the system has no memory.
size_t cjpeg_encode(const uint8_t* pixels, int width, int height, int quality, uint8_t* encoded, size_t capacity);

// libjpeg-turbo's version, of the headers: its older interface, which is used here, has no function that tells it.
const char* cjpeg_version(void);

#endif
