#include "cpicture.h"

#include <string.h>

#include <libheif/heif.h>

int cheif_is_available(void) { return heif_have_decoder_for_format(heif_compression_HEVC); }

static cpicture_outcome outcome_of(struct heif_error error) {
    if (error.code == heif_error_Ok)
        return cpicture_done;
    return error.code == heif_error_Memory_allocation_error && error.subcode != heif_suberror_Security_limit_exceeded
               ? cpicture_no_memory
               : cpicture_damaged;
}

static cpicture_outcome copy(const struct heif_image* image, cpicture_clock clock, whole_picture** whole) {
    int stride = 0;
    const uint8_t* pixels = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    int width = heif_image_get_width(image, heif_channel_interleaved);
    int height = heif_image_get_height(image, heif_channel_interleaved);
    if (pixels == NULL || width <= 0 || height <= 0)
        return cpicture_damaged;
    *whole = whole_picture_new((size_t)width, (size_t)height, clock);
    if (*whole == NULL)
        return cpicture_no_memory;
    for (size_t row = 0; row < (size_t)height; row++)
        memcpy((*whole)->pixels + row * (*whole)->stride, pixels + row * (size_t)stride, (*whole)->stride);
    return cpicture_done;
}

static cpicture_outcome decode(struct heif_context* context, const uint8_t* bytes, size_t count, cmedia_header header,
                               cpicture_clock clock, whole_picture** whole) {
    uint32_t longest = header.width > header.height ? header.width : header.height;
    heif_context_set_maximum_image_size_limit(context, (int)(longest + 64));
    struct heif_error error = heif_context_read_from_memory_without_copy(context, bytes, count, NULL);
    struct heif_image_handle* handle = NULL;
    if (error.code == heif_error_Ok)
        error = heif_context_get_primary_image_handle(context, &handle);
    if (error.code != heif_error_Ok)
        return outcome_of(error);
    struct heif_image* image = NULL;
    cpicture_outcome outcome = is_over(&clock) ? cpicture_stopped : cpicture_done;
    if (outcome == cpicture_done)
        outcome = outcome_of(
            heif_decode_image(handle, &image, heif_colorspace_RGB, heif_chroma_interleaved_RGB, NULL));
    if (outcome == cpicture_done)
        outcome = copy(image, clock, whole);
    // Turning and cropping make no side longer than this.
    if (outcome == cpicture_done && ((*whole)->height > longest || (*whole)->stride / 3 > longest))
        outcome = cpicture_damaged;
    if (image != NULL)
        heif_image_release(image);
    heif_image_handle_release(handle);
    return outcome;
}

cpicture* cheif_open(const uint8_t* bytes, size_t count, cmedia_header header, cpicture_clock clock, int* width,
                     int* height, cpicture_outcome* outcome) {
    struct heif_context* context = heif_context_alloc();
    *outcome = cpicture_no_memory;
    if (context == NULL)
        return NULL;
    whole_picture* whole = NULL;
    *outcome = decode(context, bytes, count, header, clock, &whole);
    heif_context_free(context);
    if (*outcome == cpicture_done) {
        *width = (int)(whole->stride / 3);
        *height = (int)whole->height;
        return &whole->base;
    }
    if (whole != NULL)
        cpicture_close(&whole->base);
    return NULL;
}

const char* cheif_version(void) { return heif_get_version(); }
