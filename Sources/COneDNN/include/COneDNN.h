// What CLIPKernels needs of oneDNN, in a form that is the same for oneDNN 2.x and 3.x.
//
// The two versions differ in how memory is described (a struct by value against an opaque pointer), in how a
// primitive is described (operation descriptors against direct constructors) and in the post-op functions.
// No oneDNN type is visible here: Swift sees three opaque types and plain numbers, so nothing past this
// target depends on the installed version.
//
// Every function that can fail returns 0, or oneDNN's own dnnl_status_t (1 out of memory, 2 invalid
// arguments, 3 unimplemented, 6 not required ... the numbers are the same in both versions).
// An engine and weights may be used by any number of threads; a context, and what was compiled in it, by one at a time.

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
/// One operation compiled for one set of sizes.
typedef struct codnn_primitive codnn_primitive;
/// Weights in the layout that a primitive asked for, owned by oneDNN.
typedef struct codnn_weights codnn_weights;

typedef enum {
    codnn_activation_none = 0,
    codnn_activation_swish = 1,     // x * sigmoid(alpha x)
    codnn_activation_gelu_erf = 2,  // x/2 (1 + erf(x/sqrt 2))
    codnn_activation_gelu_tanh = 3  // the tanh approximation of GELU
} codnn_activation;

/// How numbers are kept.
typedef enum {
    codnn_f32 = 0,
    codnn_bf16 = 1,
    codnn_s8 = 2 // a signed byte; what is multiplied with such weights is unsigned, and the sums are whole numbers
} codnn_type;

/// What a primitive reads and writes; what it does not use is NULL.
typedef struct {
    const void* source;
    const codnn_weights* weights;
    size_t weights_offset; // where in them those of a part begin
    const float* bias;
    void* destination;
    void* scratchpad; // codnn_scratchpad_size bytes, aligned to 64
} codnn_operands;

/// The version of the library that runs, which may be newer than the headers of the build.
void codnn_version(int* major, int* minor, int* patch);

/// Whether the library does not hold itself to less than instructions for bf16, as it can be told to (DNNL_MAX_CPU_ISA).
/// Under the same kernel's name it then imitates them; version 2.6 gives wrong sums.
bool codnn_uses_bf16(void);

/// Sets how many threads oneDNN uses when it is called from the calling thread.
/// Looks the OpenMP runtime up in the process, because which one is loaded (libgomp, libomp) is the business
/// of the installed oneDNN. Returns false when there is none: a build over another runtime decides by itself.
bool codnn_set_threads(int threads);

int codnn_engine_create(codnn_engine** engine);
void codnn_engine_destroy(codnn_engine* engine);

/// The engine has to outlive the context.
int codnn_context_create(codnn_engine* engine, codnn_context** context);
void codnn_context_destroy(codnn_context* context);

/// destination (rows, outputs) = activation(source (rows, inputs) x weights (outputs, inputs)^T + bias),
/// added to what the destination holds when adds_to_destination is set. All matrices are dense.
typedef struct {
    int64_t rows;
    int64_t inputs;
    int64_t outputs;
    codnn_type source; // the weights have the same type; the bias is always f32
    codnn_type destination; // of whole sums it means nothing
    bool has_bias;
    codnn_activation activation;
    float alpha;
    bool adds_to_destination;
} codnn_linear;

/// With packed == NULL oneDNN chooses the layout of the weights; otherwise it has to take that of packed, which may be of
/// more outputs: then it computes a part of them.
int codnn_linear_create(codnn_context* context, const codnn_linear* of, const codnn_weights* packed,
                        codnn_primitive** primitive);
/// Copies plain weights, (outputs, inputs) of a linear primitive or (outputs, inputs, kernel, kernel) of a
/// convolution, into the type and the layout that the primitive asked for. Plain weights are f32, or s8 where the
/// primitive's are.
int codnn_weights_create(codnn_context* context, const codnn_primitive* primitive, const void* plain,
                         codnn_type plain_type, codnn_weights** weights);
/// Weights over at least as many bytes as were packed for the same primitive before, which stay where and as they are.
int codnn_weights_adopt(codnn_context* context, const codnn_primitive* primitive, const void* bytes, size_t size,
                        codnn_weights** weights);
/// Succeeds where the weights of some of the outputs lie by themselves: at their share of the packed bytes.
int codnn_weights_part(const codnn_weights* weights, int64_t first, int64_t count);

/// Where the weights of a linear primitive lie in panels of outputs, how many outputs a panel has; otherwise 0. In a panel a
/// word of 32 bits of an output's weights lies beside those of the other outputs, and the next words behind.
int64_t codnn_weights_panel(const codnn_weights* weights);

void codnn_weights_destroy(codnn_weights* weights);
size_t codnn_weights_size(const codnn_weights* weights);
const void* codnn_weights_bytes(const codnn_weights* weights);

/// How the channels of square feature maps, (images, channels, size, size), lie in memory.
typedef enum {
    codnn_maps_planes = 0,      // a channel's pixels beside each other
    codnn_maps_interleaved = 1, // a pixel's channels beside each other
    codnn_maps_blocked_8 = 2,   // planes of eight channels each, filled up with zeros
    codnn_maps_blocked_16 = 3   // planes of sixteen
} codnn_maps;

/// What happens to the sums of a convolution.
typedef enum {
    codnn_finish_none = 0,
    codnn_finish_relu = 1,     // negative ones become zero
    codnn_finish_sum_relu = 2  // the same after what the destination held was added
} codnn_finish;

/// A convolution of square maps with square kernels, with zeros around the maps.
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

/// The order of maps that oneDNN likes best on this processor for the convolutions that cost most.
int codnn_maps_choose(codnn_context* context, codnn_type type, codnn_maps* maps);

/// destination = finish(convolution of source, plus a bias for each output channel).
/// With packed == NULL oneDNN chooses the layout of the weights; otherwise it has to take that of packed.
int codnn_convolution_create(codnn_context* context, const codnn_convolution* of, const codnn_weights* packed,
                             codnn_primitive** primitive);

/// Means of windows that lie beside each other; pixels that do not fill one are left out.
int codnn_average_create(codnn_context* context, int64_t images, int64_t channels, int64_t input_size,
                         int64_t window, codnn_maps maps, codnn_type type, codnn_primitive** primitive);

size_t codnn_scratchpad_size(const codnn_primitive* primitive);
/// oneDNN's name of the kernel that it chose, such as "brgemm:avx512_core"; never NULL.
const char* codnn_implementation(const codnn_primitive* primitive);
int codnn_execute(codnn_context* context, codnn_primitive* primitive, const codnn_operands* operands);
void codnn_primitive_destroy(codnn_primitive* primitive);

#ifdef __cplusplus
}
#endif

#endif
