// What follows a matrix product in an MLP.

#ifndef CLIP_CSIMD_ACTIVATION_H
#define CLIP_CSIMD_ACTIVATION_H

#include "vectors.h"

// erf by Abramowitz and Stegun 7.1.26, whose error is at most 1.5e-7.
INLINE vector error_function(vector x) {
    vector a = magnitude(x);
    vector t = 1.0f / (1.0f + 0.3275911f * a);
    vector p = splat(1.061405429f);
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    vector r = 1.0f - p * t * exponential(-a * a);
    return chosen(x < 0.0f, -r, r);
}

INLINE vector activate(csimd_activation activation, vector x) {
    switch (activation) {
    case csimd_activation_quick_gelu:
        return x / (1.0f + exponential(-1.702f * x));
    case csimd_activation_gelu:
        return 0.5f * x * (1.0f + error_function(x * 0.70710678118654752f));
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
