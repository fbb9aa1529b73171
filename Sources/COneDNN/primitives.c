#include "internal.h"

#include <stdlib.h>

void codnn_recipe_destroy(codnn_recipe* it) {
    codnn_layout_destroy(it->source);
    codnn_layout_destroy(it->weights);
    codnn_layout_destroy(it->bias);
    codnn_layout_destroy(it->destination);
    if (it->attributes)
        dnnl_primitive_attr_destroy(it->attributes);
    if (it->description)
        dnnl_primitive_desc_destroy(it->description);
}

// Scratch comes from the caller, and f32 means f32 whatever the environment asks of oneDNN.
dnnl_status_t codnn_attributes_create(dnnl_primitive_attr_t* out) {
    CODNN_TRY(dnnl_primitive_attr_create(out));
    CODNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user));
    return dnnl_primitive_attr_set_fpmath_mode(*out, dnnl_fpmath_mode_strict);
}

dnnl_status_t codnn_append_eltwise(dnnl_post_ops_t operations, dnnl_alg_kind_t kind, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_eltwise(operations, kind, alpha, 0.0f);
#else
    return dnnl_post_ops_append_eltwise(operations, 1.0f, kind, alpha, 0.0f);
#endif
}

dnnl_status_t codnn_append_sum(dnnl_post_ops_t operations) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_sum(operations, 1.0f, 0, dnnl_data_type_undef);
#else
    return dnnl_post_ops_append_sum(operations, 1.0f);
#endif
}

static dnnl_status_t attributes_create(dnnl_primitive_attr_t* out, codnn_activation activation, float alpha,
                                       bool adds_to_destination) {
    CODNN_TRY(codnn_attributes_create(out));
    if (activation == codnn_activation_none && !adds_to_destination)
        return dnnl_success;

    dnnl_alg_kind_t kind = activation == codnn_activation_swish       ? dnnl_eltwise_swish
                           : activation == codnn_activation_gelu_erf  ? dnnl_eltwise_gelu_erf
                           : activation == codnn_activation_gelu_tanh ? dnnl_eltwise_gelu_tanh
                                                                      : dnnl_eltwise_linear;
    dnnl_post_ops_t operations = NULL;
    dnnl_status_t status = dnnl_post_ops_create(&operations);
    if (status == dnnl_success && activation != codnn_activation_none)
        status = codnn_append_eltwise(operations, kind, alpha);
    if (status == dnnl_success && adds_to_destination)
        status = codnn_append_sum(operations);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(*out, operations);
    if (operations)
        dnnl_post_ops_destroy(operations);
    return status;
}

// Memory without a buffer for one argument of a primitive.
dnnl_status_t codnn_slot_fill(codnn_context* context, codnn_primitive* it, int slot, int argument,
                              const_layout is) {
    it->arguments[slot] = argument;
    return dnnl_memory_create(&it->memories[slot], is, context->engine, DNNL_MEMORY_NONE);
}

// Takes the primitive descriptor over, and completes the primitive with its scratchpad.
dnnl_status_t codnn_primitive_finish(codnn_context* context, codnn_primitive* it,
                                     dnnl_primitive_desc_t description) {
    CODNN_TRY(dnnl_primitive_create(&it->primitive, description));
    const_layout scratchpad = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    it->scratchpad_size = scratchpad ? dnnl_memory_desc_get_size(scratchpad) : 0;
    if (it->scratchpad_size == 0)
        return dnnl_success;
    return codnn_slot_fill(context, it, slot_scratchpad, DNNL_ARG_SCRATCHPAD, scratchpad);
}

int codnn_primitive_hand_over(codnn_primitive* it, dnnl_status_t status, codnn_primitive** out) {
    if (status == dnnl_success) {
        *out = it;
    } else {
        codnn_primitive_destroy(it);
    }
    return status;
}

