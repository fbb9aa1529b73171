#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

// Its numbers depend on how the library was built.
#include <jerror.h>

// The most scans of a picture. Every scan of a progressive picture covers all of it, and a small file could have many
// thousands. Encoders write about ten.
enum { most_scans = 100 };

struct cjpeg_picture {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    cjpeg_clock clock;
    cjpeg_outcome outcome; // why the decoder jumped
    int is_inverted;       // whether CMYK is written with 255 for no ink, as by Adobe's programs
    unsigned seen;         // the components that were in a scan, one bit each
    const uint8_t* exif;
    size_t exif_count;
};

static void give_up(j_common_ptr common, cjpeg_outcome outcome) {
    cjpeg_picture* picture = common->client_data;
    picture->outcome = outcome;
    longjmp(picture->failed, 1);
}

static void fail(j_common_ptr common) {
    give_up(common, common->err->msg_code == JERR_OUT_OF_MEMORY ? cjpeg_no_memory : cjpeg_damaged);
}

// Whether a warning means that pixels are missing or made up, because the data end or something else stands where they
// should continue. The library would continue with grey, or with whatever the next bits mean. Other warnings are about
// extra bytes, or about data that nobody uses.
static int means_missing_pixels(int code) {
    switch (code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
#if JPEG_LIB_VERSION >= 70 || defined(D_ARITH_CODING_SUPPORTED)
    case JWRN_ARITH_BAD_CODE:
#endif
    case JWRN_MUST_RESYNC:
        return 1;
    default:
        return 0;
    }
}

static void judge_message(j_common_ptr common, int level) {
    if (level < 0 && means_missing_pixels(common->err->msg_code))
        give_up(common, cjpeg_damaged);
}

static void discard_message(j_common_ptr common) { (void)common; }

// Checks the clock; called every few rows, also while a picture of several scans is read.
static void watch(j_common_ptr common) {
    cjpeg_picture* picture = common->client_data;
    j_decompress_ptr decoder = &picture->decoder;
    if (decoder->input_scan_number > most_scans)
        give_up(common, cjpeg_damaged);
    for (int index = 0; index < decoder->comps_in_scan; index++)
        picture->seen |= 1U << decoder->cur_comp_info[index]->component_index;
    if (picture->clock.is_over(picture->clock.context))
        give_up(common, cjpeg_stopped);
}

// Notes the place of the first segment with EXIF; none is copied, however many there are.
static boolean note_exif(j_decompress_ptr decoder) {
    static const char signature[6] = {'E', 'x', 'i', 'f', 0, 0};
    cjpeg_picture* picture = decoder->client_data;
    struct jpeg_source_mgr* source = decoder->src;
    if (source->bytes_in_buffer < 2)
        give_up((j_common_ptr)decoder, cjpeg_damaged);
    size_t length = (size_t)source->next_input_byte[0] << 8 | source->next_input_byte[1];
    if (length < 2 || length > source->bytes_in_buffer)
        give_up((j_common_ptr)decoder, cjpeg_damaged);
    const uint8_t* body = source->next_input_byte + 2;
    if (picture->exif == NULL && length - 2 >= sizeof signature && memcmp(body, signature, sizeof signature) == 0) {
        picture->exif = body + sizeof signature;
        picture->exif_count = length - 2 - sizeof signature;
    }
    source->next_input_byte += length;
    source->bytes_in_buffer -= length;
    return TRUE;
}

static size_t rounded_up(size_t value, int step) {
    return (value + (size_t)step - 1) / (size_t)step * (size_t)step;
}

// The memory for decoding: for a picture of several scans all coefficients, two bytes each; otherwise rows of blocks,
// before and after the colours are scaled to full size.
static size_t working_memory(j_decompress_ptr decoder) {
    size_t memory = 1 << 17;
    int is_buffered = jpeg_has_multiple_scans(decoder);
    for (int index = 0; index < decoder->num_components; index++) {
        const jpeg_component_info* component = &decoder->comp_info[index];
        // Sizes are in blocks of 8 x 8.
        size_t scale = 8 * (size_t)decoder->max_h_samp_factor;
        size_t width = ((size_t)decoder->image_width * (size_t)component->h_samp_factor + scale - 1) / scale;
        scale = 8 * (size_t)decoder->max_v_samp_factor;
        size_t height = ((size_t)decoder->image_height * (size_t)component->v_samp_factor + scale - 1) / scale;
        if (is_buffered)
            memory += rounded_up(width, component->h_samp_factor) * rounded_up(height, component->v_samp_factor) *
                      sizeof(JBLOCK);
        memory += (size_t)decoder->image_width * 8 * (size_t)decoder->max_v_samp_factor * 4;
    }
    return memory;
}

