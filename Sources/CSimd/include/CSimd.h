// The steps between the matrix products of a transformer: attention within packed sequences, layer norm, the end of an
// int8 product, and conversions; on some processors also the products themselves. They use the compiler's vector types
// and are compiled for three x86-64 levels (SSE2, AVX2 with FMA, AVX-512), of which the processor's is used; on other
// processors they are compiled once, for the baseline.
//
// Nothing here allocates or keeps memory, or uses any thread except the calling one. Strides are in elements.

#ifndef CLIP_CSIMD_H
#define CLIP_CSIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The format of the numbers of a matrix.
typedef enum {
    csimd_f32 = 0,
    csimd_bf16 = 1, // the upper half of an f32, rounded to nearest even
    csimd_int8 = 2  // an unsigned byte; the number is the byte minus 128, times its row's scale
} csimd_format;

typedef enum {
    csimd_activation_none = 0,
    csimd_activation_quick_gelu = 1, // x * sigmoid(1.702 x)
    csimd_activation_gelu = 2,       // x/2 (1 + erf(x/sqrt 2))
    csimd_activation_tanh_gelu = 3   // the tanh approximation of GELU
} csimd_activation;

/// Some rows in memory. `scales` has one float for each row if the format is csimd_int8.
typedef struct {
    void* base;
    int64_t stride;
    csimd_format format;
    float* scales;
} csimd_rows;

/// Attention of some queries within one sequence, for all heads, which are side by side in the columns.
typedef struct {
    csimd_rows query; // f32 or bf16; the first of `queries` rows
    csimd_rows key;   // of the same format; the first of `length` rows, or the one from which `places` count
    csimd_rows value; // of the same format
    /// The row of keys and values at each of `length` positions; null if they lie one after the other.
    const int64_t* places;
    csimd_rows output; // f32 or bf16
    int64_t queries;
    int64_t length;
    int64_t heads;
    int64_t head_width;
    /// If negative, every query sees all rows; otherwise query i sees the rows up to first_position + i.
    int64_t first_position;
    float* scratch; // csimd_attention_scratch floats, aligned to 64 bytes
} csimd_attention;

/// The number of floats of scratch that csimd_attend needs.
size_t csimd_attention_scratch(int64_t length, int64_t head_width);
/// output = softmax(query key^T / sqrt(head_width)) value, for every head.
void csimd_attend(const csimd_attention* it);

/// Every row minus its mean, divided by its standard deviation, times scale, plus shift. The source is f32; the target
/// may be the source.
void csimd_layer_norm(int64_t rows, int64_t width, csimd_rows source, const float* scale, const float* shift,
                      float epsilon, csimd_rows target);

/// The end of an int8 product: target = activation((sums - excess) * row scale * column scale + bias), or that added to
/// an f32 target. `sums` are dense whole numbers, may be overwritten, and may be the target; `bias` may be NULL.
typedef struct {
    int64_t rows;
    int64_t width;
    int32_t* sums;
    const float* row_scales;
    const float* column_scales;
    const float* excess; // whole numbers: how much the sums of each column are too large, because a row's bytes are 128 too large
    const float* bias;
    csimd_activation activation;
    bool adds_to_target;
    csimd_rows target;
} csimd_finish;
void csimd_finish_product(const csimd_finish* it);

/// The number of outputs in a panel of weights of this format; 0 if this processor has no products over them, which are
/// then a library's. There are products of f32 with AVX2 and AVX-512, of bf16 with AVX-512 BF16, and of bytes with
/// AVX-512 VNNI and AVX-VNNI.
int64_t csimd_panel(csimd_format format);
/// The bytes of packed weights; 0 if there is no product of this format, or if rows of so many inputs are not whole
/// words of 32 bits.
size_t csimd_panels_size(csimd_format format, int64_t inputs, int64_t outputs);
/// Packs dense weights, (outputs, inputs), of a format that has a product; bytes are signed. Panels lie one after the other. In a
/// panel, a word of 32 bits (one f32, two bf16, four signed bytes) of an output's weights lies beside those of the other
/// outputs, and the next words follow. Zeros fill the last panel.
void csimd_pack_panels(csimd_format format, int64_t inputs, int64_t outputs, const void* plain, void* packed);