static dnnl_status_t linear_build(codnn_context* context, codnn_recipe* with, int64_t rows, int64_t inputs,
                                  int64_t outputs, bool has_bias, codnn_activation activation, float alpha,
                                  bool adds_to_destination, const codnn_weights* packed,
                                  codnn_primitive* it) {
    CODNN_TRY(codnn_layout_create_dense(&with->source, rows, inputs));
    CODNN_TRY(codnn_layout_create_dense(&with->destination, rows, outputs));
    if (has_bias)
        CODNN_TRY(codnn_layout_create_vector(&with->bias, outputs));
    if (packed)
        CODNN_TRY(codnn_layout_clone(&with->weights, packed->layout));
    else
        CODNN_TRY(codnn_layout_create_tagged(&with->weights, 2, (int64_t[]){outputs, inputs},
                                             dnnl_format_tag_any));
    CODNN_TRY(attributes_create(&with->attributes, activation, alpha, adds_to_destination));
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_inner_product_forward_primitive_desc_create(
        &with->description, context->engine, dnnl_forward_inference, with->source, with->weights, with->bias,
        with->destination, with->attributes));
#else
    dnnl_inner_product_desc_t operation;
    CODNN_TRY(dnnl_inner_product_forward_desc_init(&operation, dnnl_forward_inference, with->source,
                                                   with->weights, with->bias, with->destination));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(codnn_layout_clone(&it->weights_layout,
                                 dnnl_primitive_desc_query_md(with->description, dnnl_query_weights_md, 0)));
    CODNN_TRY(codnn_slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    if (has_bias)
        CODNN_TRY(codnn_slot_fill(context, it, slot_bias, DNNL_ARG_BIAS, with->bias));
    CODNN_TRY(codnn_slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->destination));
    return codnn_primitive_finish(context, it, with->description);
}

int codnn_linear_create(codnn_context* context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
                        codnn_activation activation, float alpha, bool adds_to_destination,
                        const codnn_weights* packed, codnn_primitive** primitive) {
    codnn_primitive* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    codnn_recipe with = {0};
    dnnl_status_t status = linear_build(context, &with, rows, inputs, outputs, has_bias, activation, alpha,
                                        adds_to_destination, packed, it);
    codnn_recipe_destroy(&with);
    return codnn_primitive_hand_over(it, status, primitive);
}

static dnnl_status_t product_build(codnn_context* context, codnn_recipe* with, const codnn_stack* source,
                                   const codnn_stack* weights, const codnn_stack* destination, float alpha,
                                   codnn_primitive* it) {
    CODNN_TRY(codnn_layout_create(&with->source, 4, source->dimensions, source->strides));
    CODNN_TRY(codnn_layout_create(&with->weights, 4, weights->dimensions, weights->strides));
    CODNN_TRY(codnn_layout_create(&with->destination, 4, destination->dimensions, destination->strides));
    CODNN_TRY(attributes_create(
        &with->attributes, alpha == 1.0f ? codnn_activation_none : codnn_activation_scale, alpha, false));
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_matmul_primitive_desc_create(&with->description, context->engine, with->source,
                                                with->weights, NULL, with->destination, with->attributes));
#else
    dnnl_matmul_desc_t operation;
    CODNN_TRY(dnnl_matmul_desc_init(&operation, with->source, with->weights, NULL, with->destination));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(codnn_slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(codnn_slot_fill(context, it, slot_weights, DNNL_ARG_WEIGHTS, with->weights));
    CODNN_TRY(codnn_slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->destination));
    return codnn_primitive_finish(context, it, with->description);
}

int codnn_product_create(codnn_context* context, const codnn_stack* source, const codnn_stack* weights,
                         const codnn_stack* destination, float alpha, codnn_primitive** primitive) {
    codnn_primitive* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    codnn_recipe with = {0};
    dnnl_status_t status = product_build(context, &with, source, weights, destination, alpha, it);
    codnn_recipe_destroy(&with);
    return codnn_primitive_hand_over(it, status, primitive);
}

static dnnl_status_t softmax_build(codnn_context* context, codnn_recipe* with, int64_t rows, int64_t width,
                                   codnn_primitive* it) {
    CODNN_TRY(codnn_layout_create_dense(&with->source, rows, width));
    CODNN_TRY(attributes_create(&with->attributes, codnn_activation_none, 0, false));
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_softmax_forward_primitive_desc_create(&with->description, context->engine,
                                                         dnnl_forward_inference, dnnl_softmax_accurate,
                                                         with->source, with->source, 1, with->attributes));
#else
    dnnl_softmax_v2_desc_t operation;
    CODNN_TRY(dnnl_softmax_v2_forward_desc_init(&operation, dnnl_forward_inference, dnnl_softmax_accurate,
                                                with->source, with->source, 1));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(codnn_slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(codnn_slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->source));
    return codnn_primitive_finish(context, it, with->description);
}

