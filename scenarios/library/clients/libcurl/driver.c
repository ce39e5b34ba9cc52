/* libcurl's easy interface, one handle for all requests, which keeps its connection alive:
 * libcurl --to HOST --settings SETTINGS --every SECONDS [--ca FILE]
 *
 * defaults: the address alone. Connecting may take 300 s, an answer for ever; no retry.
 * recommended: CURLOPT_CONNECTTIMEOUT and CURLOPT_TIMEOUT, TCP keep-alive probes, CURLOPT_NOSIGNAL.
 * https://curl.se/libcurl/c/CURLOPT_TIMEOUT.html https://curl.se/libcurl/c/CURLOPT_CONNECTTIMEOUT.html
 * https://curl.se/libcurl/c/CURLOPT_TCP_KEEPALIVE.html https://curl.se/libcurl/c/CURLOPT_NOSIGNAL.html
 */
#include <curl/curl.h>

#include "halfopen_driver.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t ignore(char *data, size_t size, size_t count, void *context) {
    (void)data, (void)context;
    return size * count;
}

static void answered(int64_t number, const char *reason) {
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)number);
    struct halfopen_line line = halfopen_begin("response");
    halfopen_string(&line, "id", id);
    halfopen_boolean(&line, "ok", reason == NULL);
    halfopen_string(&line, "reason", reason);
    halfopen_end(&line);
}

int main(int count, char **arguments) {
    const char *to = "localhost", *authority = NULL;
    int recommended = 0, works = 0;
    double every = 5;
    char address[256], id[24];
    for (int index = 1; index + 1 < count; index += 2) {
        if (!strcmp(arguments[index], "--to")) to = arguments[index + 1];
        if (!strcmp(arguments[index], "--settings")) recommended = !strcmp(arguments[index + 1], "recommended");
        if (!strcmp(arguments[index], "--every")) every = atof(arguments[index + 1]);
        if (!strcmp(arguments[index], "--ca")) authority = arguments[index + 1];
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    halfopen_hello("libcurl", curl_version_info(CURLVERSION_NOW)->version, NULL);
    CURL *client = curl_easy_init();
    snprintf(address, sizeof address, "%s://%s/", authority ? "https" : "http", to);
    curl_easy_setopt(client, CURLOPT_URL, address);
    curl_easy_setopt(client, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(client, CURLOPT_FAILONERROR, 1L);
    if (authority) curl_easy_setopt(client, CURLOPT_CAINFO, authority);
    if (recommended) {
        curl_easy_setopt(client, CURLOPT_CONNECTTIMEOUT, 10L);
        curl_easy_setopt(client, CURLOPT_TIMEOUT, 20L);
        curl_easy_setopt(client, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(client, CURLOPT_NOSIGNAL, 1L);
    }
    double due = now();
    int64_t answers = 0;
    for (int64_t number = 1;; number++) {
        double wait = due - now();
        if (wait > 0) usleep((useconds_t)(wait * 1e6));
        due = due + every > now() ? due + every : now();
        snprintf(id, sizeof id, "%lld", (long long)number);
        struct halfopen_line line = halfopen_begin("request");
        halfopen_string(&line, "id", id);
        halfopen_end(&line);
        CURLcode code = curl_easy_perform(client);
        if (code != CURLE_OK) {
            works = 0;
            halfopen_text("error", curl_easy_strerror(code));
            answered(number, curl_easy_strerror(code));
            continue;
        }
        if (!works) halfopen_event("connected");
        works = 1;
        answered(number, NULL);
        halfopen_number("received", "ticks", ++answers);
    }
}
