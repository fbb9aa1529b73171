// The function is libFuzzer's; this file exists because a target needs a source file.
#include "fuzzer.h"
