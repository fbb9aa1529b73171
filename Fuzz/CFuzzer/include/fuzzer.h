#ifndef CLIP_FUZZER_H
#define CLIP_FUZZER_H

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's loop, from the archive that has no `main` of its own; it ends the process when it is done.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
