#include "internal.h"

#include <stdlib.h>

dnnl_data_type_t codnn_data_type(codnn_type type) {
    return type == codnn_bf16 ? dnnl_bf16 : type == codnn_s8 ? dnnl_s8 : dnnl_f32;
}

void codnn_layout_destroy(layout it) {
#if DNNL_VERSION_MAJOR >= 3
    if (it)
        dnnl_memory_desc_destroy(it);
#else
    free(it);
#endif
}

#if DNNL_VERSION_MAJOR < 3
// Frees a descriptor that oneDNN refused to fill.
static dnnl_status_t layout_checked(layout* it, dnnl_status_t status) {
    if (status != dnnl_success) {
        free(*it);
        *it = NULL;
    }
    return status;
}
#endif

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

dnnl_status_t codnn_layout_create(layout* out, int rank, const int64_t* dimensions, const int64_t* strides,
                                  dnnl_data_type_t type) {
    dnnl_dims_t sizes = {0}, steps = {0};
    for (int i = 0; i < rank; i++) {
        sizes[i] = dimensions[i];
        steps[i] = strides[i];
    }
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_strides(out, rank, sizes, type, steps);
#else
    *out = malloc(sizeof **out);
    if (!*out)
        return dnnl_out_of_memory;
    return layout_checked(out, dnnl_memory_desc_init_by_strides(*out, rank, sizes, type, steps));
#endif
}

dnnl_status_t codnn_layout_create_tagged(layout* out, int rank, const int64_t* dimensions,
                                         dnnl_format_tag_t tag, dnnl_data_type_t type) {
    dnnl_dims_t sizes = {0};
    for (int i = 0; i < rank; i++)
        sizes[i] = dimensions[i];
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_tag(out, rank, sizes, type, tag);
#else
    *out = malloc(sizeof **out);
    if (!*out)
        return dnnl_out_of_memory;
    return layout_checked(out, dnnl_memory_desc_init_by_tag(*out, rank, sizes, type, tag));
#endif
}

dnnl_status_t codnn_layout_create_plain(layout* out, const_layout of, dnnl_data_type_t type) {
    dnnl_dims_t strides = {0};
    int64_t step = 1;
#if DNNL_VERSION_MAJOR >= 3
    int rank = 0;
    dnnl_dims_t* sizes = NULL;
    CODNN_TRY(dnnl_memory_desc_query(of, dnnl_query_ndims_s32, &rank));
    CODNN_TRY(dnnl_memory_desc_query(of, dnnl_query_dims, &sizes));
    const int64_t* dimensions = *sizes;
#else
    int rank = of->ndims;
    const int64_t* dimensions = of->dims;
#endif
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= dimensions[i];
    }
    return codnn_layout_create(out, rank, dimensions, strides, type);
}

dnnl_status_t codnn_layout_create_dense(layout* out, int64_t rows, int64_t width, dnnl_data_type_t type) {
    return codnn_layout_create(out, 2, (int64_t[]){rows, width}, (int64_t[]){width, 1}, type);
}

dnnl_status_t codnn_layout_create_vector(layout* out, int64_t width) {
    return codnn_layout_create(out, 1, (int64_t[]){width}, (int64_t[]){1}, dnnl_f32);
}

int codnn_layout_rank(const_layout of) {
#if DNNL_VERSION_MAJOR >= 3
    int rank = 0;
    return dnnl_memory_desc_query(of, dnnl_query_ndims_s32, &rank) == dnnl_success ? rank : 0;
#else
    return of->ndims;
#endif
}

int64_t codnn_layout_outputs(const_layout of) {
#if DNNL_VERSION_MAJOR >= 3
    dnnl_dims_t* sizes = NULL;
    return dnnl_memory_desc_query(of, dnnl_query_dims, &sizes) == dnnl_success ? (*sizes)[0] : 0;
#else
    return of->dims[0];
#endif
}

dnnl_status_t codnn_layout_part(layout* out, const_layout of, int64_t first, int64_t count) {
    dnnl_dims_t sizes = {0}, begins = {first};
#if DNNL_VERSION_MAJOR >= 3
    int rank = 0;
    dnnl_dims_t* whole = NULL;
    CODNN_TRY(dnnl_memory_desc_query(of, dnnl_query_ndims_s32, &rank));
    CODNN_TRY(dnnl_memory_desc_query(of, dnnl_query_dims, &whole));
    for (int i = 0; i < rank; i++)
        sizes[i] = i == 0 ? count : (*whole)[i];
    return dnnl_memory_desc_create_submemory(out, of, sizes, begins);
#else
    for (int i = 0; i < of->ndims; i++)
        sizes[i] = i == 0 ? count : of->dims[i];
    *out = malloc(sizeof **out);
    if (!*out)
        return dnnl_out_of_memory;
    return layout_checked(out, dnnl_memory_desc_init_submemory(*out, of, sizes, begins));
#endif
}
