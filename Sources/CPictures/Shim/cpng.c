#include "cpicture.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

// The most compressed bytes after the last pixel that are read for their checksum. Encoders leave a few; a bomb has
// millions.
enum { most_surplus = 1 << 13 };

typedef struct {
    cpicture base;
    png_structp decoder;
    png_infop info;
    const uint8_t* bytes;
    size_t left;
    size_t surplus;   // the bytes that may still be read once the last row has begun
    int is_last_row;
    int is_reading_pixels;
    cpicture_outcome outcome; // why the decoder jumped
    cpng_header header;
    uint8_t* pixels; // all rows of an interlaced picture, otherwise those of one call
    size_t capacity; // the number of rows in `pixels`
    uint32_t next;
} png_picture;

static void fail(png_structp decoder, png_const_charp message) {
    (void)message;
    png_longjmp(decoder, 1);
}

static void give_up(png_picture* picture, cpicture_outcome outcome) {
    picture->outcome = outcome;
    png_longjmp(picture->decoder, 1);
}

// Judges a warning. Before the pixels, warnings are about chunks that nobody uses. Among the pixels, a warning means
// that something is missing or wrong, unless there is only too much of it.
static void judge(png_structp decoder, png_const_charp message) {
    png_picture* picture = png_get_error_ptr(decoder);
    if (picture->is_reading_pixels && strstr(message, "Extra compressed data") == NULL &&
        strstr(message, "Too much image data") == NULL)
        png_longjmp(decoder, 1);
}

static void read_bytes(png_structp decoder, png_bytep target, size_t count) {
    png_picture* picture = png_get_io_ptr(decoder);
    if (is_over(&picture->base.clock))
        give_up(picture, cpicture_stopped);
    if (count > picture->left)
        give_up(picture, cpicture_damaged);
    if (picture->is_last_row) {
        if (count > picture->surplus)
            give_up(picture, cpicture_damaged);
        picture->surplus -= count;
    }
    memcpy(target, picture->bytes, count);
    picture->bytes += count;
    picture->left -= count;
}

static png_voidp allocate(png_structp decoder, size_t count) {
    png_picture* picture = png_get_mem_ptr(decoder);
    void* memory = malloc(count);
    if (memory == NULL)
        picture->outcome = cpicture_no_memory;
    return memory;
}

static void release(png_structp decoder, png_voidp memory) {
    (void)decoder;
    free(memory);
}

static void close_png(cpicture* base) {
    png_picture* picture = (png_picture*)base;
    png_destroy_read_struct(&picture->decoder, &picture->info, NULL);
    free(picture->pixels);
    free(picture);
}

// Reads one row, and with the last one the end of the data.
static void read_row(png_picture* picture, uint8_t* row) {
    picture->is_last_row = picture->next + 1 == picture->header.height;
    png_read_row(picture->decoder, row, NULL);
    picture->next++;
}

static cpicture_outcome read_png(cpicture* base, int count, const uint8_t** rows, size_t* stride) {
    png_picture* picture = (png_picture*)base;
    *stride = (size_t)picture->header.width * 3;
    if (count <= 0 || (uint32_t)count > picture->header.height - picture->next)
        return cpicture_damaged;
    if (picture->header.is_interlaced) {
        *rows = picture->pixels + picture->next * *stride;
        picture->next += (uint32_t)count;
        return cpicture_done;
    }
    if ((size_t)count > picture->capacity) {
        uint8_t* pixels = realloc(picture->pixels, (size_t)count * *stride);
        if (pixels == NULL)
            return cpicture_no_memory;
        picture->pixels = pixels;
        picture->capacity = (size_t)count;
    }
    picture->outcome = cpicture_damaged;
    if (setjmp(png_jmpbuf(picture->decoder)))
        return picture->outcome;
    for (int row = 0; row < count; row++)
        read_row(picture, picture->pixels + (size_t)row * *stride);
    *rows = picture->pixels;
    return cpicture_done;
}

static void read_interlaced(png_picture* picture, int passes) {
    size_t stride = (size_t)picture->header.width * 3;
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t row = 0; row < picture->header.height; row++) {
            picture->is_last_row = pass == passes - 1 && row + 1 == picture->header.height;
            if (row % 8 == 0 && is_over(&picture->base.clock))
                give_up(picture, cpicture_stopped);
            png_read_row(picture->decoder, picture->pixels + row * stride, NULL);
        }
    }
}

static void start(png_picture* picture) {
    // These are all chunks that do not affect the pixels; eXIf was read earlier.
    static const png_byte passed_over[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0"
                                          "sPLT\0sRGB\0sTER\0tEXt\0tIME\0zTXt\0tRNS";
    png_structp decoder = picture->decoder;
    png_infop info = picture->info;
    png_set_keep_unknown_chunks(decoder, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(decoder, PNG_HANDLE_CHUNK_NEVER, passed_over, (int)(sizeof passed_over / 5));
    png_set_user_limits(decoder, 0x7fffffff, 0x7fffffff);
    png_set_chunk_cache_max(decoder, 16);
    png_set_chunk_malloc_max(decoder, 1 << 20);
    png_set_read_fn(decoder, picture, read_bytes);
    png_read_info(decoder, info);
    if (png_get_image_width(decoder, info) != picture->header.width ||
        png_get_image_height(decoder, info) != picture->header.height ||
        (png_get_interlace_type(decoder, info) != PNG_INTERLACE_NONE) != picture->header.is_interlaced)
        give_up(picture, cpicture_damaged);
    int type = png_get_color_type(decoder, info);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(decoder);
    if (type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_GRAY_ALPHA) {
        png_set_expand_gray_1_2_4_to_8(decoder);
        png_set_gray_to_rgb(decoder);
    }
    png_set_strip_16(decoder);
    if (type & PNG_COLOR_MASK_ALPHA)
        png_set_strip_alpha(decoder);
    int passes = png_set_interlace_handling(decoder);
    png_read_update_info(decoder, info);
    if (png_get_rowbytes(decoder, info) != (size_t)picture->header.width * 3)
        give_up(picture, cpicture_damaged);
    picture->is_reading_pixels = 1;
    if (!picture->header.is_interlaced)
        return;
    picture->pixels = calloc(picture->header.height, (size_t)picture->header.width * 3);
    if (picture->pixels == NULL)
        give_up(picture, cpicture_no_memory);
    read_interlaced(picture, passes);
}

cpicture* cpng_open(const uint8_t* bytes, size_t count, cpng_header header, cpicture_clock clock,
                    cpicture_outcome* outcome) {
    *outcome = cpicture_no_memory;
    png_picture* picture = calloc(1, sizeof *picture);
    if (picture == NULL)
        return NULL;
    picture->base = (cpicture){read_png, close_png, clock};
    picture->bytes = bytes;
    picture->left = count;
    picture->surplus = most_surplus;
    picture->header = header;
    picture->decoder =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, picture, fail, judge, picture, allocate, release);
    if (picture->decoder != NULL)
        picture->info = png_create_info_struct(picture->decoder);
    if (picture->info == NULL) {
        close_png(&picture->base);
        return NULL;
    }
    picture->outcome = cpicture_damaged;
    if (setjmp(png_jmpbuf(picture->decoder))) {
        *outcome = picture->outcome;
        close_png(&picture->base);
        return NULL;
    }
    start(picture);
    *outcome = cpicture_done;
    return &picture->base;
}

const char* cpng_version(void) { return png_get_libpng_ver(NULL); }
