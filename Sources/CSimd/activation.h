// What follows a matrix product in an MLP.

#ifndef CLIP_CSIMD_ACTIVATION_H
#define CLIP_CSIMD_ACTIVATION_H

#include "vectors.h"

// x times the normal distribution, by Abramowitz and Stegun 7.1.26 for erf(x / sqrt 2), whose error is at most 1.5e-7.
// The part of the distribution beyond |x| is what is lost of a positive x, and kept of a negative one.
INLINE vector gelu(vector x) {
    vector a = magnitude(x);
    vector t = 1.0f / (1.0f + 0.23164188f * a); // 0.3275911 / sqrt 2
    vector p = splat(0.5307027145f);
    p = p * t - 0.7265760135f;
    p = p * t + 0.7107068705f;
    p = p * t - 0.142248368f;
    p = p * t + 0.127414796f;
    vector beyond = p * t * exponential(x * x * -0.5f);
    return larger(x, splat(0.0f)) - a * beyond;
}

INLINE vector activate(csimd_activation activation, vector x) {
    switch (activation) {
    case csimd_activation_quick_gelu:
        return x / (1.0f + exponential(-1.702f * x));
    case csimd_activation_gelu:
        return gelu(x);
    case csimd_activation_tanh_gelu: {
        // (1 + tanh y) / 2 is the sigmoid of 2 y.
        vector y = 0.79788456080286536f * (x + 0.044715f * x * x * x);
        return x / (1.0f + exponential(-2.0f * y));
    }
    case csimd_activation_none:
        break;
    }
    return x;
}

#endif
