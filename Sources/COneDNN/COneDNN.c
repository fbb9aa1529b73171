#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // RTLD_DEFAULT
#endif

#include "COneDNN.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

#define CODNN_TRY(expression)                                 \
    do {                                                      \
        dnnl_status_t codnn_status = (expression);            \
        if (codnn_status != dnnl_success) return codnn_status; \
    } while (0)

// ---------------------------------------------------------------- memory descriptors, in both versions

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;  // an opaque pointer
typedef const_dnnl_memory_desc_t const_layout;
#else
typedef dnnl_memory_desc_t *layout;  // on the heap, so that both versions pass a pointer
typedef const dnnl_memory_desc_t *const_layout;
#endif

static void layout_destroy(layout it) {
#if DNNL_VERSION_MAJOR >= 3
    if (it) dnnl_memory_desc_destroy(it);
#else
    free(it);
#endif
}

static dnnl_status_t layout_clone(layout *out, const_layout it) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_clone(out, it);
#else
    *out = malloc(sizeof **out);
    if (!*out) return dnnl_out_of_memory;
    **out = *it;
    return dnnl_success;
#endif
}

// Floats with the given strides, or, without strides, in whatever order the primitive likes best.
static dnnl_status_t layout_create(layout *out, int rank, const int64_t *dimensions, const int64_t *strides) {
    dnnl_dims_t sizes = {0}, steps = {0};
    for (int i = 0; i < rank; i++) sizes[i] = dimensions[i];
    for (int i = 0; strides && i < rank; i++) steps[i] = strides[i];
#if DNNL_VERSION_MAJOR >= 3
    if (!strides) return dnnl_memory_desc_create_with_tag(out, rank, sizes, dnnl_f32, dnnl_format_tag_any);
    return dnnl_memory_desc_create_with_strides(out, rank, sizes, dnnl_f32, steps);
#else
    *out = malloc(sizeof **out);
    if (!*out) return dnnl_out_of_memory;
    dnnl_status_t status =
        strides ? dnnl_memory_desc_init_by_strides(*out, rank, sizes, dnnl_f32, steps)
                : dnnl_memory_desc_init_by_tag(*out, rank, sizes, dnnl_f32, dnnl_format_tag_any);
    if (status != dnnl_success) {
        free(*out);
        *out = NULL;
    }
    return status;
#endif
}

static dnnl_status_t layout_create_dense(layout *out, int64_t rows, int64_t width) {
    return layout_create(out, 2, (int64_t[]){rows, width}, (int64_t[]){width, 1});
}

static dnnl_status_t layout_create_vector(layout *out, int64_t width) {
    return layout_create(out, 1, (int64_t[]){width}, (int64_t[]){1});
}

// ---------------------------------------------------------------- version, threads, context

void codnn_version(int *major, int *minor, int *patch) {
    const dnnl_version_t *version = dnnl_version();
    *major = version->major;
    *minor = version->minor;
    *patch = version->patch;
}

bool codnn_set_threads(int threads) {
    void (*set)(int);
    *(void **)&set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (!set) return false;
    set(threads);
    return true;
}

struct codnn_context {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

int codnn_context_create(codnn_context **context) {
    codnn_context *it = calloc(1, sizeof *it);
    if (!it) return dnnl_out_of_memory;
    dnnl_status_t status = dnnl_engine_create(&it->engine, dnnl_cpu, 0);
    if (status == dnnl_success) status = dnnl_stream_create(&it->stream, it->engine, dnnl_stream_default_flags);
    if (status != dnnl_success) {
        codnn_context_destroy(it);
        return status;
    }
    *context = it;
    return dnnl_success;
}

void codnn_context_destroy(codnn_context *context) {
    if (!context) return;
    if (context->stream) dnnl_stream_destroy(context->stream);
    if (context->engine) dnnl_engine_destroy(context->engine);
    free(context);
}

// ---------------------------------------------------------------- primitives

enum { slot_source, slot_weights, slot_bias, slot_destination, slot_scratchpad, slot_count };

struct codnn_primitive {
    dnnl_primitive_t primitive;
    // Memory objects without memory: execution only points them somewhere, so that it allocates nothing.
    dnnl_memory_t memories[slot_count];
    int arguments[slot_count];
    layout weights_layout;  // of a linear primitive, otherwise NULL
    size_t scratchpad_size;
};

struct codnn_weights {
    dnnl_memory_t memory;
    layout layout;
    size_t size;
};

// Scratch comes from the caller, and f32 means f32 whatever the environment asks of oneDNN.
static dnnl_status_t attributes_create(dnnl_primitive_attr_t *out, codnn_activation activation, float alpha,
                                       bool adds_to_destination) {
    CODNN_TRY(dnnl_primitive_attr_create(out));
    CODNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user));
    CODNN_TRY(dnnl_primitive_attr_set_fpmath_mode(*out, dnnl_fpmath_mode_strict));
    if (activation == codnn_activation_none && !adds_to_destination) return dnnl_success;

    dnnl_alg_kind_t kind = activation == codnn_activation_swish       ? dnnl_eltwise_swish
                           : activation == codnn_activation_gelu_erf  ? dnnl_eltwise_gelu_erf
                           : activation == codnn_activation_gelu_tanh ? dnnl_eltwise_gelu_tanh
                                                                      : dnnl_eltwise_linear;
    dnnl_post_ops_t operations = NULL;
    dnnl_status_t status = dnnl_post_ops_create(&operations);