/// The product of rows with packed weights, and what follows: target = activation(source x weights^T + bias), or that
/// added to an f32 target. The format has to have a product.
typedef struct {
    int64_t rows;
    int64_t inputs;
    int64_t outputs; // all of the weights', or fewer of whole panels
    csimd_rows source;
    const void* weights;        // packed, of the source's format
    const float* column_scales; // for bytes, as in csimd_finish
    const float* excess;        // for bytes, as in csimd_finish
    const float* bias;          // may be NULL
    csimd_activation activation;
    bool adds_to_target;
    csimd_rows target;  // f32 or bf16; or bytes, if the source is
    float* floats;      // (rows, outputs) for a target of bytes, whose scales are known at the end; NULL otherwise
    uint32_t* scratch;  // csimd_product_scratch words, aligned to 64 bytes
    /// Whether a line of each of four pages of weights is prefetched in turn, and not one line after the other: which of
    /// the two is quicker depends on the processor.
    bool prefetches_pages_in_turn;
    /// The weights that the calling thread reads after these, in panels of the same format, and the number of their
    /// inputs; their beginning is prefetched at the end. NULL if they are not known.
    const void* next;
    int64_t next_inputs;
} csimd_product;
/// The number of words of scratch that csimd_multiply needs.
size_t csimd_product_scratch(int64_t rows);
void csimd_multiply(const csimd_product* it);
/// Whether products of this format can prefetch pages in turn.
bool csimd_can_prefetch_pages_in_turn(csimd_format format);

/// Rotates each pair of neighbours in the heads of f32 or bf16 rows by an angle: row i by those of position (first + i)
/// modulo `positions`. `cosines` and `sines` have head_width floats for each position: the cosine of each pair twice,
/// and its sine negated and then as it is. The width of heads is even.
void csimd_rotate(int64_t rows, int64_t width, int64_t head_width, csimd_rows numbers, const float* cosines,
                  const float* sines, int64_t positions, int64_t first);

/// Makes bytes of rows signed, as weights are, and gives the excess of each row's products with rows of unsigned bytes.
void csimd_sign(int64_t rows, int64_t width, uint8_t* bytes, float* excess);

/// Copies f32 rows into rows of any format.
void csimd_convert(int64_t rows, int64_t width, csimd_rows source, csimd_rows target);
/// target = the first row of any format, as f32, plus addend; this is for tables of token embeddings.
void csimd_widen_add(int64_t width, csimd_rows source, const float* addend, float* target);
/// target = bf16 numbers as f32.
void csimd_widen(int64_t count, const uint16_t* source, float* target);

/// Whether the processor has dot products of bf16 numbers (AVX-512 BF16, Arm BF16). This and all kernels keep to what
/// DNNL_MAX_CPU_ISA allows oneDNN, if that is set.
bool csimd_processor_multiplies_bf16(void);
/// Whether the processor has dot products of bytes (AVX-512 VNNI, AVX-VNNI, Arm I8MM).
bool csimd_processor_multiplies_int8(void);

enum { csimd_processor_name_size = 96 };
/// Writes the processor's name, followed by the instructions in use, as text of less than csimd_processor_name_size
/// bytes.
void csimd_processor_name(char* name);

/// The processor on which the calling thread runs; negative if the system does not say.
int csimd_current_processor(void);
/// Moves the calling thread to another processor on which it may run; it may come back at once. Does nothing if there
/// is none or if the system has no way.
void csimd_leave_processor(int processor);

/// Tells the processor that the thread waits for another one.
static inline void csimd_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif

#endif
