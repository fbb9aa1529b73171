// One product over panels, for the registers and instructions that the including file names:
//
//   PRODUCT            the name of the function
//   PRODUCT_TARGET     its processor, as an attribute
//   NUMBERS            the numbers in a word of 32 bits
//   REGISTER, WORDS    a register's type, and the words in it
//   REGISTERS          the registers of a panel's row
//   ROWS               the rows that are summed at once: ROWS x REGISTERS sums, REGISTERS weights and a word of a row
//                      take all registers
//   CHUNK              the words of a row between two additions to the sums
//   ZERO LOAD STORE SPREAD ADD MULTIPLY_ADD
//
// Weights are read in the order in which they lie. A chunk of a panel stays in a cache while all rows are multiplied
// with it; meanwhile the next chunk is fetched from memory, a little for each word. Two levels of sums are also more
// exact than one. Rows are divided into blocks that are about equally large, and many of them into bands before. A row's
// sums do not depend on the rows beside it.

#define JOINED_(a, b) a##b
#define JOINED(a, b) JOINED_(a, b)
#define NAMED(part) JOINED(PRODUCT, part)

enum { NAMED(_panel) = REGISTERS * WORDS };
enum { NAMED(_streams) = CHUNK * NAMED(_panel) * 4 >= 2 * most_streams * page ? most_streams : 1 };

// Fetches a line of each of several pages, and the next lines of these pages before those of others.
PRODUCT_TARGET INLINE void NAMED(_fetch_pages_in_turn)(fetching* it) {
    for (; it->due >= fractions && it->weights < it->weights_end; it->due -= fractions) {
        UNROLLED for (int stream = 0; stream < NAMED(_streams); stream++)
            _mm_prefetch((const char*)(it->weights + (uintptr_t)(stream * page)), _MM_HINT_T1);
        it->weights += line;
        if (it->weights % page == 0)
            it->weights += (NAMED(_streams) - 1) * page;
    }
}

// Fetches what is due. Some lines beyond the end do no harm, and to look for it at each line takes time.
PRODUCT_TARGET INLINE void NAMED(_fetch_weights)(fetching* it) {
    it->due += it->rate;
    if (NAMED(_streams) > 1 && it->streams > 1)
        NAMED(_fetch_pages_in_turn)(it);
    else
        for (; it->due >= fractions; it->due -= fractions, it->weights += line)
            _mm_prefetch((const char*)it->weights, _MM_HINT_T1);
    if (it->weights >= it->weights_end)
        go_on_with_next(it);
}

// Fetches a line of each of the next rows, and the place of one row's sums.
PRODUCT_TARGET INLINE void NAMED(_fetch_rows_and_target)(int rows, int64_t stride, fetching* it) {
    if (it->fetches_rows) {
        UNROLLED for (int r = 0; r < rows; r++)
            _mm_prefetch((const char*)(it->rows + r * stride), _MM_HINT_T1);
        it->rows += line_words;
    }
    if (it->target_rows > 0) {
        for (int64_t i = 0; i < it->target_bytes; i += line)
            __builtin_prefetch(it->target + i, 1, 3);
        it->target += it->target_stride;
        it->target_rows--;
    }
}

// Adds the products of one word of each row.
PRODUCT_TARGET INLINE void NAMED(_step)(int rows, const uint32_t* const* source, int word, const uint32_t* weights,
                                        REGISTER total[ROWS][REGISTERS]) {
    REGISTER columns[REGISTERS];
    UNROLLED for (int v = 0; v < REGISTERS; v++)
        columns[v] = LOAD(weights + v * WORDS);
    UNROLLED for (int r = 0; r < rows; r++) {
        REGISTER row = SPREAD(source[r][word]);
        UNROLLED for (int v = 0; v < REGISTERS; v++)
            total[r][v] = MULTIPLY_ADD(total[r][v], row, columns[v]);
    }
}

