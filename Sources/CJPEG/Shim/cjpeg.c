#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

// Every scan of a progressive picture goes over all of it, so a small file could have many thousands of them.
// Encoders write about ten.
enum { most_scans = 100 };

struct cjpeg_picture {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    int is_inverted; // CMYK is written with 255 for no ink, as Adobe's programs do
};

static void fail(j_common_ptr common) {
    cjpeg_picture* picture = common->client_data;
    longjmp(picture->failed, 1);
}

// Warnings are about damage that can be decoded around, as every reader does. Only the end of the data before
// the end of the picture counts: the library would go on with grey.
static void judge_message(j_common_ptr common, int level) {
    if (level < 0 && common->err->msg_code == JWRN_JPEG_EOF)
        fail(common);
}

static void discard_message(j_common_ptr common) { (void)common; }

static void count_scans(j_common_ptr common) {
    j_decompress_ptr decoder = (j_decompress_ptr)common;
    if (decoder->input_scan_number > most_scans)
        fail(common);
}

static void find_exif(j_decompress_ptr decoder, cjpeg_header* header) {
    static const char signature[6] = {'E', 'x', 'i', 'f', 0, 0};
    header->exif = NULL;
    header->exif_count = 0;
    for (jpeg_saved_marker_ptr segment = decoder->marker_list; segment != NULL; segment = segment->next)
        if (segment->data_length >= sizeof signature &&
            memcmp(segment->data, signature, sizeof signature) == 0) {
            header->exif = segment->data + sizeof signature;
            header->exif_count = segment->data_length - sizeof signature;
            return;
        }
}

static int find_colours(cjpeg_picture* picture, cjpeg_header* header) {
    j_decompress_ptr decoder = &picture->decoder;
    // The library has chosen grey for grey, RGB for RGB and YCbCr, CMYK for CMYK and YCCK.
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

cjpeg_picture* cjpeg_open(const uint8_t* bytes, size_t count, cjpeg_header* header) {
    cjpeg_picture* picture = calloc(1, sizeof *picture);
    if (picture == NULL)
        return NULL;
    j_decompress_ptr decoder = &picture->decoder;
    decoder->err = jpeg_std_error(&picture->errors);
    picture->errors.error_exit = fail;
    picture->errors.emit_message = judge_message;
    picture->errors.output_message = discard_message;
    decoder->client_data = picture;
    if (setjmp(picture->failed)) {
        cjpeg_close(picture);
        return NULL;
    }
    jpeg_create_decompress(decoder);
    picture->progress.progress_monitor = count_scans;
    decoder->progress = &picture->progress;
    jpeg_mem_src(decoder, bytes, count);
    jpeg_save_markers(decoder, JPEG_APP0 + 1, 0xFFFF);
    if (jpeg_read_header(decoder, TRUE) != JPEG_HEADER_OK || !find_colours(picture, header))
        fail((j_common_ptr)decoder);
    header->width = (int)decoder->image_width;
    header->height = (int)decoder->image_height;
    find_exif(decoder, header);
    return picture;
}

int cjpeg_start(cjpeg_picture* picture, int denominator, int* width, int* height) {
    j_decompress_ptr decoder = &picture->decoder;
    if (setjmp(picture->failed))
        return 0;
    decoder->scale_num = 1;
    decoder->scale_denom = (unsigned)denominator;
    if (!jpeg_start_decompress(decoder))
        return 0;
    *width = (int)decoder->output_width;
    *height = (int)decoder->output_height;
    return 1;
}

int cjpeg_read(cjpeg_picture* picture, uint8_t* rows, int count) {
    j_decompress_ptr decoder = &picture->decoder;
    size_t stride = (size_t)decoder->output_width * (size_t)decoder->output_components;
    if (setjmp(picture->failed))
        return 0;
    JDIMENSION end = decoder->output_scanline + (JDIMENSION)count;
    JDIMENSION start = decoder->output_scanline;
    if (end > decoder->output_height)
        return 0;
    while (decoder->output_scanline < end) {
        JSAMPROW row = rows + (decoder->output_scanline - start) * stride;
        if (jpeg_read_scanlines(decoder, &row, 1) == 0)
            return 0;
    }
    if (picture->is_inverted)
        for (size_t i = 0; i < stride * (size_t)count; i++)
            rows[i] = (uint8_t)(255 - rows[i]);
    return 1;
}

void cjpeg_close(cjpeg_picture* picture) {
    jpeg_destroy_decompress(&picture->decoder);
    free(picture);
}
