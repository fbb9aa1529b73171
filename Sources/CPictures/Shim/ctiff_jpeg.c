#include "ctiff_jpeg.h"

#include <string.h>

enum { most_scans = 4 };

int is_modest_jpeg(const source* from, uint64_t offset, uint64_t count, uint32_t most_width, uint32_t most_height) {
    if (offset > from->count || count > from->count - offset)
        return 0;
    const uint8_t* next = from->bytes + offset;
    const uint8_t* end = next + count;
    int scans = 0;
    while ((next = memchr(next, 0xFF, (size_t)(end - next))) != NULL) {
        while (next < end && *next == 0xFF)
            next++;
        if (next == end)
            return 1;
        uint8_t marker = *next++;
        // These are neither bytes of the picture nor markers that have no content.
        if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD8))
            continue;
        if (marker == 0xD9)
            return 1;
        if (end - next < 2)
            return 1;
        ptrdiff_t length = next[0] << 8 | next[1];
        if (length < 2 || length > end - next)
            return 0;
        int is_frame = marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (is_frame) {
            if (marker > 0xC1 || length < 8)
                return 0;
            uint32_t height = (uint32_t)next[3] << 8 | next[4], width = (uint32_t)next[5] << 8 | next[6];
            if (width > most_width || height > most_height)
                return 0;
        }
        if (marker == 0xDA && ++scans > most_scans)
            return 0;
        next += length;
    }
    return 1;
}
