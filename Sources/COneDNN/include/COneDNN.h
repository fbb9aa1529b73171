// What CLIPKernels needs of oneDNN, in a form that is the same for oneDNN 2.x and 3.x.
//
// The two versions differ in how memory is described (a struct by value or an opaque pointer), in how a primitive is
// described (operation descriptors or direct constructors), and in the post-op functions. No oneDNN type is visible
// here: Swift sees opaque types and plain numbers, so nothing beyond this target depends on the installed version.
//
// Every function that can fail returns 0, or oneDNN's own dnnl_status_t (1 out of memory, 2 invalid arguments, 3
// unimplemented, 6 not required ... the numbers are the same in both versions). Any number of threads may use an engine
// and weights; only one at a time may use a context and what was compiled in it.

#ifndef CLIP_CONEDNN_H
#define CLIP_CONEDNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The CPU engine.
typedef struct codnn_engine codnn_engine;
/// One in-order stream of an engine.
typedef struct codnn_context codnn_context;
/// One operation, compiled for one set of sizes.
typedef struct codnn_primitive codnn_primitive;
/// Weights in the layout that a primitive asked for, owned by oneDNN.
typedef struct codnn_weights codnn_weights;

typedef enum {
    codnn_activation_none = 0,
    codnn_activation_swish = 1,     // x * sigmoid(alpha x)
    codnn_activation_gelu_erf = 2,  // x/2 (1 + erf(x/sqrt 2))
    codnn_activation_gelu_tanh = 3  // the tanh approximation of GELU
} codnn_activation;

/// The format of numbers.
typedef enum {
    codnn_f32 = 0,
    codnn_bf16 = 1,
    codnn_s8 = 2 // a signed byte; with such weights the source is unsigned, and the sums are whole numbers
} codnn_type;

/// The memory that a primitive reads and writes; a pointer that it does not use is NULL.
typedef struct {
    const void* source;
    const codnn_weights* weights;
    size_t weights_offset; // the offset of a part's weights
    const float* bias;
    void* destination;
    void* scratchpad; // codnn_scratchpad_size bytes, aligned to 64
} codnn_operands;

/// The version of the library in use, which may be newer than the headers of the build.
void codnn_version(int* major, int* minor, int* patch);

/// Whether the library may use instructions for bf16, from which it can be kept (DNNL_MAX_CPU_ISA). Without them it
/// imitates them under the same kernel's name; version 2.6 then gives wrong sums.
bool codnn_uses_bf16(void);

/// Sets how many threads oneDNN uses when the calling thread calls it. It looks for the OpenMP runtime in the process,
/// because the installed oneDNN decides which one is loaded (libgomp, libomp). It returns false if there is none: a
/// build over another runtime decides by itself.
bool codnn_set_threads(int threads);

int codnn_engine_create(codnn_engine** engine);
void codnn_engine_destroy(codnn_engine* engine);

/// Makes a context; the engine has to outlive it.
int codnn_context_create(codnn_engine* engine, codnn_context** context);
void codnn_context_destroy(codnn_context* context);

/// destination (rows, outputs) = activation(source (rows, inputs) x weights (outputs, inputs)^T + bias), added to the
/// destination's content if adds_to_destination is set. All matrices are dense.
typedef struct {
    int64_t rows;
    int64_t inputs;
    int64_t outputs;
    codnn_type source; // the weights have the same type; the bias is always f32
    codnn_type destination; // has no meaning if the sums are whole numbers
    bool has_bias;
    codnn_activation activation;
    float alpha;
    bool adds_to_destination;
} codnn_linear;

/// If packed is NULL, oneDNN chooses the layout of the weights; otherwise it has to use that of packed. If packed has
/// more outputs, the primitive computes a part of them.
int codnn_linear_create(codnn_context* context, const codnn_linear* of, const codnn_weights* packed,
                        codnn_primitive** primitive);
/// Copies plain weights, (outputs, inputs) of a linear primitive or (outputs, inputs, kernel, kernel) of a convolution,
/// into the type and the layout of the primitive. Plain weights are f32, or s8 if the primitive's are.
int codnn_weights_create(codnn_context* context, const codnn_primitive* primitive, const void* plain,
                         codnn_type plain_type, codnn_weights** weights);
/// Makes weights of bytes that were packed for the same primitive before, or more bytes; they stay where they are and
/// must not change.
int codnn_weights_adopt(codnn_context* context, const codnn_primitive* primitive, const void* bytes, size_t size,
                        codnn_weights** weights);
/// Succeeds if the weights of some of the outputs lie together, at their share of the packed bytes.
int codnn_weights_part(const codnn_weights* weights, int64_t first, int64_t count);

void codnn_weights_destroy(codnn_weights* weights);
size_t codnn_weights_size(const codnn_weights* weights);
const void* codnn_weights_bytes(const codnn_weights* weights);

/// The order of the channels of square feature maps, (images, channels, size, size), in memory.
typedef enum {
    codnn_maps_planes = 0,      // the pixels of a channel lie side by side
    codnn_maps_interleaved = 1, // the channels of a pixel lie side by side
    codnn_maps_blocked_8 = 2,   // planes of eight channels each, where zeros fill the last
    codnn_maps_blocked_16 = 3   // planes of sixteen channels each, where zeros fill the last
} codnn_maps;

/// What happens to the sums of a convolution.
typedef enum {
    codnn_finish_none = 0,
    codnn_finish_relu = 1,     // negative sums become zero
    codnn_finish_sum_relu = 2  // the same after the destination's content was added
} codnn_finish;

/// A convolution of square maps by square kernels, with zeros around the maps.
typedef struct {
    int64_t images;
    int64_t inputs;
    int64_t outputs;
    int64_t input_size;
    int64_t kernel;
    int64_t stride;
    int64_t padding;
    codnn_maps source;
    codnn_maps destination;
    codnn_type type; // of the maps and the weights; the bias is f32
    codnn_finish finish;
} codnn_convolution;

/// The order of maps that oneDNN prefers on this processor for the convolutions that cost most.
int codnn_maps_choose(codnn_context* context, codnn_type type, codnn_maps* maps);

/// destination = finish(convolution of source, plus a bias for each output channel). If packed is NULL, oneDNN chooses
/// the layout of the weights; otherwise it has to use that of packed.
int codnn_convolution_create(codnn_context* context, const codnn_convolution* of, const codnn_weights* packed,
                             codnn_primitive** primitive);

/// The means of windows that do not overlap; pixels that do not fill a window are left out.
int codnn_average_create(codnn_context* context, int64_t images, int64_t channels, int64_t input_size,
                         int64_t window, codnn_maps maps, codnn_type type, codnn_primitive** primitive);

size_t codnn_scratchpad_size(const codnn_primitive* primitive);
/// The name of the kernel that oneDNN chose, such as "brgemm:avx512_core"; never NULL.
const char* codnn_implementation(const codnn_primitive* primitive);
int codnn_execute(codnn_context* context, codnn_primitive* primitive, const codnn_operands* operands);
void codnn_primitive_destroy(codnn_primitive* primitive);

#ifdef __cplusplus
}
#endif

#endif
