#include "cpicture.h"

#include <webp/decode.h>

// The decoder gets its bytes in pieces, and between them it can be told to stop.
enum { most_pieces = 64, least_piece = 1 << 13 };

// The number of bytes that the decoder has after the next piece. It begins the part before the pixels of a lossless
// picture again with every piece, so the bytes double each time until there are rows. It begins with an eighth of all
// bytes.
static size_t next_end(size_t count, size_t given, int is_lossless, WebPIDecoder* decoder) {
    size_t piece = count / most_pieces > least_piece ? count / most_pieces : least_piece;
    int rows = 0;
    if (is_lossless && (WebPIDecGetRGB(decoder, &rows, NULL, NULL, NULL) == NULL || rows == 0))
        piece = given > count / 8 + least_piece ? given : count / 8 + least_piece;
    return count - given > piece ? given + piece : count;
}

static cpicture_outcome decode(const uint8_t* bytes, size_t count, cwebp_header header, int is_lossless,
                               whole_picture* whole) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return cpicture_damaged;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = whole->pixels + (size_t)header.top * whole->stride + (size_t)header.left * 3;
    config.output.u.RGBA.stride = (int)whole->stride;
    config.output.u.RGBA.size = whole->stride * (size_t)(header.frame_height - 1) + (size_t)header.frame_width * 3;
    WebPIDecoder* decoder = WebPINewDecoder(&config.output);
    if (decoder == NULL)
        return cpicture_no_memory;
    cpicture_outcome outcome = cpicture_damaged;
    for (size_t given = 0; given < count;) {
        if (is_over(&whole->base.clock)) {
            outcome = cpicture_stopped;
            break;
        }
        given = next_end(count, given, is_lossless, decoder);
        VP8StatusCode status = WebPIUpdate(decoder, bytes, given);
        if (status == VP8_STATUS_SUSPENDED)
            continue;
        if (status == VP8_STATUS_OK)
            outcome = cpicture_done;
        else if (status == VP8_STATUS_OUT_OF_MEMORY)
            outcome = cpicture_no_memory;
        break;
    }
    WebPIDelete(decoder);
    return outcome;
}

cpicture* cwebp_open(const uint8_t* bytes, size_t count, cwebp_header header, cpicture_clock clock,
                     cpicture_outcome* outcome) {
    WebPBitstreamFeatures features;
    *outcome = cpicture_damaged;
    if (WebPGetFeatures(bytes, count, &features) != VP8_STATUS_OK || features.width != header.frame_width ||
        features.height != header.frame_height || header.left < 0 || header.top < 0 ||
        header.left + header.frame_width > header.width || header.top + header.frame_height > header.height)
        return NULL;
    whole_picture* whole = whole_picture_new((size_t)header.width, (size_t)header.height, clock);
    *outcome = whole == NULL ? cpicture_no_memory : decode(bytes, count, header, features.format == 2, whole);
    if (*outcome == cpicture_done)
        return &whole->base;
    if (whole != NULL)
        cpicture_close(&whole->base);
    return NULL;
}

int cwebp_version(void) { return WebPGetDecoderVersion(); }
