// The function is libFuzzer's; this file is here because a target needs one.
#include "fuzzer.h"
