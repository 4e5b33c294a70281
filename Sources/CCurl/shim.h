#pragma once
// curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic: Swift cannot import them.
#include <curl/curl.h>

typedef size_t (*ccurl_data_fn)(char *, size_t, size_t, void *);
typedef int (*ccurl_transfer_fn)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
typedef int (*ccurl_seek_fn)(void *, curl_off_t, int);
typedef curl_socket_t (*ccurl_socket_fn)(void *, curlsocktype, struct curl_sockaddr *);
typedef int (*ccurl_prereq_fn)(void *, char *, char *, int, int);

static inline CURLcode ccurl_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_off(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_string(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_set_data_fn(CURL *h, CURLoption o, ccurl_data_fn f) { return curl_easy_setopt(h, o, f); }
static inline CURLcode ccurl_set_seek_fn(CURL *h, ccurl_seek_fn f) {
    return curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, f);
}
static inline CURLcode ccurl_set_transfer_fn(CURL *h, ccurl_transfer_fn f) {
    return curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, f);
}
static inline CURLcode ccurl_set_socket_fn(CURL *h, ccurl_socket_fn f) {
    return curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, f);
}
static inline CURLcode ccurl_set_prereq_fn(CURL *h, ccurl_prereq_fn f) {
    return curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, f);
}
static inline CURLcode ccurl_get_long(CURL *h, CURLINFO i, long *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode ccurl_get_off(CURL *h, CURLINFO i, curl_off_t *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLMcode ccurl_multi_set_long(CURLM *m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
// CURLMsg.data is an anonymous union.
static inline CURLcode ccurl_message_result(CURLMsg *m) { return m->data.result; }
// A cast macro that Swift skips.
static const long CCURL_GLOBAL_ALL = CURL_GLOBAL_ALL;
