#pragma once

#include <curl/curl.h>

// Swift cannot call C's variadic functions; each of these fixes the argument's type.

static inline CURLcode ccurl_setopt_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_setopt_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_setopt_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*ccurl_write_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_setopt_write(CURL *handle, CURLoption option, ccurl_write_callback value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_getinfo_long(CURL *handle, CURLINFO field, long *value) {
    return curl_easy_getinfo(handle, field, value);
}

static inline CURLcode ccurl_getinfo_int64(CURL *handle, CURLINFO field, curl_off_t *value) {
    return curl_easy_getinfo(handle, field, value);
}
