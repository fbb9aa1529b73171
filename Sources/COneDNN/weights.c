#include "internal.h"

#include <stdlib.h>

static dnnl_status_t weights_build(codnn_context* context, const codnn_primitive* primitive,
                                   const void* plain, codnn_type plain_type, codnn_recipe* with, dnnl_memory_t* from,
                                   dnnl_primitive_t* reorder, codnn_weights* it) {
    CODNN_TRY(codnn_layout_clone(&it->layout, primitive->weights_layout));
    it->size = dnnl_memory_desc_get_size(it->layout);
    CODNN_TRY(dnnl_memory_create(&it->memory, it->layout, context->engine, DNNL_MEMORY_ALLOCATE));
    CODNN_TRY(codnn_layout_create_plain(&with->source, it->layout, codnn_data_type(plain_type)));
    CODNN_TRY(dnnl_memory_create(from, with->source, context->engine, (void*)plain));
    CODNN_TRY(dnnl_reorder_primitive_desc_create(&with->description, with->source, context->engine,
                                                 it->layout, context->engine, NULL));
    CODNN_TRY(dnnl_primitive_create(reorder, with->description));
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, *from}, {DNNL_ARG_TO, it->memory}};
    CODNN_TRY(dnnl_primitive_execute(*reorder, context->stream, 2, arguments));
    return dnnl_stream_wait(context->stream);
}

int codnn_weights_create(codnn_context* context, const codnn_primitive* primitive, const void* plain,
                         codnn_type plain_type, codnn_weights** weights) {
    if (!primitive->weights_layout)
        return dnnl_invalid_arguments;
    codnn_weights* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    codnn_recipe with = {0};
    dnnl_memory_t from = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_status_t status = weights_build(context, primitive, plain, plain_type, &with, &from, &reorder, it);
    if (reorder)
        dnnl_primitive_destroy(reorder);
    if (from)
        dnnl_memory_destroy(from);
    codnn_recipe_destroy(&with);
    if (status == dnnl_success) {
        *weights = it;
    } else {
        codnn_weights_destroy(it);
    }
    return status;
}

static dnnl_status_t weights_adopt(codnn_context* context, const codnn_primitive* primitive,
                                   const void* bytes, size_t size, codnn_weights* it) {
    CODNN_TRY(codnn_layout_clone(&it->layout, primitive->weights_layout));
    it->size = dnnl_memory_desc_get_size(it->layout);
    if (it->size > size)
        return dnnl_invalid_arguments;
    return dnnl_memory_create(&it->memory, it->layout, context->engine, (void*)bytes);
}

int codnn_weights_adopt(codnn_context* context, const codnn_primitive* primitive, const void* bytes, size_t size,
                        codnn_weights** weights) {
    if (!primitive->weights_layout)
        return dnnl_invalid_arguments;
    codnn_weights* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    dnnl_status_t status = weights_adopt(context, primitive, bytes, size, it);
    if (status == dnnl_success) {
        *weights = it;
    } else {
        codnn_weights_destroy(it);
    }
    return status;
}

int codnn_weights_part(const codnn_weights* weights, int64_t first, int64_t count) {
    int64_t outputs = codnn_layout_outputs(weights->layout);
    if (first < 0 || count < 1 || first > outputs - count || weights->size % (size_t)outputs != 0)
        return dnnl_invalid_arguments;
    size_t row = weights->size / (size_t)outputs;
    layout part = NULL, beginning = NULL;
    // oneDNN refuses parts that do not begin and end with its blocks.
    dnnl_status_t status = codnn_layout_part(&part, weights->layout, first, count);
    if (status == dnnl_success)
        status = codnn_layout_part(&beginning, weights->layout, 0, count);
    // If weights of other outputs lie in between, the part extends over more bytes than it has.
    if (status == dnnl_success && dnnl_memory_desc_get_size(beginning) != row * (size_t)count)
        status = dnnl_unimplemented;
    codnn_layout_destroy(part);
    codnn_layout_destroy(beginning);
    return status;
}

void codnn_weights_destroy(codnn_weights* weights) {
    if (!weights)
        return;
    if (weights->memory)
        dnnl_memory_destroy(weights->memory);
    codnn_layout_destroy(weights->layout);
    free(weights);
}

size_t codnn_weights_size(const codnn_weights* weights) {
    return weights->size;
}

const void* codnn_weights_bytes(const codnn_weights* weights) {
    void* bytes = NULL;
    return dnnl_memory_get_data_handle(weights->memory, &bytes) == dnnl_success ? bytes : NULL;
}
