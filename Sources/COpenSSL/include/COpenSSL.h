// Certificates and digests by OpenSSL's libcrypto. Its own functions are full of macros and of objects to be freed in
// the right order; a certificate from here is a text that goes into a file.
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
