#include "cpicture.h"
#include "ctiff_jpeg.h"
#include "ctiff_source.h"

#include <string.h>

// The accepted pictures need no larger table or piece.
enum { most_allocated = 1 << 28, most_planes = 4 };

typedef struct {
    cpicture base;
    ctiff_header header;
    source sources[most_planes];
    // There is one reader, or one for each plane of strips: each reads its strips from the top, a row at a time.
    TIFF* readers[most_planes];
    int colours;       // the samples of a pixel that are used
    size_t step;       // the bytes from a sample to the same sample of the next pixel
    size_t row_bytes;  // the bytes of a stored row, of one plane if planes are separate
    size_t tile_bytes; // the bytes of a stored tile, of one plane if planes are separate
    uint8_t* samples;  // the memory into which libtiff decodes: a row or a tile, for each plane
    uint32_t* raster;  // the memory for libtiff's own conversion
    uint8_t* band;     // a row of tiles, or a strip of `raster`, as colours
    uint32_t band_start, band_end;
    uint8_t* pixels; // the pixels that are returned
    int capacity;
    uint32_t next;
    uint8_t map[3][256];
    cpicture_outcome outcome; // what the library complained about
    int is_reading_pixels;
} tiff_picture;

// MARK: The library's complaints

static int note_error(TIFF* reader, void* data, const char* module, const char* format, va_list arguments) {
    (void)reader, (void)module, (void)arguments;
    tiff_picture* picture = data;
    if (picture->outcome == cpicture_done)
        picture->outcome = strstr(format, "emory") != NULL || strstr(format, "o space") != NULL ||
                                   strstr(format, "alloc") != NULL
                               ? cpicture_no_memory
                               : cpicture_damaged;
    return 1;
}

// Notes a warning. Warnings about tags are common and harmless: the tags that matter were read before. Among the
// pixels, a warning means that some are missing.
static int note_warning(TIFF* reader, void* data, const char* module, const char* format, va_list arguments) {
    (void)reader, (void)module, (void)format, (void)arguments;
    tiff_picture* picture = data;
    if (picture->is_reading_pixels && picture->outcome == cpicture_done)
        picture->outcome = cpicture_damaged;
    return 1;
}

static TIFF* open_reader(tiff_picture* picture, source* from) {
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    if (options == NULL)
        return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, most_allocated);
    TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, picture);
    TIFFOpenOptionsSetWarningHandlerExtR(options, note_warning, picture);
    TIFF* reader = open_source(from, options);
    TIFFOpenOptionsFree(options);
    return reader;
}

// MARK: Before the pixels

