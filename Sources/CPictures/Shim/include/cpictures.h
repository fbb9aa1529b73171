#ifndef CPICTURES_H
#define CPICTURES_H

// What CLIPImaging uses of libpng, libtiff, libwebp, libavif and libheif: a picture is opened, its rows are read from
// the top as red, green and blue bytes, and it is closed. The libraries' errors jump, call back, or wait to be asked
// for; here each call has one outcome.
//
// Headers are read in Swift, by readers that check every number, so that the cost of a decode is known before it
// begins. The decoder is told what the header said, and refuses a picture in which it finds something else.
//
// A picture belongs to one thread at a time. Different pictures share nothing.

#include <stddef.h>
#include <stdint.h>

typedef enum {
    cpicture_done,
    cpicture_damaged,   // the library refused, warned of missing pixels, or found something other than the header said
    cpicture_no_memory, // the system had no memory left
    cpicture_stopped,   // the clock ended the decode
} cpicture_outcome;

// Called often while a picture is decoded, also by libraries that run long without giving a row: whether to stop.
typedef struct {
    int (*is_over)(const void* context);
    const void* context;
} cpicture_clock;

typedef struct cpicture cpicture;

// All `bytes` have to stay in place until cpicture_close. Every function that opens a picture returns NULL if the
// outcome is not cpicture_done.

typedef struct {
    uint32_t width, height;
    int is_interlaced;
} cpng_header;

cpicture* cpng_open(const uint8_t* bytes, size_t count, cpng_header header, cpicture_clock clock,
                    cpicture_outcome* outcome);

typedef enum {
    ctiff_grey,    // 1, 2, 4, 8 or 16 bits
    ctiff_palette, // 1, 2, 4 or 8 bits
    ctiff_rgb,     // 8 or 16 bits
    ctiff_cmyk,    // 8 or 16 bits; 0 is no ink
    ctiff_ycbcr,   // 8 bits, perhaps with fewer colour samples, converted by libtiff
} ctiff_colours;

typedef struct {
    uint32_t width, height;
    int samples; // the samples of a pixel, including extras
    int bits;    // the bits of a sample
    int compression, photometric;
    int is_planar;                                 // whether each sample has a plane of its own
    uint32_t tile_width, tile_height;              // 0 for strips
    uint32_t rows_per_strip;                       // at most the height; 0 for tiles
    ctiff_colours colours;
    int min_is_white;
} ctiff_header;

cpicture* ctiff_open(const uint8_t* bytes, size_t count, ctiff_header header, cpicture_clock clock,
                     cpicture_outcome* outcome);

// The place of the coded frame on the picture; the rest of the picture is black.
typedef struct {
    int width, height;
    int left, top, frame_width, frame_height;
} cwebp_header;

// Opens a WebP; `bytes` are one chunk, VP8 or VP8L, beginning with its name.
cpicture* cwebp_open(const uint8_t* bytes, size_t count, cwebp_header header, cpicture_clock clock,
                     cpicture_outcome* outcome);

// The header of a picture in an ISO media file. No frame in the file may have more than `most_pixels`.
typedef struct {
    uint32_t width, height;
    uint32_t most_pixels;
} cmedia_header;

// Opens an AVIF. The picture is as it is stored: neither turned nor mirrored.
cpicture* cavif_open(const uint8_t* bytes, size_t count, cmedia_header header, cpicture_clock clock,
                     cpicture_outcome* outcome);

// Opens a HEIC. The picture is turned, mirrored and cropped as the file says, which gives it another size.
cpicture* cheif_open(const uint8_t* bytes, size_t count, cmedia_header header, cpicture_clock clock, int* width,
                     int* height, cpicture_outcome* outcome);

// The versions of the libraries as they are loaded, not as they were compiled against. libwebp's is its three parts, a byte
// each; libtiff's is its whole banner, which names the version in the first line.
const char* cpng_version(void);
const char* ctiff_version(void);
int cwebp_version(void);
const char* cavif_version(void);
const char* cheif_version(void);

// Whether this machine's libheif can decode HEVC.
int cheif_is_available(void);

// Decodes the next `count` rows, (count, width, 3) bytes. The pointer is valid until the next call; `*stride` is the
// distance between rows in bytes.
cpicture_outcome cpicture_read(cpicture* picture, int count, const uint8_t** rows, size_t* stride);

void cpicture_close(cpicture* picture);

#endif
