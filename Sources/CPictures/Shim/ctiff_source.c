#include "ctiff_source.h"

#include <stdio.h>
#include <string.h>

static tmsize_t read_source(thandle_t handle, void* target, tmsize_t count) {
    source* from = (source*)handle;
    size_t left = from->count - from->position;
    size_t taken = count < 0 ? 0 : (size_t)count < left ? (size_t)count : left;
    memcpy(target, from->bytes + from->position, taken);
    from->position += taken;
    return (tmsize_t)taken;
}

static tmsize_t write_source(thandle_t handle, void* bytes, tmsize_t count) {
    (void)handle, (void)bytes, (void)count;
    return -1;
}

static toff_t seek_source(thandle_t handle, toff_t offset, int whence) {
    source* from = (source*)handle;
    toff_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? from->position : from->count;
    toff_t place = base + offset;
    from->position = place < from->count ? (size_t)place : from->count;
    return from->position;
}

static int close_source(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_source(thandle_t handle) { return ((source*)handle)->count; }

static int map_source(thandle_t handle, void** base, toff_t* count) {
    // The cast drops a const that the library respects: a map is only read.
    *base = (void*)((source*)handle)->bytes;
    *count = ((source*)handle)->count;
    return 1;
}

static void unmap_source(thandle_t handle, void* base, toff_t count) { (void)handle, (void)base, (void)count; }

TIFF* open_source(source* from, TIFFOpenOptions* options) {
    // "c" leaves strips as they are in the file.
    return TIFFClientOpenExt("picture", "rc", from, read_source, write_source, seek_source, close_source, size_source,
                             map_source, unmap_source, options);
}
