/* Speaks Halfopen's driver protocol (docs/driver-protocol.md). Copy this one file beside your driver and include it
 * from one of its files.
 *
 *     halfopen_hello("my-client", "1.2.0", NULL);
 *     halfopen_event("attempt");
 *     halfopen_event("connected");
 *     halfopen_number("received", "prices", 17);
 *     halfopen_text("error", "connection lost");
 *
 * Every event is stamped with CLOCK_MONOTONIC as the function is called and written at once, in one write(2) that no
 * other thread's event can fall into (lines are cut to 4096 bytes, PIPE_BUF). For fields that these functions do not
 * have, build the line with halfopen_begin, halfopen_string, halfopen_integer and halfopen_end.
 */
#ifndef HALFOPEN_DRIVER_H
#define HALFOPEN_DRIVER_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* One event's line while it is built. A field that has no room any more is left out whole. */
struct halfopen_line {
    char text[4096];
    size_t length;
};

static void halfopen_append_(struct halfopen_line *line, const char *text) {
    size_t length = strlen(text);
    /* Two bytes stay for the closing brace and the line's end. */
    if (line->length + length > sizeof line->text - 2) length = sizeof line->text - 2 - line->length;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

/* Bytes of the UTF-8 character that begins here; 0 when none does. */
static size_t halfopen_character_(const char *text) {
    const unsigned char *byte = (const unsigned char *)text;
    size_t size = byte[0] < 0x80 ? 1 : byte[0] < 0xc2 ? 0 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (byte[0] > 0xf4) return 0;
    for (size_t index = 1; index < size; index++)
        if ((byte[index] & 0xc0) != 0x80) return 0;
    if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f)) return 0;
    if ((byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f)) return 0;
    return size;
}

/* Text in quotes, cut to the room there is; whole characters only, and a question mark for a byte that is of none.
 * Returns 0 when there was no room at all. */
static int halfopen_quote_(struct halfopen_line *line, const char *text) {
    size_t room = sizeof line->text - 3;
    if (line->length + 1 > room) return 0;
    line->text[line->length++] = '"';
    while (*text) {
        char piece[8] = "?";
        size_t size = halfopen_character_(text), length = size > 0 ? size : 1;
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            length = (size_t)snprintf(piece, sizeof piece, "\\u%04x", *text);
        else if (size > 0)
            memcpy(piece, text, size);
        if (line->length + length > room) break;
        memcpy(line->text + line->length, piece, length);
        line->length += length;
        text += size > 0 ? size : 1;
    }
    line->text[line->length++] = '"';
    return 1;
}

static void halfopen_field_(struct halfopen_line *line, const char *key) {
    if (line->length > 1) halfopen_append_(line, ",");
    halfopen_quote_(line, key);
    halfopen_append_(line, ":");
}

/* A field of text; left out when the text is NULL. */
static inline void halfopen_string(struct halfopen_line *line, const char *key, const char *text) {
    struct halfopen_line before = *line;
    if (!text) return;
    halfopen_field_(line, key);
    if (!halfopen_quote_(line, text)) *line = before;
}

/* A field that is a whole number. */
static inline void halfopen_integer(struct halfopen_line *line, const char *key, int64_t value) {
    char digits[24];
    if (line->length + strlen(key) + 30 > sizeof line->text - 2) return;
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    halfopen_field_(line, key);
    halfopen_append_(line, digits);
}

/* A field that is true or false. */
static inline void halfopen_boolean(struct halfopen_line *line, const char *key, int value) {
    if (line->length + strlen(key) + 10 > sizeof line->text - 2) return;
    halfopen_field_(line, key);
    halfopen_append_(line, value ? "true" : "false");
}

/* Starts an event, stamped now. */
static inline struct halfopen_line halfopen_begin(const char *event) {
    struct halfopen_line line = {"{", 1};
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    halfopen_string(&line, "event", event);
    halfopen_integer(&line, "t", (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
    return line;
}

/* Says it. */
static inline void halfopen_end(struct halfopen_line *line) {
    const char *rest = line->text;
    memcpy(line->text + line->length, "}\n", 2);
    line->length += 2;
    while (line->length > 0) {
        ssize_t written = write(STDOUT_FILENO, rest, line->length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;
        rest += written;
        line->length -= (size_t)written;
    }
}

/* An event without fields: "attempt", "connected", "resumed". */
static inline void halfopen_event(const char *event) {
    struct halfopen_line line = halfopen_begin(event);
    halfopen_end(&line);
}

/* "sent", "received", "acked": message `sequence` of a stream. */
static inline void halfopen_number(const char *event, const char *stream, int64_t sequence) {
    struct halfopen_line line = halfopen_begin(event);
    halfopen_string(&line, "stream", stream);
    halfopen_integer(&line, "seq", sequence);
    halfopen_end(&line);
}

/* "error", "note": a text. */
static inline void halfopen_text(const char *event, const char *text) {
    struct halfopen_line line = halfopen_begin(event);
    halfopen_string(&line, "text", text);
    halfopen_end(&line);
}

/* "state" or "breaker": the state's name. */
static inline void halfopen_state(const char *event, const char *state) {
    struct halfopen_line line = halfopen_begin(event);
    halfopen_string(&line, "state", state);
    halfopen_end(&line);
}

/* The first event: the client library under test, its version, and the commands this driver knows, NULL at the end
 * (or NULL for none). */
static inline void halfopen_hello(const char *library, const char *version, const char *const *commands) {
    struct halfopen_line line = halfopen_begin("hello");
    halfopen_string(&line, "library", library);
    halfopen_string(&line, "version", version);
    struct halfopen_line without = line;
    halfopen_append_(&line, ",\"commands\":[");
    for (size_t index = 0; commands && commands[index]; index++) {
        if (index > 0) halfopen_append_(&line, ",");
        halfopen_quote_(&line, commands[index]);
    }
    if (line.length + 1 > sizeof line.text - 2) line = without;
    else halfopen_append_(&line, "]");
    halfopen_end(&line);
}

/* This driver cannot play the scenario: says why and ends the process with status 127, as the protocol asks. */
static inline void halfopen_unsupported(const char *reason) {
    halfopen_text("unsupported", reason);
    exit(127);
}

#endif
