#ifndef CLIP_CZLIB_SHIM_H
#define CLIP_CZLIB_SHIM_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

// inflateInit2 and deflateInit2 are macros, which Swift cannot call; so the whole of each conversion is here.

enum clip_gzip_result {
    CLIP_GZIP_DONE = 0,
    CLIP_GZIP_MALFORMED = 1,
    CLIP_GZIP_TOO_LARGE = 2,
    CLIP_GZIP_NO_MEMORY = 3
};

/// Expands a gzip file (one member or several) of at most 4 GB into `out`.
static inline enum clip_gzip_result clip_gzip_expand(const uint8_t *in, size_t in_count, uint8_t *out,
                                                     size_t out_capacity, size_t *out_count) {
    if (in_count > UINT_MAX || out_capacity > UINT_MAX) return CLIP_GZIP_TOO_LARGE;
    z_stream stream = {0};
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)in_count;
    stream.next_out = out;
    stream.avail_out = (uInt)out_capacity;
    *out_count = 0;
    // 15 is the largest window, 16 more asks for a gzip header.
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return CLIP_GZIP_NO_MEMORY;
    enum clip_gzip_result result = CLIP_GZIP_MALFORMED;
    for (;;) {
        int status = inflate(&stream, Z_FINISH);
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0) {
                result = CLIP_GZIP_DONE;
                break;
            }
            if (inflateReset(&stream) != Z_OK) break;
            continue;
        }
        if ((status == Z_BUF_ERROR || status == Z_OK) && stream.avail_out == 0) result = CLIP_GZIP_TOO_LARGE;
        break;
    }
    *out_count = out_capacity - stream.avail_out;
    inflateEnd(&stream);
    return result;
}

/// Packs bytes into one gzip member; only tests write such files.
static inline enum clip_gzip_result clip_gzip_pack(const uint8_t *in, size_t in_count, uint8_t *out,
                                                   size_t out_capacity, size_t *out_count) {
    if (in_count > UINT_MAX || out_capacity > UINT_MAX) return CLIP_GZIP_TOO_LARGE;
    z_stream stream = {0};
    *out_count = 0;
    if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return CLIP_GZIP_NO_MEMORY;
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)in_count;
    stream.next_out = out;
    stream.avail_out = (uInt)out_capacity;
    int status = deflate(&stream, Z_FINISH);
    *out_count = out_capacity - stream.avail_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? CLIP_GZIP_DONE : CLIP_GZIP_TOO_LARGE;
}

#endif