static int find_colours(cjpeg_picture* picture, cjpeg_header* header) {
    j_decompress_ptr decoder = &picture->decoder;
    // The library has chosen grey for grey, RGB for RGB and YCbCr, and CMYK for CMYK and YCCK.
    switch (decoder->out_color_space) {
    case JCS_GRAYSCALE:
        header->colours = cjpeg_colours_grey;
        return 1;
    case JCS_RGB:
        header->colours = cjpeg_colours_rgb;
        return 1;
    case JCS_CMYK:
        header->colours = cjpeg_colours_cmyk;
        picture->is_inverted = 1;
        return 1;
    default:
        return 0;
    }
}

cjpeg_picture* cjpeg_open(const uint8_t* bytes, size_t count, cjpeg_clock clock, cjpeg_header* header,
                          cjpeg_outcome* outcome) {
    cjpeg_picture* picture = calloc(1, sizeof *picture);
    *outcome = cjpeg_no_memory;
    if (picture == NULL)
        return NULL;
    picture->clock = clock;
    j_decompress_ptr decoder = &picture->decoder;
    decoder->err = jpeg_std_error(&picture->errors);
    picture->errors.error_exit = fail;
    picture->errors.emit_message = judge_message;
    picture->errors.output_message = discard_message;
    decoder->client_data = picture;
    if (setjmp(picture->failed)) {
        *outcome = picture->outcome;
        cjpeg_close(picture);
        return NULL;
    }
    jpeg_create_decompress(decoder);
    picture->progress.progress_monitor = watch;
    decoder->progress = &picture->progress;
    jpeg_mem_src(decoder, bytes, count);
    jpeg_set_marker_processor(decoder, JPEG_APP0 + 1, note_exif);
    if (jpeg_read_header(decoder, TRUE) != JPEG_HEADER_OK || !find_colours(picture, header))
        give_up((j_common_ptr)decoder, cjpeg_damaged);
    header->width = (int)decoder->image_width;
    header->height = (int)decoder->image_height;
    header->exif = picture->exif;
    header->exif_count = picture->exif_count;
    header->working_memory = working_memory(decoder);
    *outcome = cjpeg_done;
    return picture;
}

// Whether a picture of several scans, all of which were read, had every component in a scan. The library does not
// report a missing one.
static int has_all_components(const cjpeg_picture* picture) {
    const struct jpeg_decompress_struct* decoder = &picture->decoder;
    for (int index = 0; index < decoder->num_components; index++)
        if (!(picture->seen >> index & 1) || (decoder->coef_bits != NULL && decoder->coef_bits[index][0] < 0))
            return 0;
    return 1;
}

cjpeg_outcome cjpeg_start(cjpeg_picture* picture, int denominator, int* width, int* height) {
    j_decompress_ptr decoder = &picture->decoder;
    if (setjmp(picture->failed))
        return picture->outcome;
    decoder->scale_num = 1;
    decoder->scale_denom = (unsigned)denominator;
    if (!jpeg_start_decompress(decoder))
        return cjpeg_damaged;
    if (jpeg_has_multiple_scans(decoder) && !has_all_components(picture))
        return cjpeg_damaged;
    *width = (int)decoder->output_width;
    *height = (int)decoder->output_height;
    return cjpeg_done;
}

cjpeg_outcome cjpeg_read(cjpeg_picture* picture, uint8_t* rows, int count) {
    j_decompress_ptr decoder = &picture->decoder;
    size_t stride = (size_t)decoder->output_width * (size_t)decoder->output_components;
    if (setjmp(picture->failed))
        return picture->outcome;
    JDIMENSION end = decoder->output_scanline + (JDIMENSION)count;
    JDIMENSION start = decoder->output_scanline;
    if (end > decoder->output_height)
        return cjpeg_damaged;
    while (decoder->output_scanline < end) {
        JSAMPROW row = rows + (decoder->output_scanline - start) * stride;
        if (jpeg_read_scanlines(decoder, &row, 1) == 0)
            return cjpeg_damaged;
    }
    if (picture->is_inverted)
        for (size_t i = 0; i < stride * (size_t)count; i++)
            rows[i] = (uint8_t)(255 - rows[i]);
    return cjpeg_done;
}

void cjpeg_close(cjpeg_picture* picture) {
    jpeg_destroy_decompress(&picture->decoder);
    free(picture);
}

#define WORDS_OF(number) #number
#define WORDS(number) WORDS_OF(number)

const char* cjpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return WORDS(LIBJPEG_TURBO_VERSION);
#else
    return WORDS(JPEG_LIB_VERSION);
#endif
}
