#include "internal.h"

#include <pthread.h>
#include <stdlib.h>

#if DNNL_VERSION_MAJOR < 3
// oneDNN 2.6 keeps the block size of the convolution that it describes in a variable of the process
// (brg_blocking_t::last_ic_block_size). If a second thread describes a convolution of another format meanwhile, either
// may become a kernel that reads past its channels, for as long as the process lives. 3.0 gives every thread a variable
// of its own.
static pthread_mutex_t describing = PTHREAD_MUTEX_INITIALIZER;
#endif

static dnnl_format_tag_t tag(codnn_maps it) {
    return it == codnn_maps_interleaved  ? dnnl_nhwc
           : it == codnn_maps_blocked_8  ? dnnl_nChw8c
           : it == codnn_maps_blocked_16 ? dnnl_nChw16c
                                         : dnnl_nchw;
}

static dnnl_status_t finish_append(dnnl_primitive_attr_t attributes, codnn_finish finish) {
    if (finish == codnn_finish_none)
        return dnnl_success;
    dnnl_post_ops_t operations = NULL;
    dnnl_status_t status = dnnl_post_ops_create(&operations);
    if (status == dnnl_success && finish == codnn_finish_sum_relu)
        status = codnn_append_sum(operations);
    if (status == dnnl_success)
        status = codnn_append_eltwise(operations, dnnl_eltwise_relu, 0.0f);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(attributes, operations);
    if (operations)
        dnnl_post_ops_destroy(operations);
    return status;
}

// Describes a convolution with the algorithm that sums the products directly: Winograd's is less exact.
dnnl_status_t codnn_convolution_describe(codnn_context* context, codnn_recipe* with, int64_t stride,
                                         int64_t padding) {
    dnnl_dims_t strides = {stride, stride};
    dnnl_dims_t around = {padding, padding};
#if DNNL_VERSION_MAJOR >= 3
    dnnl_dims_t dilations = {0, 0};
    return dnnl_convolution_forward_primitive_desc_create(
        &with->description, context->engine, dnnl_forward_inference, dnnl_convolution_direct, with->source,
        with->weights, with->bias, with->destination, strides, dilations, around, around, with->attributes);
#else
    dnnl_convolution_desc_t operation;
    CODNN_TRY(dnnl_convolution_forward_desc_init(&operation, dnnl_forward_inference, dnnl_convolution_direct,
                                                 with->source, with->weights, with->bias, with->destination,
                                                 strides, around, around));
    pthread_mutex_lock(&describing);
    dnnl_status_t status = dnnl_primitive_desc_create(&with->description, &operation, with->attributes,
                                                      context->engine, NULL);
    pthread_mutex_unlock(&describing);
    return status;
#endif
}

static dnnl_status_t convolution_describe(codnn_context* context, codnn_recipe* with,
                                          const codnn_convolution* of, dnnl_format_tag_t source,
                                          dnnl_format_tag_t destination, const codnn_weights* packed) {
    if (of->stride < 1)
        return dnnl_invalid_arguments;
    dnnl_data_type_t type = codnn_data_type(of->type);
    int64_t output_size = (of->input_size + 2 * of->padding - of->kernel) / of->stride + 1;
    int64_t kernels[] = {of->outputs, of->inputs, of->kernel, of->kernel};
    CODNN_TRY(codnn_layout_create_tagged(
        &with->source, 4, (int64_t[]){of->images, of->inputs, of->input_size, of->input_size}, source, type));
    CODNN_TRY(codnn_layout_create_tagged(&with->destination, 4,
                                         (int64_t[]){of->images, of->outputs, output_size, output_size},
                                         destination, type));
    CODNN_TRY(codnn_layout_create_vector(&with->bias, of->outputs));
    if (packed)
        CODNN_TRY(codnn_layout_clone(&with->weights, packed->layout));
    else
        CODNN_TRY(codnn_layout_create_tagged(&with->weights, 4, kernels, dnnl_format_tag_any, type));
    CODNN_TRY(codnn_attributes_create(&with->attributes));
    CODNN_TRY(finish_append(with->attributes, of->finish));
    return codnn_convolution_describe(context, with, of->stride, of->padding);
}

// In ResNet-50 at 224 pixels, 3x3 kernels over 64 and more channels are more than half of all products.
static const codnn_convolution typical = {
    .images = 1,
    .inputs = 128,
    .outputs = 128,
    .input_size = 28,
    .kernel = 3,
    .stride = 1,
    .padding = 1,
    .finish = codnn_finish_relu,
};

