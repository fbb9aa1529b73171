// Computes SHA-256 and SHA-1 piece by piece with the system's library: OpenSSL, or Common Crypto on Apple's systems.

#ifndef CLIP_CCRYPTO_H
#define CLIP_CCRYPTO_H

#include <stdbool.h>
#include <stddef.h>

typedef struct clip_digest clip_digest;

// Begins a digest; NULL if there is no memory or the library lacks the function.
clip_digest* clip_digest_new_sha256(void);
clip_digest* clip_digest_new_sha1(void);

// Adds bytes; returns false if the library fails.
bool clip_digest_add(clip_digest* digest, const void* bytes, size_t count);

// Writes 32 or 20 bytes and returns their number; 0 if the library fails. The digest cannot be used afterwards.
size_t clip_digest_finish(clip_digest* digest, unsigned char result[32]);

void clip_digest_free(clip_digest* digest);

// The version of the loaded library, such as "OpenSSL 3.0.17 1 Jul 2025".
const char* clip_crypto_version(void);

#endif