// to (rows, panel) = sums (rows, panel), if there are any, + source (rows, words) x weights (words, panel).
PRODUCT_TARGET INLINE void NAMED(_multiply)(int rows, int64_t words, const uint32_t* source, int64_t stride,
                                            const uint32_t* weights, const uint32_t* sums, uint32_t* to,
                                            fetching* ahead) {
    enum { panel = NAMED(_panel) };
    REGISTER total[ROWS][REGISTERS];
    const uint32_t* at[ROWS];
    UNROLLED for (int r = 0; r < rows; r++) {
        at[r] = source + r * stride;
        UNROLLED for (int v = 0; v < REGISTERS; v++)
            total[r][v] = ZERO();
    }
    for (int64_t left = words; left >= steps; left -= line_words) {
        NAMED(_fetch_rows_and_target)(rows, stride, ahead);
        // Unrolled further, the loop would not fit where the processor keeps decoded instructions.
#pragma clang loop unroll(disable)
        for (int64_t group = (left < line_words ? left : line_words) / steps; group > 0; group--) {
            NAMED(_fetch_weights)(ahead);
            UNROLLED for (int step = 0; step < steps; step++)
                NAMED(_step)(rows, at, step, weights + step * panel, total);
            weights += steps * panel;
            UNROLLED for (int r = 0; r < rows; r++) {
                at[r] += steps;
                keep_apart(at[r]);
            }
        }
    }
    for (int step = 0; step < words % steps; step++)
        NAMED(_step)(rows, at, step, weights + step * panel, total);
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int v = 0; v < REGISTERS; v++) {
            const int64_t i = r * panel + v * WORDS;
            STORE(to + i, sums ? ADD(total[r][v], LOAD(sums + i)) : total[r][v]);
        }
}

PRODUCT_TARGET INLINE void NAMED(_multiply_rows)(int rows, int64_t words, const uint32_t* source, int64_t stride,
                                                 const uint32_t* weights, const uint32_t* sums, uint32_t* to,
                                                 fetching* ahead) {
    // Each number of rows is compiled separately, so that the sums are in registers.
    switch (rows) {
    case 1: NAMED(_multiply)(1, words, source, stride, weights, sums, to, ahead); break;
    case 2: NAMED(_multiply)(2, words, source, stride, weights, sums, to, ahead); break;
    case 3: NAMED(_multiply)(3, words, source, stride, weights, sums, to, ahead); break;
    case 4: NAMED(_multiply)(4, words, source, stride, weights, sums, to, ahead); break;
    case 5: NAMED(_multiply)(5, words, source, stride, weights, sums, to, ahead); break;
    default: NAMED(_multiply)(ROWS, words, source, stride, weights, sums, to, ahead); break;
    }
}

// All outputs of some rows.
PRODUCT_TARGET INLINE void NAMED(_multiply_band)(const csimd_product* it, int64_t first_row, int64_t band) {
    enum { panel = NAMED(_panel) };
    const int64_t words = it->inputs / NUMBERS, stride = it->source.stride / NUMBERS;
    const int64_t blocks = (band + ROWS - 1) / ROWS;
    const uint32_t* source = (const uint32_t*)it->source.base + first_row * stride;
    _Alignas(line) uint32_t finished[ROWS * panel];
    fetching ahead = fetching_of(it, band, NUMBERS, CHUNK, blocks, panel,
                                  it->prefetches_pages_in_turn ? NAMED(_streams) : 1);
    for (int64_t output = 0; output < it->outputs; output += panel)
        for (int64_t first = 0; first < words; first += CHUNK) {
            const int64_t count = smaller(words - first, CHUNK);
            const bool is_last = first + count == words;
            if (is_last && output + panel >= it->outputs && it->next && ahead.rate == 0)
                fetch_next_alone(&ahead, blocks * count);
            const uint32_t* weights = (const uint32_t*)it->weights + output * words + first * panel;
            for (int64_t block = 0; block < blocks; block++) {
                const int64_t row = band * block / blocks, rows = band * (block + 1) / blocks - row;
                uint32_t* sums = it->scratch + row * panel;
                ahead.rows = block + 1 < blocks ? source + (row + rows) * stride + first
                                                : source + (is_last ? 0 : first + count);
                if (is_last)
                    note_target(it, first_row + row, rows, output, &ahead);
                NAMED(_multiply_rows)((int)rows, count, source + row * stride + first, stride, weights,
                                      first > 0 ? sums : NULL, is_last ? finished : sums, &ahead);
                if (is_last)
                    write_sums(it, NUMBERS == 4, first_row + row, rows, output, panel, finished);
            }
        }
}

PRODUCT_TARGET void PRODUCT(const csimd_product* given) {
    // No sum is written to a copy, so that the compiler keeps in registers what it has read there.
    csimd_product copy = with_floats(given), *it = &copy;
    const int64_t bands = bands_of(it->rows, it->inputs / NUMBERS);
    for (int64_t band = 0; band < bands; band++) {
        const int64_t first = it->rows * band / bands;
        const bool is_last = band + 1 == bands;
        it->next = is_last ? given->next : it->weights;
        it->next_inputs = is_last ? given->next_inputs : it->inputs;
        NAMED(_multiply_band)(it, first, it->rows * (band + 1) / bands - first);
    }
    if (NUMBERS == 4 && it->floats)
        write_bytes(it, given->target);
}

#undef JOINED_
#undef JOINED
#undef NAMED
#undef PRODUCT
#undef PRODUCT_TARGET
#undef NUMBERS
#undef MULTIPLY_ADD
#undef ADD
