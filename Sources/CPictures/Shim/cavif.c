#include "cpicture.h"

#include <avif/avif.h>
#include <string.h>

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

// Whether newer versions of the library let libyuv convert the colours, which computes with whole numbers. Other
// colours they compute with fractions, as this version does.
static int is_in_whole_numbers(const avifImage* image) {
    if (image->yuvFormat == AVIF_PIXEL_FORMAT_YUV400)
        return 1;
    switch (image->matrixCoefficients) {
    case AVIF_MATRIX_COEFFICIENTS_BT709:
    case AVIF_MATRIX_COEFFICIENTS_UNSPECIFIED:
    case AVIF_MATRIX_COEFFICIENTS_BT470BG:
    case AVIF_MATRIX_COEFFICIENTS_BT601:
    case AVIF_MATRIX_COEFFICIENTS_BT2020_NCL:
        return 1;
    case AVIF_MATRIX_COEFFICIENTS_CHROMA_DERIVED_NCL:
        switch (image->colorPrimaries) {
        case AVIF_COLOR_PRIMARIES_BT709:
        case AVIF_COLOR_PRIMARIES_UNSPECIFIED:
        case AVIF_COLOR_PRIMARIES_BT470BG:
        case AVIF_COLOR_PRIMARIES_BT601:
        case AVIF_COLOR_PRIMARIES_BT2020:
            return 1;
        default:
            return 0;
        }
    default:
        return 0;
    }
}

// Converts alpha of 10 or 12 bits to 8, with rounding; returns 0 if there is no memory.
static int narrow_alpha(const avifImage* image, avifImage* eight) {
    uint8_t* target = malloc((size_t)image->width * image->height);
    if (target == NULL)
        return 0;
    eight->alphaPlane = target;
    eight->alphaRowBytes = image->width;
    eight->imageOwnsAlphaPlane = AVIF_TRUE;
    eight->alphaPremultiplied = image->alphaPremultiplied;
    uint32_t largest = (1u << image->depth) - 1;
    for (size_t row = 0; row < image->height; row++) {
        const uint16_t* from = (const uint16_t*)(const void*)(image->alphaPlane + row * image->alphaRowBytes);
        for (size_t column = 0; column < image->width; column++) {
            uint32_t value = from[column] < largest ? from[column] : largest;
            *target++ = (uint8_t)((value * 255 + largest / 2) / largest);
        }
    }
    return 1;
}

// A copy whose samples of 10 or 12 bits have lost their low bits before the colours are computed, as in newer versions
// of the library when libyuv computes them. NULL if there is no memory.
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

static cpicture_outcome convert_to(avifRGBFormat format, uint8_t* pixels, size_t stride, const avifImage* image) {
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, image);
    rgb.format = format;
    rgb.depth = 8;
    rgb.pixels = pixels;
    rgb.rowBytes = (uint32_t)stride;
    return outcome_of(avifImageYUVToRGB(image, &rgb));
}

enum { rows_of_band = 32, rows_beside = 2 };

// Converts a few rows at a time if all at once would take too long without checking the clock. Neighbouring rows are
// computed with them, because their colours have an effect if a colour sample covers more than one pixel.
static cpicture_outcome convert_in_bands(avifRGBFormat format, const avifImage* image, whole_picture* whole) {
    size_t channels = format == AVIF_RGB_FORMAT_RGBA ? 4 : 3, stride = image->width * channels;
    uint8_t* pixels = malloc(stride * (rows_of_band + 2 * rows_beside));
    avifImage* view = avifImageCreateEmpty();
    cpicture_outcome outcome = pixels == NULL || view == NULL ? cpicture_no_memory : cpicture_done;
    for (uint32_t top = 0; outcome == cpicture_done && top < image->height; top += rows_of_band) {
        uint32_t first = top > 0 ? top - rows_beside : 0, left = image->height - top;
        uint32_t rows = left < rows_of_band ? left : rows_of_band;
        uint32_t last = left - rows < rows_beside ? image->height : top + rows + rows_beside;
        avifCropRect rows_of_view = {0, first, image->width, last - first};
        outcome = is_over(&whole->base.clock) ? cpicture_stopped
                                              : outcome_of(avifImageSetViewRect(view, image, &rows_of_view));
        if (outcome == cpicture_done)
            outcome = convert_to(format, pixels, stride, view);
        for (uint32_t row = 0; outcome == cpicture_done && row < rows; row++) {
            const uint8_t* from = pixels + (top - first + row) * stride;
            uint8_t* target = whole->pixels + (top + row) * whole->stride;
            if (channels == 3)
                memcpy(target, from, stride);
            else
                for (size_t column = 0; column < image->width; column++)
                    memcpy(target + column * 3, from + column * 4, 3);
        }
    }
    if (view != NULL)
        avifImageDestroy(view);
    free(pixels);
    return outcome;
}

// Converts a picture and drops alpha, by which the library would multiply. Colours that were multiplied by it before
// are divided first.
static cpicture_outcome convert(avifImage* image, whole_picture* whole) {
    int is_multiplied = image->alphaPremultiplied && image->alphaPlane != NULL, is_quick = is_in_whole_numbers(image);
    if (!is_multiplied)
        avifImageFreePlanes(image, AVIF_PLANES_A);
    avifImage* eight = NULL;
    if (image->depth > 8 && is_quick) {
        eight = with_eight_bits(image);
        if (eight == NULL || (is_multiplied && !narrow_alpha(image, eight))) {
            if (eight != NULL)
                avifImageDestroy(eight);
            return cpicture_no_memory;
        }
    }
    const avifImage* from = eight != NULL ? eight : image;
    cpicture_outcome outcome = is_multiplied ? convert_in_bands(AVIF_RGB_FORMAT_RGBA, from, whole)
                               : !is_quick   ? convert_in_bands(AVIF_RGB_FORMAT_RGB, from, whole)
                                             : convert_to(AVIF_RGB_FORMAT_RGB, whole->pixels, whole->stride, from);
    if (eight != NULL)
        avifImageDestroy(eight);
    return outcome;
}

static cpicture_outcome decode(avifDecoder* decoder, const uint8_t* bytes, size_t count, cmedia_header header,
                               cpicture_clock clock, whole_picture** whole) {
    // This is the stream's limit too, so that a size cannot be announced in one place and contradicted in another.
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

const char* cavif_version(void) { return avifVersion(); }
