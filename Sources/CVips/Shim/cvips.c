#include "cvips.h"

#include <string.h>
#include <vips/vips.h>

struct cvips_picture {
    VipsImage* image;
    VipsRegion* region;
};

// The only operations that may touch a byte from outside, in the order of cvips_loader.
static const struct {
    const char* operation;
    int (*open)(void* bytes, size_t count, VipsImage** image, ...);
} loaders[] = {
    {"VipsForeignLoadPngBuffer", vips_pngload_buffer},   {"VipsForeignLoadWebpBuffer", vips_webpload_buffer},
    {"VipsForeignLoadNsgifBuffer", vips_gifload_buffer}, {"VipsForeignLoadTiffBuffer", vips_tiffload_buffer},
    {"VipsForeignLoadHeifBuffer", vips_heifload_buffer},
};

static void discard_log(const gchar* domain, GLogLevelFlags level, const gchar* message, gpointer data) {
    (void)domain, (void)level, (void)message, (void)data;
}

int cvips_start(void) {
    if (vips_init("clip") != 0)
        return 0;
    // Decoder warnings quote the sender's file; they say nothing that the refusal does not.
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG,
                      discard_log, NULL);
    // Every picture is seen once: a cache would only hold on to memory.
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    // Requests are already decoded side by side.
    vips_concurrency_set(1);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeign", TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(loaders); i++)
        vips_operation_block_set(loaders[i].operation, FALSE);
    return 1;
}

int cvips_can_load(cvips_loader loader) { return g_type_from_name(loaders[loader].operation) != 0; }

static VipsImage* open_image(cvips_loader loader, void* bytes, size_t count) {
    VipsImage* image = NULL;
    if (loaders[loader].open(bytes, count, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                             VIPS_FAIL_ON_TRUNCATED, NULL) != 0)
        g_clear_object(&image);
    return image;
}

static cvips_colours colours_of(VipsImage* image) {
    VipsBandFormat format = vips_image_get_format(image);
    int samples = vips_image_get_bands(image);
    if (vips_image_get_coding(image) != VIPS_CODING_NONE ||
        (format != VIPS_FORMAT_UCHAR && format != VIPS_FORMAT_USHORT))
        return cvips_colours_other;
    switch (vips_image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
        return cvips_colours_grey;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
        return samples >= 3 ? cvips_colours_rgb : cvips_colours_grey;
    case VIPS_INTERPRETATION_CMYK:
        return samples >= 4 ? cvips_colours_cmyk : cvips_colours_other;
    default:
        return cvips_colours_other;
    }
}

cvips_picture* cvips_open(cvips_loader loader, const void* bytes, size_t count, cvips_header* header) {
    // The cast drops a const that the library promises to keep.
    VipsImage* image = open_image(loader, (void*)bytes, count);
    vips_error_clear();
    if (image == NULL)
        return NULL;
    header->width = vips_image_get_width(image);
    header->height = vips_image_get_height(image);
    header->samples = vips_image_get_bands(image);
    header->colours = colours_of(image);
    header->bytes_per_sample =
        header->colours == cvips_colours_other ? 0 : (int)VIPS_IMAGE_SIZEOF_ELEMENT(image);
    // libheif turns the picture itself, and what EXIF says there is only for information.
    header->orientation = loader == cvips_heif ? 1 : vips_image_get_orientation(image);

    cvips_picture* picture = g_new0(cvips_picture, 1);
    picture->image = image;
    return picture;
}

const uint8_t* cvips_rows(cvips_picture* picture, int first, int count, size_t* stride) {
    if (picture->region == NULL)
        picture->region = vips_region_new(picture->image);
    VipsRect rows = {0, first, picture->image->Xsize, count};
    if (picture->region == NULL || vips_region_prepare(picture->region, &rows) != 0) {
        vips_error_clear();
        return NULL;
    }
    *stride = VIPS_REGION_LSKIP(picture->region);
    return VIPS_REGION_ADDR(picture->region, 0, first);
}

void cvips_close(cvips_picture* picture) {
    if (picture->region != NULL)
        g_object_unref(picture->region);
    g_object_unref(picture->image);
    g_free(picture);
    // The library keeps spare buffers for each thread that used it, and the thread may never come back.
    vips_thread_shutdown();
}