static int agrees(TIFF* reader, const ctiff_header* header) {
    uint32_t width = 0, height = 0, tile_width = 0, tile_height = 0, rows = 0;
    uint16_t samples = 0, bits = 0, compression = 0, photometric = 0, planes = 0;
    TIFFGetField(reader, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(reader, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetFieldDefaulted(reader, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(reader, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(reader, TIFFTAG_COMPRESSION, &compression);
    TIFFGetField(reader, TIFFTAG_PHOTOMETRIC, &photometric);
    TIFFGetFieldDefaulted(reader, TIFFTAG_PLANARCONFIG, &planes);
    if (TIFFIsTiled(reader)) {
        TIFFGetField(reader, TIFFTAG_TILEWIDTH, &tile_width);
        TIFFGetField(reader, TIFFTAG_TILELENGTH, &tile_height);
    } else {
        TIFFGetFieldDefaulted(reader, TIFFTAG_ROWSPERSTRIP, &rows);
        rows = rows < height ? rows : height;
    }
    return width == header->width && height == header->height && samples == header->samples &&
           bits == header->bits && compression == header->compression && photometric == header->photometric &&
           (planes == PLANARCONFIG_SEPARATE) == header->is_planar && tile_width == header->tile_width &&
           tile_height == header->tile_height && rows == header->rows_per_strip;
}

static int prepare(tiff_picture* picture, TIFF* reader) {
    const ctiff_header* header = &picture->header;
    if (!agrees(reader, header))
        return 0;
    // If the stream holds more than a piece, libdeflate leaves the end of the piece unchanged, and libtiff does not
    // report it.
#ifdef DEFLATE_SUBCODEC_ZLIB
    if (header->compression == COMPRESSION_DEFLATE || header->compression == COMPRESSION_ADOBE_DEFLATE)
        TIFFSetField(reader, TIFFTAG_DEFLATE_SUBCODEC, DEFLATE_SUBCODEC_ZLIB);
#endif
    // The picture is turned elsewhere.
    TIFFSetField(reader, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    if (header->compression == COMPRESSION_JPEG && header->photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(reader, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if (header->tile_width != 0)
        return header->colours == ctiff_ycbcr || (size_t)TIFFTileSize64(reader) == picture->tile_bytes;
    return header->colours == ctiff_ycbcr || (size_t)TIFFScanlineSize64(reader) == picture->row_bytes;
}

static int read_map(tiff_picture* picture) {
    uint16_t* channels[3] = {NULL, NULL, NULL};
    if (!TIFFGetField(picture->readers[0], TIFFTAG_COLORMAP, &channels[0], &channels[1], &channels[2]))
        return 0;
    int entries = 1 << picture->header.bits, is_wide = 0;
    for (int channel = 0; channel < 3; channel++)
        for (int entry = 0; entry < entries; entry++)
            is_wide |= channels[channel][entry] > 255;
    for (int channel = 0; channel < 3; channel++)
        for (int entry = 0; entry < entries; entry++)
            picture->map[channel][entry] = (uint8_t)(channels[channel][entry] >> (is_wide ? 8 : 0));
    return 1;
}

// Whether libjpeg may read the JPEG of a strip or a tile.
static int is_modest(const tiff_picture* picture, TIFF* reader, uint32_t piece) {
    const ctiff_header* header = &picture->header;
    int is_tiled = header->tile_width != 0;
    uint64_t offset = TIFFGetStrileOffset(reader, piece), count = TIFFGetStrileByteCount(reader, piece);
    return is_modest_jpeg(&picture->sources[0], offset, count, is_tiled ? header->tile_width : header->width,
                          is_tiled ? header->tile_height : header->rows_per_strip);
}

// MARK: Samples to colours

static uint8_t colour(int ink, int white) {
    // This is Pillow's simple conversion (libImaging/Convert.c, 12.3.0): what black leaves, less the ink's share of it.
    int product = ink * white + 128;
    int share = ((product >> 8) + product) >> 8;
    return (uint8_t)(white > share ? white - share : 0);
}

static int index_at(const uint8_t* row, uint32_t column, int bits) {
    if (bits >= 8)
        return row[column];
    size_t bit = (size_t)column * (size_t)bits;
    return row[bit / 8] >> (8 - bits - (int)(bit % 8)) & ((1 << bits) - 1);
}

// Converts `width` pixels at `row`; each further plane lies `plane` bytes after the one before.
static void convert(const tiff_picture* picture, const uint8_t* row, size_t plane, uint32_t width, uint8_t* target) {
    const ctiff_header* header = &picture->header;
    // Of sixteen bits, which libtiff gives in the machine's byte order, the high byte is kept.
    const uint16_t one = 1;
    size_t bytes = header->bits == 16 ? 2 : 1;
    const uint8_t* high = row + (bytes == 2 && *(const uint8_t*)&one == 1 ? 1 : 0);
    size_t next = header->is_planar ? plane : bytes, step = picture->step;
    switch (header->colours) {
    case ctiff_grey: {
        int largest = header->bits < 8 ? (1 << header->bits) - 1 : 255;
        for (uint32_t column = 0; column < width; column++, target += 3) {
            int value = header->bits < 8 ? index_at(row, column, header->bits) * 255 / largest : high[column * step];
            memset(target, header->min_is_white ? 255 - value : value, 3);
        }
        return;
    }
    case ctiff_palette:
        for (uint32_t column = 0; column < width; column++, target += 3) {
            int index = header->bits < 8 ? index_at(row, column, header->bits) : row[column * step];
            for (int channel = 0; channel < 3; channel++)
                target[channel] = picture->map[channel][index];
        }
        return;
    case ctiff_rgb:
        if (bytes == 2) {
            // This is rounded as libtiff and OpenCV round colours; for grey, both drop the low byte.
            for (uint32_t column = 0; column < width; column++, target += 3)
                for (size_t channel = 0; channel < 3; channel++) {
                    uint16_t sample;
                    memcpy(&sample, row + column * step + channel * next, sizeof sample);
                    target[channel] = (uint8_t)((sample + 128) / 257);
                }
            return;
        }
        for (uint32_t column = 0; column < width; column++, target += 3, high += step)
            for (size_t channel = 0; channel < 3; channel++)
                target[channel] = high[channel * next];
        return;
    case ctiff_cmyk:
        for (uint32_t column = 0; column < width; column++, target += 3, high += step) {
            int white = 255 - high[3 * next];
            for (size_t channel = 0; channel < 3; channel++)
                target[channel] = colour(high[channel * next], white);
        }
        return;
    case ctiff_ycbcr: // converted by `unpack`
        return;
    }
}

// Copies a row of libtiff's own conversion.
static void unpack(const uint32_t* row, uint32_t width, uint8_t* target) {
    for (uint32_t column = 0; column < width; column++, target += 3) {
        target[0] = (uint8_t)TIFFGetR(row[column]);
        target[1] = (uint8_t)TIFFGetG(row[column]);
        target[2] = (uint8_t)TIFFGetB(row[column]);
    }
}

// MARK: Rows

static cpicture_outcome read_strip_row(tiff_picture* picture, uint32_t row, uint8_t* target) {
    const ctiff_header* header = &picture->header;
    int planes = header->is_planar ? picture->colours : 1;
    for (int plane = 0; plane < planes; plane++) {
        TIFF* reader = picture->readers[plane];
        if (header->compression == COMPRESSION_JPEG && row % header->rows_per_strip == 0 &&
            !is_modest(picture, reader, TIFFComputeStrip(reader, row, (uint16_t)plane)))
            return cpicture_damaged;
        uint8_t* samples = picture->samples + (size_t)plane * picture->row_bytes;
        if (TIFFReadScanline(reader, samples, row, (uint16_t)plane) != 1 && picture->outcome == cpicture_done)
            return cpicture_damaged;
    }
    if (picture->outcome == cpicture_done)
        convert(picture, picture->samples, picture->row_bytes, header->width, target);
    return picture->outcome;
}

static cpicture_outcome read_tile(tiff_picture* picture, uint32_t left, uint32_t top) {
    const ctiff_header* header = &picture->header;
    TIFF* reader = picture->readers[0];
    uint32_t width = header->width - left < header->tile_width ? header->width - left : header->tile_width;
    uint32_t height = picture->band_end - top;
    uint8_t* target = picture->band + (size_t)left * 3;
    size_t stride = (size_t)header->width * 3;
    if (header->colours == ctiff_ycbcr) {
        if (!TIFFReadRGBATileExt(reader, left, top, picture->raster, 1))
            return picture->outcome == cpicture_done ? cpicture_damaged : picture->outcome;
        // The rows are upside down.
        for (uint32_t row = 0; row < height; row++)
            unpack(picture->raster + (size_t)(header->tile_height - 1 - row) * header->tile_width, width,
                   target + row * stride);
        return picture->outcome;
    }
    int planes = header->is_planar ? picture->colours : 1;
    for (int plane = 0; plane < planes; plane++) {
        uint32_t tile = TIFFComputeTile(reader, left, top, 0, (uint16_t)plane);
        if (header->compression == COMPRESSION_JPEG && !is_modest(picture, reader, tile))
            return cpicture_damaged;
        tmsize_t count = TIFFReadEncodedTile(reader, tile, picture->samples + (size_t)plane * picture->tile_bytes,
                                             (tmsize_t)picture->tile_bytes);
        if (count != (tmsize_t)picture->tile_bytes && picture->outcome == cpicture_done)
            return cpicture_damaged;
    }
    size_t row_bytes = picture->tile_bytes / header->tile_height;
    for (uint32_t row = 0; row < height && picture->outcome == cpicture_done; row++)
        convert(picture, picture->samples + row * row_bytes, picture->tile_bytes, width, target + row * stride);
    return picture->outcome;
}

static cpicture_outcome read_band(tiff_picture* picture) {
    const ctiff_header* header = &picture->header;
    int is_tiled = header->tile_width != 0;
    uint32_t rows = is_tiled ? header->tile_height : header->rows_per_strip;
    uint32_t top = picture->band_end;
    picture->band_start = top;
    picture->band_end = header->height - top < rows ? header->height : top + rows;
    if (is_tiled) {
        for (uint32_t left = 0; left < header->width; left += header->tile_width) {
            if (is_over(&picture->base.clock))
                return cpicture_stopped;
            cpicture_outcome outcome = read_tile(picture, left, top);
            if (outcome != cpicture_done)
                return outcome;
        }
        return cpicture_done;
    }
    if (is_over(&picture->base.clock))
        return cpicture_stopped;
    if (!TIFFReadRGBAStripExt(picture->readers[0], top, picture->raster, 1))
        return picture->outcome == cpicture_done ? cpicture_damaged : picture->outcome;
    uint32_t count = picture->band_end - top;
    for (uint32_t row = 0; row < count; row++)
        unpack(picture->raster + (size_t)(count - 1 - row) * header->width, header->width,
               picture->band + (size_t)row * header->width * 3);
    return picture->outcome;
}

static cpicture_outcome read_tiff(cpicture* base, int count, const uint8_t** rows, size_t* stride) {
    tiff_picture* picture = (tiff_picture*)base;
    const ctiff_header* header = &picture->header;
    *stride = (size_t)header->width * 3;
    if (count <= 0 || (uint32_t)count > header->height - picture->next)
        return cpicture_damaged;
    if (count > picture->capacity) {
        uint8_t* pixels = realloc(picture->pixels, (size_t)count * *stride);
        if (pixels == NULL)
            return cpicture_no_memory;
        picture->pixels = pixels;
        picture->capacity = count;
    }
    for (int index = 0; index < count; index++, picture->next++) {
        uint8_t* target = picture->pixels + (size_t)index * *stride;
        cpicture_outcome outcome = cpicture_done;
        if (picture->band == NULL)
            outcome = read_strip_row(picture, picture->next, target);
        else if (picture->next >= picture->band_end)
            outcome = read_band(picture);
        if (outcome != cpicture_done)
            return outcome;
        if (picture->band != NULL)
            memcpy(target, picture->band + (size_t)(picture->next - picture->band_start) * *stride, *stride);
    }
    *rows = picture->pixels;
    return cpicture_done;
}

static void close_tiff(cpicture* base) {
    tiff_picture* picture = (tiff_picture*)base;
    for (int plane = 0; plane < most_planes; plane++)
        if (picture->readers[plane] != NULL)
            TIFFClose(picture->readers[plane]);
    free(picture->samples);
    free(picture->raster);
    free(picture->band);
    free(picture->pixels);
    free(picture);
}

static cpicture_outcome open_tiff(tiff_picture* picture) {
    const ctiff_header* header = &picture->header;
    int is_tiled = header->tile_width != 0, is_converted = header->colours == ctiff_ycbcr;
    picture->colours = header->colours == ctiff_rgb || is_converted ? 3 : header->colours == ctiff_cmyk ? 4 : 1;
    size_t samples = header->is_planar ? 1 : (size_t)header->samples;
    size_t planes = header->is_planar ? (size_t)picture->colours : 1;
    picture->step = samples * (header->bits == 16 ? 2 : 1);
    picture->row_bytes = ((size_t)header->width * samples * (size_t)header->bits + 7) / 8;
    picture->tile_bytes =
        ((size_t)header->tile_width * samples * (size_t)header->bits + 7) / 8 * header->tile_height;
    size_t readers = is_tiled ? 1 : planes;
    for (size_t plane = 0; plane < readers; plane++) {
        picture->readers[plane] = open_reader(picture, &picture->sources[plane]);
        if (picture->readers[plane] == NULL || !prepare(picture, picture->readers[plane]))
            return picture->outcome == cpicture_done ? cpicture_damaged : picture->outcome;
    }
    // The library ignores a tag that makes no sense, unless it is one of those that were compared.
    if (picture->outcome == cpicture_damaged)
        picture->outcome = cpicture_done;
    if (header->colours == ctiff_palette && !read_map(picture))
        return cpicture_damaged;
    uint32_t rows = is_tiled ? header->tile_height : header->rows_per_strip;
    if (is_tiled || is_converted) {
        picture->band = calloc(rows, (size_t)header->width * 3);
        if (picture->band == NULL)
            return cpicture_no_memory;
    }
    if (is_converted)
        picture->raster = calloc((size_t)(is_tiled ? header->tile_width : header->width) * rows, sizeof(uint32_t));
    else
        picture->samples = calloc(planes, is_tiled ? picture->tile_bytes : picture->row_bytes);
    if (picture->samples == NULL && picture->raster == NULL)
        return cpicture_no_memory;
    picture->is_reading_pixels = 1;
    return picture->outcome;
}

cpicture* ctiff_open(const uint8_t* bytes, size_t count, ctiff_header header, cpicture_clock clock,
                     cpicture_outcome* outcome) {
    tiff_picture* picture = calloc(1, sizeof *picture);
    *outcome = cpicture_no_memory;
    if (picture == NULL)
        return NULL;
    picture->base = (cpicture){read_tiff, close_tiff, clock};
    picture->header = header;
    for (int plane = 0; plane < most_planes; plane++)
        picture->sources[plane] = (source){bytes, count, 0};
    *outcome = open_tiff(picture);
    if (*outcome == cpicture_done)
        return &picture->base;
    close_tiff(&picture->base);
    return NULL;
}

const char* ctiff_version(void) { return TIFFGetVersion(); }
