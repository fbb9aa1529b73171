#include "cresize.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define FOR_AVX2 __attribute__((target("avx2")))
#endif

enum { fraction_bits = 22, half = 1 << (fraction_bits - 1), low_bits = 11 };

static inline uint8_t byte_of(int32_t sum) {
    int32_t value = sum >> fraction_bits;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void cresize_split(const int32_t* values, size_t count, int16_t* halves) {
    for (size_t four = 0; four < count; four += 4, halves += 32)
        for (int pair = 0; pair < 2; pair++)
            for (int lane = 0; lane < 8; lane++) {
                int32_t value = values[four + (size_t)(2 * pair + lane % 2)];
                // The shift keeps the sign, so that low is never negative.
                halves[8 * pair + lane] = (int16_t)(value >> low_bits);
                halves[16 + 8 * pair + lane] = (int16_t)(value & ((1 << low_bits) - 1));
            }
}

// MARK: Plain loops

static inline void narrow_one(const cresize_weights* weights, int index, const uint8_t* row,
                              uint8_t* output) {
    const uint8_t* source = row + (ptrdiff_t)weights->starts[index] * 3;
    const int32_t* values = weights->values + (ptrdiff_t)index * weights->stride;
    int32_t red = half, green = half, blue = half;
    for (int tap = 0; tap < weights->counts[index]; tap++, source += 3) {
        red += source[0] * values[tap];
        green += source[1] * values[tap];
        blue += source[2] * values[tap];
    }
    output[3 * index] = byte_of(red);
    output[3 * index + 1] = byte_of(green);
    output[3 * index + 2] = byte_of(blue);
}

// These two are inlined into each caller, so that they are compiled for the caller's processor.
#define INLINED static inline __attribute__((always_inline))

INLINED void narrow(const cresize_weights* weights, const uint8_t* rows, ptrdiff_t row_stride, int count,
                    uint8_t* output, ptrdiff_t output_stride) {
    for (int row = 0; row < count; row++)
        for (int index = 0; index < weights->outputs; index++)
            narrow_one(weights, index, rows + row * row_stride, output + row * output_stride);
}

INLINED void shorten(const int32_t* values, int count, const uint8_t* rows, size_t width, uint8_t* output) {
    enum { block = 64 }; // columns whose sums stay in registers
    size_t column = 0;
    for (; column + block <= width; column += block) {
        int32_t sums[block];
        for (int i = 0; i < block; i++)
            sums[i] = half;
        for (int tap = 0; tap < count; tap++)
            for (int i = 0; i < block; i++)
                sums[i] += rows[(size_t)tap * width + column + (size_t)i] * values[tap];
        for (int i = 0; i < block; i++)
            output[column + (size_t)i] = byte_of(sums[i]);
    }
    for (; column < width; column++) {
        int32_t sum = half;
        for (int tap = 0; tap < count; tap++)
            sum += rows[(size_t)tap * width + column] * values[tap];
        output[column] = byte_of(sum);
    }
}

// MARK: AVX2

#if defined(__x86_64__)

// Adds four pixels of one row, times four weights, to the sums of the high and of the low halves. Twelve of the sixteen
// bytes are used: each half of the register gets two pixels, as pairs of red, green and blue.
static inline FOR_AVX2 __attribute__((always_inline)) void add_four(const uint8_t* source, __m256i high,
                                                                    __m256i low, __m256i* sums) {
    const __m256i pairs = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, //
                                           6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    __m256i bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)source));
    __m256i pixels = _mm256_shuffle_epi8(bytes, pairs);
    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(pixels, high));
    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(pixels, low));
}

// Makes red, green and blue of the two sums, in the lowest bytes.
static inline FOR_AVX2 __attribute__((always_inline)) uint32_t pixel_of(const __m256i* sums) {
    __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(sums[0], low_bits), sums[1]);
    __m128i whole = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    whole = _mm_srai_epi32(_mm_add_epi32(whole, _mm_set1_epi32(half)), fraction_bits);
    whole = _mm_packs_epi32(whole, whole);
    return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(whole, whole));
}

static FOR_AVX2 void narrow_avx2(const cresize_weights* weights, const uint8_t* rows, ptrdiff_t row_stride,
                                 int width, int count, uint8_t* output, ptrdiff_t output_stride) {
    for (int index = 0; index < weights->outputs; index++) {
        const __m256i* halves = (const __m256i*)(weights->halves + (ptrdiff_t)index * 8 * weights->stride);
        int fours = (weights->counts[index] + 3) / 4;
        ptrdiff_t offset = (ptrdiff_t)weights->starts[index] * 3;
        // Reading the last four pixels touches four more bytes, which may lie after the end of the row.
        if (offset + (ptrdiff_t)fours * 12 + 4 > (ptrdiff_t)width * 3) {
            for (int row = 0; row < count; row++)
                narrow_one(weights, index, rows + row * row_stride, output + row * output_stride);
            continue;
        }
        int row = 0;
        // Two rows share each load of the weights.
        for (; row + 2 <= count; row += 2) {
            const uint8_t* first = rows + row * row_stride + offset;
            const uint8_t* second = first + row_stride;
            __m256i sums[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                               _mm256_setzero_si256()};
            for (int four = 0; four < fours; four++) {
                __m256i high = _mm256_loadu_si256(halves + 2 * four);
                __m256i low = _mm256_loadu_si256(halves + 2 * four + 1);
                add_four(first + 12 * four, high, low, sums);
                add_four(second + 12 * four, high, low, sums + 2);
            }
            uint32_t pixels[2] = {pixel_of(sums), pixel_of(sums + 2)};
            memcpy(output + row * output_stride + 3 * index, &pixels[0], 3);
            memcpy(output + (row + 1) * output_stride + 3 * index, &pixels[1], 3);
        }
        for (; row < count; row++) {
            __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
            for (int four = 0; four < fours; four++)
                add_four(rows + row * row_stride + offset + 12 * four, _mm256_loadu_si256(halves + 2 * four),
                         _mm256_loadu_si256(halves + 2 * four + 1), sums);
            uint32_t pixel = pixel_of(sums);
            memcpy(output + row * output_stride + 3 * index, &pixel, 3);
        }
    }
}

static FOR_AVX2 void shorten_avx2(const int32_t* values, int count, const uint8_t* rows, size_t width,
                                  uint8_t* output) {
    shorten(values, count, rows, width, output);
}

#endif

// MARK: Choice

void cresize_narrow(const cresize_weights* weights, const uint8_t* rows, ptrdiff_t row_stride, int width,
                    int count, uint8_t* output, ptrdiff_t output_stride) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        narrow_avx2(weights, rows, row_stride, width, count, output, output_stride);
        return;
    }
#endif
    (void)width;
    narrow(weights, rows, row_stride, count, output, output_stride);
}

void cresize_shorten(const int32_t* values, int count, const uint8_t* rows, size_t width, uint8_t* output) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        shorten_avx2(values, count, rows, width, output);
        return;
    }
#endif
    shorten(values, count, rows, width, output);
}