#if DNNL_VERSION_MAJOR >= 3
    if (status == dnnl_success && activation != codnn_activation_none)
        status = dnnl_post_ops_append_eltwise(operations, kind, alpha, 0.0f);
    if (status == dnnl_success && adds_to_destination)
        status = dnnl_post_ops_append_sum(operations, 1.0f, 0, dnnl_data_type_undef);
#else
    if (status == dnnl_success && activation != codnn_activation_none)
        status = dnnl_post_ops_append_eltwise(operations, 1.0f, kind, alpha, 0.0f);
    if (status == dnnl_success && adds_to_destination) status = dnnl_post_ops_append_sum(operations, 1.0f);
#endif
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*out, operations);
    if (operations) dnnl_post_ops_destroy(operations);
    return status;
}

// Memory without a buffer for one argument of a primitive.
static dnnl_status_t slot_fill(codnn_context *context, codnn_primitive *it, int slot, int argument, const_layout is) {
    it->arguments[slot] = argument;
    return dnnl_memory_create(&it->memories[slot], is, context->engine, DNNL_MEMORY_NONE);
}

// Takes the primitive descriptor over, and completes the primitive with its scratchpad.
static dnnl_status_t primitive_finish(codnn_context *context, codnn_primitive *it, dnnl_primitive_desc_t description) {
    CODNN_TRY(dnnl_primitive_create(&it->primitive, description));
    const_layout scratchpad = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    it->scratchpad_size = scratchpad ? dnnl_memory_desc_get_size(scratchpad) : 0;
    if (it->scratchpad_size == 0) return dnnl_success;
    return slot_fill(context, it, slot_scratchpad, DNNL_ARG_SCRATCHPAD, scratchpad);
}

static int primitive_hand_over(codnn_primitive *it, dnnl_status_t status, codnn_primitive **out) {
    if (status == dnnl_success) {
        *out = it;
    } else {
        codnn_primitive_destroy(it);
    }
    return status;
}

typedef struct {
    layout source, weights, bias, destination;
    dnnl_primitive_attr_t attributes;
    dnnl_primitive_desc_t description;
} recipe;

static void recipe_destroy(recipe *it) {
    layout_destroy(it->source);
    layout_destroy(it->weights);
    layout_destroy(it->bias);
    layout_destroy(it->destination);
    if (it->attributes) dnnl_primitive_attr_destroy(it->attributes);
    if (it->description) dnnl_primitive_desc_destroy(it->description);
}

static dnnl_status_t linear_build(codnn_context *context, recipe *with, int64_t rows, int64_t inputs, int64_t outputs,
                                  bool has_bias, codnn_activation activation, float alpha, bool adds_to_destination,
                                  const codnn_weights *packed, codnn_primitive *it) {
    CODNN_TRY(layout_create_dense(&with->source, rows, inputs));
    CODNN_TRY(layout_create_dense(&with->destination, rows, outputs));
    if (has_bias) CODNN_TRY(layout_create_vector(&with->bias, outputs));
    if (packed)
        CODNN_TRY(layout_clone(&with->weights, packed->layout));
    else
        CODNN_TRY(layout_create(&with->weights, 2, (int64_t[]){outputs, inputs}, NULL));
    CODNN_TRY(attributes_create(&with->attributes, activation, alpha, adds_to_destination));
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_inner_product_forward_primitive_desc_create(&with->description, context->engine,
                                                               dnnl_forward_inference, with->source, with->weights,
                                                               with->bias, with->destination, with->attributes));
#else
    dnnl_inner_product_desc_t operation;
    CODNN_TRY(dnnl_inner_product_forward_desc_init(&operation, dnnl_forward_inference, with->source, with->weights,
                                                   with->bias, with->destination));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(layout_clone(&it->weights_layout,
                           dnnl_primitive_desc_query_md(with->description, dnnl_query_weights_md, 0)));
    CODNN_TRY(slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    if (has_bias) CODNN_TRY(slot_fill(context, it, slot_bias, DNNL_ARG_BIAS, with->bias));
    CODNN_TRY(slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->destination));
    return primitive_finish(context, it, with->description);
}

