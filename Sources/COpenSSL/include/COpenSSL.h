// Certificates, digests and TLS by OpenSSL. Its own functions are full of macros and of objects to be freed in the
// right order; a certificate from here is a text that goes into a file, and a TLS session takes and gives bytes:
// whoever owns the socket moves them.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// What a certificate says.
struct halfopen_certificate {
    /// CN of its owner.
    const char *name;
    /// As OpenSSL's configuration has subjectAltName: "DNS:broker,IP:10.77.1.6". NULL for an authority.
    const char *alternatives;
    /// Seconds since 1970.
    int64_t not_before, not_after;
    uint64_t serial;
    /// The owner's private key, PEM.
    const char *key;
    /// Who vouches for it, certificate and private key, PEM; NULL for an authority, which does that itself.
    const char *issuer, *issuer_key;
};

/// A new private key, P-256, as PEM (PKCS #8); to be freed. NULL on failure, and `*reason` says why.
char *halfopen_key_make(const char **reason);
/// The certificate as PEM, X.509 version 3, signed with SHA-256; to be freed. NULL on failure, and `*reason` says why.
char *halfopen_certificate_make(const struct halfopen_certificate *request, const char **reason);

/// A SHA-256 over bytes that come in pieces; to be ended once.
void *halfopen_sha256_begin(void);
void halfopen_sha256_add(void *digest, const uint8_t *bytes, size_t count);
/// The digest, unless `result` is NULL; frees it.
void halfopen_sha256_end(void *digest, uint8_t *result);

/// What a side's TLS sessions have in common. Versions: 0 to 3 for TLS 1.0 to 1.3.
struct halfopen_tls {
    int is_server;
    int lowest, highest;
    /// Of a server: files with its certificate (and those between it and its authority) and its key, PEM.
    const char *certificate, *key;
    /// Of a client: file with the certificates of authorities, PEM; NULL for those of the machine.
    const char *authority;
    /// Of a client: HALFOPEN_TRUST_...
    int trust;
};

/// Whose certificate a client takes: one that is good (all that OpenSSL checks, and the name), or, for clients that
/// err, any, one for another name, one that is out of its time.
enum { HALFOPEN_TRUST_GOOD, HALFOPEN_TRUST_ANYBODY, HALFOPEN_TRUST_ANY_NAME, HALFOPEN_TRUST_ANY_TIME };

/// To be freed, sessions hold it as long as they need it. NULL on failure, and `*reason` says why.
void *halfopen_tls_context(const struct halfopen_tls *settings, const char **reason);
void halfopen_tls_context_free(void *context);

/// Takes memory for many sessions at once, so that it is in one piece. In the lab kernel each piece of a process's
/// memory is a mapping of the host's, which allows 65,530; pages that are taken one by one, in turn with other
/// processes, are a piece each, and beyond 256 MiB of them the process dies.
void halfopen_tls_reserve(size_t bytes);

/// How a step of a session ended. MORE: what the other side says next is needed. ENDED: it has said that it closes.
/// NOT_TRUSTED: its certificate is refused. The last two come with a reason.
enum {
    HALFOPEN_TLS_DONE, HALFOPEN_TLS_MORE, HALFOPEN_TLS_ENDED, HALFOPEN_TLS_NOT_TRUSTED, HALFOPEN_TLS_FAILED
};

/// A session that has yet to shake hands; to be ended. `name`: whom a client wants to speak to, name or address; NULL
/// for a server. `says_name`: the name is sent (server_name), as it should be. NULL when that is no name.
void *halfopen_tls_begin(void *context, const char *name, int trust, int says_name);
void halfopen_tls_end(void *session);
/// Bytes from the other side.
void halfopen_tls_take(void *session, const uint8_t *bytes, size_t count);
/// Bytes for the other side: how many wait, and the first of them.
size_t halfopen_tls_waiting(void *session);
size_t halfopen_tls_give(void *session, uint8_t *bytes, size_t room);
int halfopen_tls_handshake(void *session, const char **reason);
/// After the handshake: what the other side said, or what it shall hear.
int halfopen_tls_read(void *session, uint8_t *bytes, size_t room, size_t *count, const char **reason);
int halfopen_tls_write(void *session, const uint8_t *bytes, size_t count, const char **reason);
/// Says close_notify.
void halfopen_tls_close(void *session);
/// SHA-256 of the other side's certificate; 0 when it has shown none.
int halfopen_tls_fingerprint(void *session, uint8_t *result);

/// What a WebSocket server answers to a client's key (RFC 6455, section 4.2.2): 28 characters and a zero.
void halfopen_websocket_accept(const char *key, char *result);
/// Base64, with a zero behind it: room for 4 characters for each 3 bytes begun, and 1.
void halfopen_base64(const uint8_t *bytes, size_t count, char *result);