int codnn_maps_choose(codnn_context* context, codnn_type type, codnn_maps* maps) {
    codnn_recipe with = {0};
    codnn_convolution asked = typical;
    asked.type = type;
    dnnl_status_t status =
        convolution_describe(context, &with, &asked, dnnl_format_tag_any, dnnl_format_tag_any, NULL);
    codnn_maps found = codnn_maps_planes;
    for (int it = codnn_maps_interleaved; status == dnnl_success && it <= codnn_maps_blocked_16; it++) {
        layout named = NULL;
        status = codnn_layout_create_tagged(
            &named, 4, (int64_t[]){typical.images, typical.inputs, typical.input_size, typical.input_size},
            tag((codnn_maps)it), codnn_data_type(type));
        if (status == dnnl_success &&
            dnnl_memory_desc_equal(named,
                                   dnnl_primitive_desc_query_md(with.description, dnnl_query_src_md, 0)))
            found = (codnn_maps)it;
        codnn_layout_destroy(named);
    }
    codnn_recipe_destroy(&with);
    *maps = found;
    return status;
}

static dnnl_status_t convolution_build(codnn_context* context, codnn_recipe* with,
                                       const codnn_convolution* of, const codnn_weights* packed,
                                       codnn_primitive* it) {
    CODNN_TRY(convolution_describe(context, with, of, tag(of->source), tag(of->destination), packed));
    CODNN_TRY(codnn_layout_clone(&it->weights_layout,
                                 dnnl_primitive_desc_query_md(with->description, dnnl_query_weights_md, 0)));
    CODNN_TRY(codnn_slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(codnn_slot_fill(context, it, slot_bias, DNNL_ARG_BIAS, with->bias));
    CODNN_TRY(codnn_slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->destination));
    return codnn_primitive_finish(context, it, with->description);
}

int codnn_convolution_create(codnn_context* context, const codnn_convolution* of, const codnn_weights* packed,
                             codnn_primitive** primitive) {
    codnn_primitive* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    codnn_recipe with = {0};
    dnnl_status_t status = convolution_build(context, &with, of, packed, it);
    codnn_recipe_destroy(&with);
    return codnn_primitive_hand_over(it, status, primitive);
}

static dnnl_status_t average_build(codnn_context* context, codnn_recipe* with, int64_t images,
                                   int64_t channels, int64_t input_size, int64_t window, codnn_maps maps,
                                   dnnl_data_type_t type, codnn_primitive* it) {
    if (window < 1)
        return dnnl_invalid_arguments;
    int64_t output_size = input_size / window;
    dnnl_dims_t windows = {window, window};
    dnnl_dims_t none = {0, 0};
    CODNN_TRY(codnn_layout_create_tagged(
        &with->source, 4, (int64_t[]){images, channels, input_size, input_size}, tag(maps), type));
    CODNN_TRY(codnn_layout_create_tagged(
        &with->destination, 4, (int64_t[]){images, channels, output_size, output_size}, tag(maps), type));
    CODNN_TRY(codnn_attributes_create(&with->attributes));
#if DNNL_VERSION_MAJOR >= 3
    CODNN_TRY(dnnl_pooling_forward_primitive_desc_create(
        &with->description, context->engine, dnnl_forward_inference, dnnl_pooling_avg_exclude_padding,
        with->source, with->destination, windows, windows, none, none, none, with->attributes));
#else
    dnnl_pooling_v2_desc_t operation;
    CODNN_TRY(dnnl_pooling_v2_forward_desc_init(&operation, dnnl_forward_inference,
                                                dnnl_pooling_avg_exclude_padding, with->source,
                                                with->destination, windows, windows, none, none, none));
    CODNN_TRY(
        dnnl_primitive_desc_create(&with->description, &operation, with->attributes, context->engine, NULL));
#endif
    CODNN_TRY(codnn_slot_fill(context, it, slot_source, DNNL_ARG_SRC, with->source));
    CODNN_TRY(codnn_slot_fill(context, it, slot_destination, DNNL_ARG_DST, with->destination));
    return codnn_primitive_finish(context, it, with->description);
}

int codnn_average_create(codnn_context* context, int64_t images, int64_t channels, int64_t input_size,
                         int64_t window, codnn_maps maps, codnn_type type, codnn_primitive** primitive) {
    codnn_primitive* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    codnn_recipe with = {0};
    dnnl_status_t status =
        average_build(context, &with, images, channels, input_size, window, maps, codnn_data_type(type), it);
    codnn_recipe_destroy(&with);
    return codnn_primitive_hand_over(it, status, primitive);
}