int codnn_linear_create(codnn_context *context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
                        codnn_activation activation, float alpha, bool adds_to_destination,
                        const codnn_weights *packed, codnn_primitive **primitive) {
    codnn_primitive *it = calloc(1, sizeof *it);
    if (!it) return dnnl_out_of_memory;
    recipe with = {0};
    dnnl_status_t status = linear_build(context, &with, rows, inputs, outputs, has_bias, activation, alpha,
                                        adds_to_destination, packed, it);
    recipe_destroy(&with);
    return primitive_hand_over(it, status, primitive);
}

static dnnl_status_t product_build(codnn_context *context, recipe *with, const codnn_stack *source,
                                   const codnn_stack *weights, const codnn_stack *destination, float alpha,
                                   codnn_primitive *it) {
    CODNN_TRY(layout_create(&with->source, 4, source->dimensions, source->strides));
    CODNN_TRY(layout_create(&with->weights, 4, weights->dimensions, weights->strides));
    CODNN_TRY(layout_create(&with->destination, 4, destination->dimensions, destination->strides));
    CODNN_TRY(attributes_create(&with->attributes,
                                alpha == 1.0f ? codnn_activation_none : codnn_activation_scale, alpha, false));
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_matmul_primitive_desc_create(&with->description, context->engine, with->source, with->weights,
                                                NULL, with->destination, with->attributes));
#else
    dnnl_matmul_desc_t operation;
    CODNN_TRY(dnnl_matmul_desc_init(&operation, with->source, with->weights, NULL, with->destination));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(slot_fill(context, it, slot_weights, DNNL_ARG_WEIGHTS, with->weights));
    CODNN_TRY(slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->destination));
    return primitive_finish(context, it, with->description);
}

int codnn_product_create(codnn_context *context, const codnn_stack *source, const codnn_stack *weights,
                         const codnn_stack *destination, float alpha, codnn_primitive **primitive) {
    codnn_primitive *it = calloc(1, sizeof *it);
    if (!it) return dnnl_out_of_memory;
    recipe with = {0};
    dnnl_status_t status = product_build(context, &with, source, weights, destination, alpha, it);
    recipe_destroy(&with);
    return primitive_hand_over(it, status, primitive);
}

static dnnl_status_t softmax_build(codnn_context *context, recipe *with, int64_t rows, int64_t width,
                                   codnn_primitive *it) {
    CODNN_TRY(layout_create_dense(&with->source, rows, width));
    CODNN_TRY(attributes_create(&with->attributes, codnn_activation_none, 0, false));
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_softmax_forward_primitive_desc_create(&with->description, context->engine, dnnl_forward_inference,
                                                         dnnl_softmax_accurate, with->source, with->source, 1,
                                                         with->attributes));
#else
    dnnl_softmax_v2_desc_t operation;
    CODNN_TRY(dnnl_softmax_v2_forward_desc_init(&operation, dnnl_forward_inference, dnnl_softmax_accurate,
                                                with->source, with->source, 1));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->source));
    return primitive_finish(context, it, with->description);
}

int codnn_softmax_create(codnn_context *context, int64_t rows, int64_t width, codnn_primitive **primitive) {
    codnn_primitive *it = calloc(1, sizeof *it);
    if (!it) return dnnl_out_of_memory;
    recipe with = {0};
    dnnl_status_t status = softmax_build(context, &with, rows, width, it);
    recipe_destroy(&with);
    return primitive_hand_over(it, status, primitive);
}

static dnnl_status_t layer_norm_build(codnn_context *context, recipe *with, int64_t rows, int64_t width, float epsilon,
                                      codnn_primitive *it) {
    CODNN_TRY(layout_create_dense(&with->source, rows, width));
    CODNN_TRY(layout_create_vector(&with->weights, width));
    CODNN_TRY(attributes_create(&with->attributes, codnn_activation_none, 0, false));
    unsigned flags = dnnl_use_scale | dnnl_use_shift;
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_layer_normalization_forward_primitive_desc_create(&with->description, context->engine,
                                                                     dnnl_forward_inference, with->source,
                                                                     with->source, NULL, epsilon, flags,
                                                                     with->attributes));
#else
    dnnl_layer_normalization_desc_t operation;
    CODNN_TRY(dnnl_layer_normalization_forward_desc_init(&operation, dnnl_forward_inference, with->source, NULL,
                                                         epsilon, flags));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(slot_fill(context, it, slot_weights, DNNL_ARG_SCALE, with->weights));
    CODNN_TRY(slot_fill(context, it, slot_bias, DNNL_ARG_SHIFT, with->weights));
    CODNN_TRY(slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->source));
    return primitive_finish(context, it, with->description);
}

