#include "cpicture.h"

#include <avif/avif.h>

static cpicture_outcome outcome_of(avifResult result) {
    switch (result) {
    case AVIF_RESULT_OK:
        return cpicture_done;
    case AVIF_RESULT_OUT_OF_MEMORY:
        return cpicture_no_memory;
    default:
        return cpicture_damaged;
    }
}

static cpicture_outcome convert(const avifImage* image, whole_picture* whole) {
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, image);
    rgb.format = AVIF_RGB_FORMAT_RGB;
    rgb.depth = 8;
    rgb.pixels = whole->pixels;
    rgb.rowBytes = (uint32_t)whole->stride;
    return outcome_of(avifImageYUVToRGB(image, &rgb));
}

static cpicture_outcome decode(avifDecoder* decoder, const uint8_t* bytes, size_t count, cmedia_header header,
                               cpicture_clock clock, whole_picture** whole) {
    // As in the stream, so that a size cannot be announced in one place and contradicted in another.
    decoder->imageSizeLimit = header.most_pixels;
    decoder->imageDimensionLimit = 65535;
    decoder->imageCountLimit = 1;
    decoder->maxThreads = 1;
    decoder->strictFlags = AVIF_STRICT_ALPHA_ISPE_REQUIRED;
    decoder->requestedSource = AVIF_DECODER_SOURCE_PRIMARY_ITEM;
    decoder->ignoreExif = AVIF_TRUE;
    decoder->ignoreXMP = AVIF_TRUE;
    avifResult result = avifDecoderSetIOMemory(decoder, bytes, count);
    if (result == AVIF_RESULT_OK)
        result = avifDecoderParse(decoder);
    if (result != AVIF_RESULT_OK)
        return outcome_of(result);
    if (decoder->image->width != header.width || decoder->image->height != header.height)
        return cpicture_damaged;
    if (is_over(&clock))
        return cpicture_stopped;
    result = avifDecoderNextImage(decoder);
    if (result != AVIF_RESULT_OK)
        return outcome_of(result);
    if (decoder->image->width != header.width || decoder->image->height != header.height)
        return cpicture_damaged;
    if (is_over(&clock))
        return cpicture_stopped;
    *whole = whole_picture_new(header.width, header.height, clock);
    return *whole == NULL ? cpicture_no_memory : convert(decoder->image, *whole);
}

cpicture* cavif_open(const uint8_t* bytes, size_t count, cmedia_header header, cpicture_clock clock,
                     cpicture_outcome* outcome) {
    avifDecoder* decoder = avifDecoderCreate();
    *outcome = cpicture_no_memory;
    if (decoder == NULL)
        return NULL;
    whole_picture* whole = NULL;
    *outcome = decode(decoder, bytes, count, header, clock, &whole);
    avifDecoderDestroy(decoder);
    if (*outcome == cpicture_done)
        return &whole->base;
    if (whole != NULL)
        cpicture_close(&whole->base);
    return NULL;
}
