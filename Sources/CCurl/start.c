#include "CCurl.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_ready;

static void start(void) {
    is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
               (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) != 0;
}

bool clip_curl_start(void) {
    pthread_once(&once, start);
    return is_ready;
}