int codnn_layer_norm_create(codnn_context *context, int64_t rows, int64_t width, float epsilon,
                            codnn_primitive **primitive) {
    codnn_primitive *it = calloc(1, sizeof *it);
    if (!it) return dnnl_out_of_memory;
    recipe with = {0};
    dnnl_status_t status = layer_norm_build(context, &with, rows, width, epsilon, it);
    recipe_destroy(&with);
    return primitive_hand_over(it, status, primitive);
}

size_t codnn_scratchpad_size(const codnn_primitive *primitive) {
    return primitive->scratchpad_size;
}

const char *codnn_implementation(const codnn_primitive *primitive) {
    const_dnnl_primitive_desc_t description = NULL;
    const char *name = NULL;
    if (dnnl_primitive_get_primitive_desc(primitive->primitive, &description) != dnnl_success) return "";
    if (dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) != dnnl_success) return "";
    return name ? name : "";
}

void codnn_primitive_destroy(codnn_primitive *primitive) {
    if (!primitive) return;
    for (int slot = 0; slot < slot_count; slot++)
        if (primitive->memories[slot]) dnnl_memory_destroy(primitive->memories[slot]);
    if (primitive->primitive) dnnl_primitive_destroy(primitive->primitive);
    layout_destroy(primitive->weights_layout);
    free(primitive);
}

int codnn_execute(codnn_context *context, codnn_primitive *primitive, const codnn_operands *operands) {
    void *handles[slot_count] = {
        [slot_source] = (void *)operands->source,
        [slot_weights] = (void *)operands->weights,
        [slot_bias] = (void *)operands->bias,
        [slot_destination] = operands->destination,
        [slot_scratchpad] = operands->scratchpad,
    };
    dnnl_exec_arg_t arguments[slot_count + 1];
    int count = 0;
    for (int slot = 0; slot < slot_count; slot++) {
        if (!primitive->memories[slot]) continue;
        if (!handles[slot]) return dnnl_invalid_arguments;
        CODNN_TRY(dnnl_memory_set_data_handle(primitive->memories[slot], handles[slot]));
        arguments[count++] = (dnnl_exec_arg_t){primitive->arguments[slot], primitive->memories[slot]};
    }
    if (primitive->weights_layout) {
        if (!operands->packed_weights) return dnnl_invalid_arguments;
        arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, operands->packed_weights->memory};
    }
    CODNN_TRY(dnnl_primitive_execute(primitive->primitive, context->stream, count, arguments));
    return dnnl_stream_wait(context->stream);
}

// ---------------------------------------------------------------- packed weights

static dnnl_status_t weights_build(codnn_context *context, const codnn_primitive *linear, int64_t inputs,
                                   int64_t outputs, const float *plain, recipe *with, dnnl_memory_t *from,
                                   dnnl_primitive_t *reorder, codnn_weights *it) {
    CODNN_TRY(layout_clone(&it->layout, linear->weights_layout));
    it->size = dnnl_memory_desc_get_size(it->layout);
    CODNN_TRY(dnnl_memory_create(&it->memory, it->layout, context->engine, DNNL_MEMORY_ALLOCATE));
    CODNN_TRY(layout_create_dense(&with->source, outputs, inputs));
    CODNN_TRY(dnnl_memory_create(from, with->source, context->engine, (void *)plain));
    CODNN_TRY(dnnl_reorder_primitive_desc_create(&with->description, with->source, context->engine, it->layout,
                                                 context->engine, NULL));
    CODNN_TRY(dnnl_primitive_create(reorder, with->description));
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, *from}, {DNNL_ARG_TO, it->memory}};
    CODNN_TRY(dnnl_primitive_execute(*reorder, context->stream, 2, arguments));
    return dnnl_stream_wait(context->stream);
}

int codnn_weights_create(codnn_context *context, const codnn_primitive *linear, int64_t inputs, int64_t outputs,
                         const float *plain, codnn_weights **weights) {
    codnn_weights *it = calloc(1, sizeof *it);
    if (!it) return dnnl_out_of_memory;
    recipe with = {0};
    dnnl_memory_t from = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_status_t status = weights_build(context, linear, inputs, outputs, plain, &with, &from, &reorder, it);
    if (reorder) dnnl_primitive_destroy(reorder);
    if (from) dnnl_memory_destroy(from);
    recipe_destroy(&with);
    if (status == dnnl_success) {
        *weights = it;
    } else {
        codnn_weights_destroy(it);
    }
    return status;
}

void codnn_weights_destroy(codnn_weights *weights) {
    if (!weights) return;
    if (weights->memory) dnnl_memory_destroy(weights->memory);
    layout_destroy(weights->layout);
    free(weights);
}

size_t codnn_weights_size(const codnn_weights *weights) {
    return weights->size;
}