int codnn_softmax_create(codnn_context* context, int64_t rows, int64_t width, codnn_primitive** primitive) {
    codnn_primitive* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    codnn_recipe with = {0};
    dnnl_status_t status = softmax_build(context, &with, rows, width, it);
    codnn_recipe_destroy(&with);
    return codnn_primitive_hand_over(it, status, primitive);
}

static dnnl_status_t layer_norm_build(codnn_context* context, codnn_recipe* with, int64_t rows, int64_t width,
                                      float epsilon, codnn_primitive* it) {
    CODNN_TRY(codnn_layout_create_dense(&with->source, rows, width));
    CODNN_TRY(codnn_layout_create_vector(&with->weights, width));
    CODNN_TRY(attributes_create(&with->attributes, codnn_activation_none, 0, false));
    unsigned flags = dnnl_use_scale | dnnl_use_shift;
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_layer_normalization_forward_primitive_desc_create(
        &with->description, context->engine, dnnl_forward_inference, with->source, with->source, NULL,
        epsilon, flags, with->attributes));
#else
    dnnl_layer_normalization_desc_t operation;
    CODNN_TRY(dnnl_layer_normalization_forward_desc_init(&operation, dnnl_forward_inference, with->source,
                                                         NULL, epsilon, flags));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(codnn_slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(codnn_slot_fill(context, it, slot_weights, DNNL_ARG_SCALE, with->weights));
    CODNN_TRY(codnn_slot_fill(context, it, slot_bias, DNNL_ARG_SHIFT, with->weights));
    CODNN_TRY(codnn_slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->source));
    return codnn_primitive_finish(context, it, with->description);
}

int codnn_layer_norm_create(codnn_context* context, int64_t rows, int64_t width, float epsilon,
                            codnn_primitive** primitive) {
    codnn_primitive* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    codnn_recipe with = {0};
    dnnl_status_t status = layer_norm_build(context, &with, rows, width, epsilon, it);
    codnn_recipe_destroy(&with);
    return codnn_primitive_hand_over(it, status, primitive);
}

size_t codnn_scratchpad_size(const codnn_primitive* primitive) {
    return primitive->scratchpad_size;
}

const char* codnn_implementation(const codnn_primitive* primitive) {
    const_dnnl_primitive_desc_t description = NULL;
    const char* name = NULL;
    if (dnnl_primitive_get_primitive_desc(primitive->primitive, &description) != dnnl_success)
        return "";
    if (dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) != dnnl_success)
        return "";
    return name ? name : "";
}

void codnn_primitive_destroy(codnn_primitive* primitive) {
    if (!primitive)
        return;
    for (int slot = 0; slot < slot_count; slot++)
        if (primitive->memories[slot])
            dnnl_memory_destroy(primitive->memories[slot]);
    if (primitive->primitive)
        dnnl_primitive_destroy(primitive->primitive);
    codnn_layout_destroy(primitive->weights_layout);
    free(primitive);
}

int codnn_execute(codnn_context* context, codnn_primitive* primitive, const codnn_operands* operands) {
    void* handles[slot_count] = {
        [slot_source] = (void*)operands->source,  [slot_weights] = (void*)operands->weights,
        [slot_bias] = (void*)operands->bias,      [slot_destination] = operands->destination,
        [slot_scratchpad] = operands->scratchpad,
    };
    dnnl_exec_arg_t arguments[slot_count + 1];
    int count = 0;
    for (int slot = 0; slot < slot_count; slot++) {
        if (!primitive->memories[slot])
            continue;
        if (!handles[slot])
            return dnnl_invalid_arguments;
        CODNN_TRY(dnnl_memory_set_data_handle(primitive->memories[slot], handles[slot]));
        arguments[count++] = (dnnl_exec_arg_t){primitive->arguments[slot], primitive->memories[slot]};
    }
    if (primitive->weights_layout) {
        if (!operands->packed_weights)
            return dnnl_invalid_arguments;
        arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, operands->packed_weights->memory};
    }
    CODNN_TRY(dnnl_primitive_execute(primitive->primitive, context->stream, count, arguments));
    return dnnl_stream_wait(context->stream);
}
