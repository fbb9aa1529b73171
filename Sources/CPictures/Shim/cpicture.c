#include "cpicture.h"

cpicture_outcome cpicture_read(cpicture* picture, int count, const uint8_t** rows, size_t* stride) {
    if (is_over(&picture->clock))
        return cpicture_stopped;
    return picture->read(picture, count, rows, stride);
}

void cpicture_close(cpicture* picture) { picture->close(picture); }

static cpicture_outcome read_whole(cpicture* picture, int count, const uint8_t** rows, size_t* stride) {
    whole_picture* whole = (whole_picture*)picture;
    if (count <= 0 || (size_t)count > whole->height - whole->next)
        return cpicture_damaged;
    *rows = whole->pixels + whole->next * whole->stride;
    *stride = whole->stride;
    whole->next += (size_t)count;
    return cpicture_done;
}

static void close_whole(cpicture* picture) {
    whole_picture* whole = (whole_picture*)picture;
    free(whole->pixels);
    free(whole);
}

whole_picture* whole_picture_new(size_t width, size_t height, cpicture_clock clock) {
    whole_picture* whole = calloc(1, sizeof *whole);
    if (whole == NULL)
        return NULL;
    whole->base = (cpicture){read_whole, close_whole, clock};
    whole->stride = width * 3;
    whole->height = height;
    whole->pixels = calloc(height, whole->stride);
    if (whole->pixels == NULL) {
        free(whole);
        return NULL;
    }
    return whole;
}
