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

// Scratch memory comes from the caller, and f32 means f32 whatever the environment asks of oneDNN.
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

// Makes memory without a buffer for one argument of a primitive.
dnnl_status_t codnn_slot_fill(codnn_context* context, codnn_primitive* it, int slot, int argument,
                              const_layout is) {
    it->arguments[slot] = argument;
    return dnnl_memory_create(&it->memories[slot], is, context->engine, DNNL_MEMORY_NONE);
}

// Takes ownership of the primitive descriptor, and completes the primitive with its scratchpad.
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
    if (primitive->weights_layout && !operands->weights)
        return dnnl_invalid_arguments;
    void* handles[slot_count] = {
        [slot_source] = (void*)operands->source,
        [slot_weights] = operands->weights ? (char*)codnn_weights_bytes(operands->weights) + operands->weights_offset
                                           : NULL,
        [slot_bias] = (void*)operands->bias,
        [slot_destination] = operands->destination,
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
    if (primitive->weights_layout && !primitive->memories[slot_weights])
        arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, operands->weights->memory};
    CODNN_TRY(dnnl_primitive_execute(primitive->primitive, context->stream, count, arguments));
    return dnnl_stream_wait(context->stream);
}
