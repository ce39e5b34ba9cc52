#include "COpenSSL.h"

#include <openssl/evp.h>
#include <stdlib.h>

void *halfopen_sha256_begin(void) {
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    // Without memory for it, or without its own SHA-256, the library is of no use to anybody.
    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) abort();
    return digest;
}

void halfopen_sha256_add(void *digest, const uint8_t *bytes, size_t count) {
    if (count && EVP_DigestUpdate(digest, bytes, count) != 1) abort();
}

void halfopen_sha256_end(void *digest, uint8_t result[32]) {
    if (result && EVP_DigestFinal_ex(digest, result, NULL) != 1) abort();
    EVP_MD_CTX_free(digest);
}
