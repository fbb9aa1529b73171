#include "CCrypto.h"

#include <stdlib.h>

#ifdef __APPLE__

#include <CommonCrypto/CommonDigest.h>

struct clip_digest {
    bool is_sha1;
    union {
        CC_SHA256_CTX sha256;
        CC_SHA1_CTX sha1;
    } state;
};

static clip_digest* make(bool is_sha1) {
    clip_digest* digest = malloc(sizeof *digest);
    if (digest == NULL)
        return NULL;
    digest->is_sha1 = is_sha1;
    if (is_sha1)
        CC_SHA1_Init(&digest->state.sha1);
    else
        CC_SHA256_Init(&digest->state.sha256);
    return digest;
}

clip_digest* clip_digest_new_sha256(void) {
    return make(false);
}

clip_digest* clip_digest_new_sha1(void) {
    return make(true);
}

bool clip_digest_add(clip_digest* digest, const void* bytes, size_t count) {
    // The library counts bytes in 32 bits.
    const unsigned char* next = bytes;
    while (count > 0) {
        CC_LONG some = count > 1 << 30 ? 1 << 30 : (CC_LONG)count;
        if (digest->is_sha1)
            CC_SHA1_Update(&digest->state.sha1, next, some);
        else
            CC_SHA256_Update(&digest->state.sha256, next, some);
        next += some;
        count -= some;
    }
    return true;
}

size_t clip_digest_finish(clip_digest* digest, unsigned char result[32]) {
    if (digest->is_sha1)
        CC_SHA1_Final(result, &digest->state.sha1);
    else
        CC_SHA256_Final(result, &digest->state.sha256);
    return digest->is_sha1 ? 20 : 32;
}

void clip_digest_free(clip_digest* digest) {
    free(digest);
}

const char* clip_crypto_version(void) { return "Common Crypto"; }

#else

#include <openssl/crypto.h>
#include <openssl/evp.h>

struct clip_digest {
    EVP_MD_CTX* state;
};

static clip_digest* make(const EVP_MD* kind) {
    clip_digest* digest = malloc(sizeof *digest);
    if (digest == NULL)
        return NULL;
    digest->state = EVP_MD_CTX_new();
    if (digest->state == NULL || EVP_DigestInit_ex(digest->state, kind, NULL) != 1) {
        clip_digest_free(digest);
        return NULL;
    }
    return digest;
}

clip_digest* clip_digest_new_sha256(void) {
    return make(EVP_sha256());
}

clip_digest* clip_digest_new_sha1(void) {
    return make(EVP_sha1());
}

bool clip_digest_add(clip_digest* digest, const void* bytes, size_t count) {
    return EVP_DigestUpdate(digest->state, bytes, count) == 1;
}

size_t clip_digest_finish(clip_digest* digest, unsigned char result[32]) {
    unsigned int count = 0;
    return EVP_DigestFinal_ex(digest->state, result, &count) == 1 ? count : 0;
}

void clip_digest_free(clip_digest* digest) {
    if (digest != NULL)
        EVP_MD_CTX_free(digest->state);
    free(digest);
}

const char* clip_crypto_version(void) { return OpenSSL_version(OPENSSL_VERSION); }

#endif
