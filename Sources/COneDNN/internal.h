// What the files of this target share. The differences between oneDNN 2.x and 3.x are in layouts.c, and in primitives.c
// and maps.c under DNNL_VERSION_MAJOR.

#ifndef CLIP_CONEDNN_INTERNAL_H
#define CLIP_CONEDNN_INTERNAL_H

#include "COneDNN.h"

#include <oneapi/dnnl/dnnl.h>

#define CODNN_TRY(expression)                                                                                \
    do {                                                                                                     \
        dnnl_status_t codnn_status = (expression);                                                           \
        if (codnn_status != dnnl_success)                                                                    \
            return codnn_status;                                                                             \
    } while (0)

// A memory descriptor: how the numbers of a matrix lie in memory.
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout; // an opaque pointer
typedef const_dnnl_memory_desc_t const_layout;
#else
typedef dnnl_memory_desc_t* layout; // on the heap, so that both versions pass a pointer
typedef const dnnl_memory_desc_t* const_layout;
#endif

void codnn_layout_destroy(layout it);
dnnl_status_t codnn_layout_clone(layout* out, const_layout it);
dnnl_data_type_t codnn_data_type(codnn_type type);
// Makes a layout of numbers with the given strides.
dnnl_status_t codnn_layout_create(layout* out, int rank, const int64_t* dimensions, const int64_t* strides,
                                  dnnl_data_type_t type);
dnnl_status_t codnn_layout_create_dense(layout* out, int64_t rows, int64_t width, dnnl_data_type_t type);
// Makes the layout of a vector of floats.
dnnl_status_t codnn_layout_create_vector(layout* out, int64_t width);
// Makes a layout in one of oneDNN's named orders or, with dnnl_format_tag_any, in the one that the primitive prefers.
dnnl_status_t codnn_layout_create_tagged(layout* out, int rank, const int64_t* dimensions,
                                         dnnl_format_tag_t tag, dnnl_data_type_t type);
// Makes a layout with the dimensions of another one, where numbers of the last dimension lie side by side.
dnnl_status_t codnn_layout_create_plain(layout* out, const_layout of, dnnl_data_type_t type);
int codnn_layout_rank(const_layout of);

// The length of the first dimension.
int64_t codnn_layout_outputs(const_layout of);

// Makes the layout of some outputs' weights within the memory of all.
dnnl_status_t codnn_layout_part(layout* out, const_layout of, int64_t first, int64_t count);

struct codnn_engine {
    dnnl_engine_t engine;
};

struct codnn_context {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

// The description of a primitive, which is freed once the primitive exists.
typedef struct {
    layout source, weights, bias, destination;
    dnnl_primitive_attr_t attributes;
    dnnl_primitive_desc_t description;
} codnn_recipe;

void codnn_recipe_destroy(codnn_recipe* it);

enum { slot_source, slot_weights, slot_bias, slot_destination, slot_scratchpad, slot_count };

struct codnn_primitive {
    dnnl_primitive_t primitive;
    // Memory objects without memory: execution only sets their pointers, so that it allocates nothing. There is one for
    // weights only if they are a part of others, since whole weights have an object of their own.
    dnnl_memory_t memories[slot_count];
    int arguments[slot_count];
    layout weights_layout; // NULL if there are no weights
    size_t scratchpad_size;
};

dnnl_status_t codnn_attributes_create(dnnl_primitive_attr_t* out);
// Describes a convolution with these layouts, by the algorithm that sums the products directly: Winograd's is less
// exact.
dnnl_status_t codnn_convolution_describe(codnn_context* context, codnn_recipe* with, int64_t stride,
                                         int64_t padding);
dnnl_status_t codnn_append_eltwise(dnnl_post_ops_t operations, dnnl_alg_kind_t kind, float alpha);
dnnl_status_t codnn_append_sum(dnnl_post_ops_t operations);
dnnl_status_t codnn_slot_fill(codnn_context* context, codnn_primitive* it, int slot, int argument,
                              const_layout is);
dnnl_status_t codnn_primitive_finish(codnn_context* context, codnn_primitive* it,
                                     dnnl_primitive_desc_t description);
// Returns the primitive if it was made; otherwise frees what exists of it.
int codnn_primitive_hand_over(codnn_primitive* it, dnnl_status_t status, codnn_primitive** out);

struct codnn_weights {
    dnnl_memory_t memory;
    layout layout;
    size_t size;
};

#endif
