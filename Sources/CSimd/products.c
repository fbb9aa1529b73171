#include "panels.h"
#include "processor.h"

// Which products there are, and the packing of weights for them.

typedef struct {
    int64_t panel; // outputs; 0 if there is no product
    void (*multiply)(const csimd_product*);
} kind;

static kind kind_of(csimd_format format) {
#if defined(__x86_64__)
    const int level = csimd_level();
    if (level == 4)
        switch (format) {
        case csimd_f32: return (kind){64, csimd_product_f32_avx512};
        case csimd_bf16:
            if (csimd_processor_multiplies_bf16())
                return (kind){64, csimd_product_bf16_avx512};
            break;
        case csimd_int8:
            if (csimd_has_avx512_vnni())
                return (kind){64, csimd_product_int8_avx512};
            break;
        }
    if (level >= 3 && format == csimd_f32)
        return (kind){16, csimd_product_f32_avx2};
    if (level >= 3 && format == csimd_int8 && csimd_has_avx_vnni())
        return (kind){16, csimd_product_int8_avx2};
#else
    (void)format;
#endif
    return (kind){0, NULL};
}

static int64_t word_numbers(csimd_format format) {
    return format == csimd_int8 ? 4 : format == csimd_bf16 ? 2 : 1;
}

int64_t csimd_panel(csimd_format format) {
    return kind_of(format).panel;
}

size_t csimd_panels_size(csimd_format format, int64_t inputs, int64_t outputs) {
    const int64_t panel = csimd_panel(format);
    if (panel == 0 || inputs < 1 || outputs < 1 || inputs % word_numbers(format) != 0)
        return 0;
    return (size_t)((outputs + panel - 1) / panel * panel) * (size_t)(inputs / word_numbers(format)) * 4;
}

void csimd_pack_panels(csimd_format format, int64_t inputs, int64_t outputs, const void* plain, void* packed) {
    const int64_t panel = csimd_panel(format), words = inputs / word_numbers(format);
    for (int64_t first = 0; first < outputs; first += panel) {
        uint32_t* to = (uint32_t*)packed + first * words;
        for (int64_t word = 0; word < words; word += line_words) {
            const int64_t count = smaller(words - word, line_words);
            for (int64_t output = 0; output < panel; output++) {
                const bool is_there = first + output < outputs;
                const uint32_t* from = (const uint32_t*)plain + (first + output) * words + word;
                for (int64_t i = 0; i < count; i++)
                    to[(word + i) * panel + output] = is_there ? from[i] : 0;
            }
        }
    }
}

bool csimd_can_prefetch_pages_in_turn(csimd_format format) {
    // The chunks of smaller panels have too few pages.
    return kind_of(format).panel == widest_panel;
}

size_t csimd_product_scratch(int64_t rows) {
    return (size_t)rows * (widest_panel + lanes);
}

void csimd_multiply(const csimd_product* it) {
    kind_of(it->source.format).multiply(it);
}
