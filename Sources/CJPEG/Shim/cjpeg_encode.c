#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

typedef struct {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf failed;
} encoding;

static void fail(j_common_ptr common) {
    encoding* work = common->client_data;
    longjmp(work->failed, 1);
}

static void discard_message(j_common_ptr common) { (void)common; }

static void discard_warning(j_common_ptr common, int level) {
    (void)common;
    (void)level;
}

static void begin_output(j_compress_ptr encoder) { (void)encoder; }

static boolean refuse_more(j_compress_ptr encoder) {
    fail((j_common_ptr)encoder);
    return FALSE;
}

static void end_output(j_compress_ptr encoder) { (void)encoder; }

size_t cjpeg_encode(const uint8_t* pixels, int width, int height, int quality, uint8_t* encoded, size_t capacity) {
    encoding work = {0};
    j_compress_ptr encoder = &work.encoder;
    encoder->err = jpeg_std_error(&work.errors);
    work.errors.error_exit = fail;
    work.errors.emit_message = discard_warning;
    work.errors.output_message = discard_message;
    encoder->client_data = &work;
    if (setjmp(work.failed)) {
        jpeg_destroy_compress(encoder);
        return 0;
    }
    jpeg_create_compress(encoder);
    // The library's own destination allocates, and loses what it has when it fails.
    work.destination.init_destination = begin_output;
    work.destination.empty_output_buffer = refuse_more;
    work.destination.term_destination = end_output;
    work.destination.next_output_byte = encoded;
    work.destination.free_in_buffer = capacity;
    encoder->dest = &work.destination;
    encoder->image_width = (JDIMENSION)width;
    encoder->image_height = (JDIMENSION)height;
    encoder->input_components = 3;
    encoder->in_color_space = JCS_RGB;
    jpeg_set_defaults(encoder);
    jpeg_set_quality(encoder, quality, TRUE);
    jpeg_start_compress(encoder, TRUE);
    while (encoder->next_scanline < encoder->image_height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)encoder->next_scanline * (size_t)width * 3);
        jpeg_write_scanlines(encoder, &row, 1);
    }
    jpeg_finish_compress(encoder);
    size_t count = capacity - work.destination.free_in_buffer;
    jpeg_destroy_compress(encoder);
    return count;
}
