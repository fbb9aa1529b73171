// What Swift cannot call in libcurl: its variadic functions, and the socket address that is longer than its declared
// type. Nothing is decided here.

#ifndef CLIP_CCURL_SHIM_H
#define CLIP_CCURL_SHIM_H

#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#ifdef __linux__
#include <idn2.h>
#endif

// Sets libcurl up for this process, once however often it is called. Returns false if that fails, or if this libcurl's
// name look-ups would block the thread.
bool clip_curl_start(void);

// The versions of the loaded library and of its TLS library; Swift cannot pass the function's argument, which is a
// macro.
static inline const char* clip_curl_version(void) { return curl_version_info(CURLVERSION_NOW)->version; }

// NULL if there is none.
static inline const char* clip_curl_tls_version(void) { return curl_version_info(CURLVERSION_NOW)->ssl_version; }

static inline CURLcode clip_curl_set_long(CURL* easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode clip_curl_set_offset(CURL* easy, CURLoption option, int64_t value) {
    return curl_easy_setopt(easy, option, (curl_off_t)value);
}

// libcurl keeps a copy of the string.
static inline CURLcode clip_curl_set_string(CURL* easy, CURLoption option, const char* value) {
    return curl_easy_setopt(easy, option, value);
}

// Allows only http and https, for requests and for redirects. The option that takes names came with 7.85; the bit mask
// that it replaced does the same.
static inline CURLcode clip_curl_allow_only_http_and_https(CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    return code != CURLE_OK
               ? code
               : curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// Lets a transfer end without waiting for its name look-up: the look-up's thread is detached and frees what it owns
// when the system answers. Before 7.87 there is no such option, and the end of one transfer can hold up others.
static inline CURLcode clip_curl_leave_name_lookup_behind(CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
    return CURLE_OK;
#endif
}

static inline CURLcode clip_curl_set_write_function(CURL* easy, curl_write_callback function, void* context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, function);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

static inline CURLcode clip_curl_set_header_function(CURL* easy, curl_write_callback function,
                                                     void* context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, function);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}

static inline CURLcode clip_curl_set_open_socket_function(CURL* easy, curl_opensocket_callback function,
                                                          void* context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
}

// Sets a function that is called about once a second during a transfer, and more often while bytes come; a result other
// than 0 ends the transfer.
static inline CURLcode clip_curl_set_progress_function(CURL* easy, curl_xferinfo_callback function, void* context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, function);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_XFERINFODATA, context);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
}

// Sets lines of the request's header. The list has to stay until the transfer ends.
static inline CURLcode clip_curl_set_header_lines(CURL* easy, struct curl_slist* lines) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
}

static inline CURLMcode clip_curl_multi_set_long(CURLM* multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline long clip_curl_response_status(CURL* easy) {
    long status = 0;
    return curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

// The length that the answer's header announces, or -1.
static inline int64_t clip_curl_announced_length(CURL* easy) {
    curl_off_t length = -1;
    return curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) == CURLE_OK ? length : -1;
}

// TLS sessions that transfers of one thread share, so that the next handshake with a host is short; NULL if there is no
// memory.
static inline CURLSH* clip_curl_new_sessions(void) {
    CURLSH* share = curl_share_init();
    if (share != NULL &&
        curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
        curl_share_cleanup(share);
        return NULL;
    }
    return share;
}

static inline CURLcode clip_curl_use_sessions(CURL* easy, CURLSH* share) {
    return curl_easy_setopt(easy, CURLOPT_SHARE, share);
}

// Writes the ASCII form of a UTF-8 name, by UTS 46; returns false if it has none that fits. libcurl uses the same
// library, but with the charset of the process's locale, which need not be UTF-8.
static inline bool clip_idn_ascii_name(const char* name, char* ascii, size_t capacity) {
#ifdef __linux__
    uint8_t* found = NULL;
    if (idn2_lookup_u8((const uint8_t*)name, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    size_t length = strlen((const char*)found);
    bool fits = length < capacity;
    if (fits)
        memcpy(ascii, found, length + 1);
    idn2_free(found);
    return fits;
#else
    (void)name;
    (void)ascii;
    (void)capacity;
    return false;
#endif
}

// Whether the name of the current request's host has been looked up (or needed no look-up).
static inline bool clip_curl_has_looked_up_name(CURL* easy) {
    curl_off_t microseconds = 0;
    return curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &microseconds) == CURLE_OK && microseconds > 0;
}

// The whole address; `addr` is declared as only its beginning.
static inline const void* clip_curl_whole_address(const struct curl_sockaddr* address) {
    return (const char*)address + offsetof(struct curl_sockaddr, addr);
}

// The IPv4 address in host byte order; false for another family.
static inline bool clip_curl_ipv4_address(const struct curl_sockaddr* address, uint32_t* value) {
    struct sockaddr_in socket_address;
    if (address->family != AF_INET || address->addrlen < sizeof socket_address)
        return false;
    memcpy(&socket_address, clip_curl_whole_address(address), sizeof socket_address);
    *value = ntohl(socket_address.sin_addr.s_addr);
    return true;
}

// The IPv6 address as its two halves, most significant first; false for another family.
static inline bool clip_curl_ipv6_address(const struct curl_sockaddr* address, uint64_t* high,
                                          uint64_t* low) {
    struct sockaddr_in6 socket_address;
    if (address->family != AF_INET6 || address->addrlen < sizeof socket_address)
        return false;
    memcpy(&socket_address, clip_curl_whole_address(address), sizeof socket_address);
    *high = 0;
    *low = 0;
    for (int index = 0; index < 8; index += 1) {
        *high = *high << 8 | socket_address.sin6_addr.s6_addr[index];
        *low = *low << 8 | socket_address.sin6_addr.s6_addr[8 + index];
    }
    return true;
}

// Opens a socket for the address, which child processes do not inherit.
static inline curl_socket_t clip_curl_open_socket(const struct curl_sockaddr* address) {
#ifdef SOCK_CLOEXEC
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    curl_socket_t handle = socket(address->family, address->socktype, address->protocol);
    if (handle != CURL_SOCKET_BAD)
        (void)fcntl(handle, F_SETFD, FD_CLOEXEC);
    return handle;
#endif
}

#endif
