#ifndef _GNU_SOURCE
#define _GNU_SOURCE // RTLD_DEFAULT
#endif

#include "internal.h"

#include <dlfcn.h>
#include <stdlib.h>

void codnn_version(int* major, int* minor, int* patch) {
    const dnnl_version_t* version = dnnl_version();
    *major = version->major;
    *minor = version->minor;
    *patch = version->patch;
}

bool codnn_uses_bf16(void) {
#if defined(__x86_64__)
    const int needed = dnnl_cpu_isa_avx512_core_bf16;
    return ((int)dnnl_get_effective_cpu_isa() & needed) == needed;
#else
    return true;
#endif
}

bool codnn_set_threads(int threads) {
    void (*set)(int);
    *(void**)&set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (!set)
        return false;
    set(threads);
    return true;
}

int codnn_engine_create(codnn_engine** engine) {
    codnn_engine* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    dnnl_status_t status = dnnl_engine_create(&it->engine, dnnl_cpu, 0);
    if (status != dnnl_success) {
        codnn_engine_destroy(it);
        return status;
    }
    *engine = it;
    return dnnl_success;
}

void codnn_engine_destroy(codnn_engine* engine) {
    if (!engine)
        return;
    if (engine->engine)
        dnnl_engine_destroy(engine->engine);
    free(engine);
}

int codnn_context_create(codnn_engine* engine, codnn_context** context) {
    codnn_context* it = calloc(1, sizeof *it);
    if (!it)
        return dnnl_out_of_memory;
    it->engine = engine->engine;
    dnnl_status_t status = dnnl_stream_create(&it->stream, it->engine, dnnl_stream_default_flags);
    if (status != dnnl_success) {
        codnn_context_destroy(it);
        return status;
    }
    *context = it;
    return dnnl_success;
}

void codnn_context_destroy(codnn_context* context) {
    if (!context)
        return;
    if (context->stream)
        dnnl_stream_destroy(context->stream);
    free(context);
}
