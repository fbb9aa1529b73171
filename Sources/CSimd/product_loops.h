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
//   FETCHES            the cache lines of the next chunk that are fetched for each word
//   ZERO LOAD STORE SPREAD ADD MULTIPLY_ADD
//
// Weights are read in the order in which they lie. A chunk of a panel stays in a cache while all rows are multiplied
// with it; meanwhile the next chunk is fetched from memory. Two levels of sums are also more exact than one. Rows are
// divided into blocks that are about equally large. A row's sums do not depend on the rows beside it.

#define JOINED_(a, b) a##b
#define JOINED(a, b) JOINED_(a, b)
#define NAMED(part) JOINED(PRODUCT, part)

enum { NAMED(_panel) = REGISTERS * WORDS };

PRODUCT_TARGET INLINE void NAMED(_fetch)(fetching* it) {
    enum { line = 64, lines = FETCHES * steps };
    if (it->next >= it->end)
        return;
    for (int i = 0; i < lines; i++)
        _mm_prefetch(it->next + i * line, _MM_HINT_T1);
    it->next += lines * line;
}

// Adds the products of one word of each row.
PRODUCT_TARGET INLINE void NAMED(_step)(int rows, const uint32_t* const* source, int word, const uint32_t* weights,
                                        REGISTER total[ROWS][REGISTERS]) {
    REGISTER columns[REGISTERS];
    for (int v = 0; v < REGISTERS; v++)
        columns[v] = LOAD(weights + v * WORDS);
    for (int r = 0; r < rows; r++) {
        REGISTER row = SPREAD(source[r][word]);
        for (int v = 0; v < REGISTERS; v++)
            total[r][v] = MULTIPLY_ADD(total[r][v], row, columns[v]);
    }
}

// sums (rows, panel) += source (rows, words) x weights (words, panel), or = for the first chunk.
PRODUCT_TARGET INLINE void NAMED(_multiply)(int rows, int64_t words, const uint32_t* source, int64_t stride,
                                            const uint32_t* weights, bool is_first, uint32_t* sums, fetching* ahead) {
    enum { panel = NAMED(_panel) };
    REGISTER total[ROWS][REGISTERS];
    const uint32_t* at[ROWS];
    for (int r = 0; r < rows; r++) {
        at[r] = source + r * stride;
        for (int v = 0; v < REGISTERS; v++)
            total[r][v] = ZERO();
    }
    for (int64_t group = words / steps; group > 0; group--) {
        NAMED(_fetch)(ahead);
        for (int step = 0; step < steps; step++)
            NAMED(_step)(rows, at, step, weights + step * panel, total);
        weights += steps * panel;
        for (int r = 0; r < rows; r++) {
            at[r] += steps;
            keep_apart(at[r]);
        }
    }
    for (int step = 0; step < words % steps; step++)
        NAMED(_step)(rows, at, step, weights + step * panel, total);
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < REGISTERS; v++) {
            uint32_t* to = sums + r * panel + v * WORDS;
            STORE(to, is_first ? total[r][v] : ADD(total[r][v], LOAD(to)));
        }
}

PRODUCT_TARGET INLINE void NAMED(_multiply_rows)(int rows, int64_t words, const uint32_t* source, int64_t stride,
                                                 const uint32_t* weights, bool is_first, uint32_t* sums,
                                                 fetching* ahead) {
    // Each number of rows is compiled separately, so that the sums are in registers.
    switch (rows) {
    case 1: NAMED(_multiply)(1, words, source, stride, weights, is_first, sums, ahead); break;
    case 2: NAMED(_multiply)(2, words, source, stride, weights, is_first, sums, ahead); break;
    case 3: NAMED(_multiply)(3, words, source, stride, weights, is_first, sums, ahead); break;
    case 4: NAMED(_multiply)(4, words, source, stride, weights, is_first, sums, ahead); break;
    case 5: NAMED(_multiply)(5, words, source, stride, weights, is_first, sums, ahead); break;
    default: NAMED(_multiply)(ROWS, words, source, stride, weights, is_first, sums, ahead); break;
    }
}

PRODUCT_TARGET void PRODUCT(const csimd_product* it) {
    enum { panel = NAMED(_panel) };
    const int64_t words = it->inputs / NUMBERS, stride = it->source.stride / NUMBERS;
    const int64_t blocks = (it->rows + ROWS - 1) / ROWS;
    for (int64_t output = 0; output < it->outputs; output += panel)
        for (int64_t first = 0; first < words; first += CHUNK) {
            const int64_t count = words - first < CHUNK ? words - first : CHUNK;
            const uint32_t* weights = (const uint32_t*)it->weights + output * words + first * panel;
            // With a single block of rows, reading is so regular that the processor fetches by itself.
            const char* behind = (const char*)(weights + count * panel);
            fetching ahead = {behind, behind + (blocks > 1 ? count * panel * 4 : 0)};
            for (int64_t block = 0; block < blocks; block++) {
                const int64_t row = it->rows * block / blocks, rows = it->rows * (block + 1) / blocks - row;
                uint32_t* sums = it->scratch + row * panel;
                NAMED(_multiply_rows)((int)rows, count, (const uint32_t*)it->source.base + row * stride + first,
                                      stride, weights, first == 0, sums, &ahead);
                if (first + count == words)
                    write_sums(it, row, rows, output, panel, sums);
            }
        }
}

#undef JOINED_
#undef JOINED
#undef NAMED
#undef PRODUCT
#undef PRODUCT_TARGET
#undef NUMBERS
#undef MULTIPLY_ADD
#undef ADD
