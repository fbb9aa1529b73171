#include "internal.h"

#include <stdlib.h>

void codnn_layout_destroy(layout it) {
#if DNNL_VERSION_MAJOR >= 3
    if (it)
        dnnl_memory_desc_destroy(it);
#else
    free(it);
#endif
}

dnnl_status_t codnn_layout_clone(layout* out, const_layout it) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_clone(out, it);
#else
    *out = malloc(sizeof **out);
    if (!*out)
        return dnnl_out_of_memory;
    **out = *it;
    return dnnl_success;
#endif
}

dnnl_status_t codnn_layout_create(layout* out, int rank, const int64_t* dimensions, const int64_t* strides) {
    dnnl_dims_t sizes = {0}, steps = {0};
    for (int i = 0; i < rank; i++)
        sizes[i] = dimensions[i];
    for (int i = 0; strides && i < rank; i++)
        steps[i] = strides[i];
#if DNNL_VERSION_MAJOR >= 3
    if (!strides)
        return dnnl_memory_desc_create_with_tag(out, rank, sizes, dnnl_f32, dnnl_format_tag_any);
    return dnnl_memory_desc_create_with_strides(out, rank, sizes, dnnl_f32, steps);
#else
    *out = malloc(sizeof **out);
    if (!*out)
        return dnnl_out_of_memory;
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

dnnl_status_t codnn_layout_create_dense(layout* out, int64_t rows, int64_t width) {
    return codnn_layout_create(out, 2, (int64_t[]){rows, width}, (int64_t[]){width, 1});
}

dnnl_status_t codnn_layout_create_vector(layout* out, int64_t width) {
    return codnn_layout_create(out, 1, (int64_t[]){width}, (int64_t[]){1});
}
