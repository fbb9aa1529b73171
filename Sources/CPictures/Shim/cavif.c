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

// 10 and 12 bits lose the low ones before the colours are computed, as newer versions of the library do it. NULL where
// there is no memory.
static avifImage* with_eight_bits(const avifImage* image) {
    avifImage* eight = avifImageCreate(image->width, image->height, 8, image->yuvFormat);
    if (eight == NULL)
        return NULL;
    eight->yuvRange = image->yuvRange;
    eight->yuvChromaSamplePosition = image->yuvChromaSamplePosition;
    eight->matrixCoefficients = image->matrixCoefficients;
    eight->colorPrimaries = image->colorPrimaries;
    eight->transferCharacteristics = image->transferCharacteristics;
    avifPixelFormatInfo info;
    avifGetPixelFormatInfo(image->yuvFormat, &info);
    for (int plane = 0; plane < (image->yuvFormat == AVIF_PIXEL_FORMAT_YUV400 ? 1 : 3); plane++) {
        size_t width = image->width, height = image->height;
        if (plane > 0) {
            width = (width + (size_t)info.chromaShiftX) >> info.chromaShiftX;
            height = (height + (size_t)info.chromaShiftY) >> info.chromaShiftY;
        }
        uint8_t* target = malloc(width * height);
        if (target == NULL || image->yuvPlanes[plane] == NULL) {
            free(target);
            avifImageDestroy(eight);
            return NULL;
        }
        eight->yuvPlanes[plane] = target;
        eight->yuvRowBytes[plane] = (uint32_t)width;
        eight->imageOwnsYUVPlanes = AVIF_TRUE;
        for (size_t row = 0; row < height; row++) {
            const uint16_t* from =
                (const uint16_t*)(const void*)(image->yuvPlanes[plane] + row * image->yuvRowBytes[plane]);
            for (size_t column = 0; column < width; column++) {
                unsigned value = from[column] >> (image->depth - 8);
                target[row * width + column] = (uint8_t)(value > 255 ? 255 : value);
            }
        }
    }
    return eight;
}

// Alpha is dropped: the library would multiply with it.
static cpicture_outcome convert(avifImage* image, whole_picture* whole) {
    avifImage* eight = NULL;
    avifImageFreePlanes(image, AVIF_PLANES_A);
    if (image->depth > 8) {
        eight = with_eight_bits(image);
        if (eight == NULL)
            return cpicture_no_memory;
    }
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, eight != NULL ? eight : image);
    rgb.format = AVIF_RGB_FORMAT_RGB;
    rgb.depth = 8;
    rgb.pixels = whole->pixels;
    rgb.rowBytes = (uint32_t)whole->stride;
    cpicture_outcome outcome = outcome_of(avifImageYUVToRGB(eight != NULL ? eight : image, &rgb));
    if (eight != NULL)
        avifImageDestroy(eight);
    return outcome;
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
