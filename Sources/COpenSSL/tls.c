// For MADV_POPULATE_WRITE.
#define _GNU_SOURCE
#include "COpenSSL.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const char *failure(void)
{
    // The first is what went wrong; what follows it is who else was told.
    unsigned long code = ERR_get_error();
    const char *reason = ERR_reason_error_string(code);
    if (ERR_SYSTEM_ERROR(code))
        reason = strerror(ERR_GET_REASON(code));
    ERR_clear_error();
    return reason ? reason : "no reason given";
}

static int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};

// Only the time is not looked at; all else that OpenSSL finds stands.
static int in_time_anyway(int is_good, X509_STORE_CTX *store)
{
    int error = X509_STORE_CTX_get_error(store);
    if (error != X509_V_ERR_CERT_HAS_EXPIRED && error != X509_V_ERR_CERT_NOT_YET_VALID)
        return is_good;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static int set_up(SSL_CTX *context, const struct halfopen_tls *r)
{
    // No session is resumed: every connection shows its certificate, which may have changed since.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Thousands of connections are silent most of the time.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_num_tickets(context, 0) != 1
        || SSL_CTX_set_min_proto_version(context, versions[r->lowest]) != 1
        || SSL_CTX_set_max_proto_version(context, versions[r->highest]) != 1)
        return 0;
    // Below 1.2 the library wants to be told twice: level 0 allows the digests that those versions sign with.
    if (r->lowest < 2 && SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") != 1)
        return 0;
    if (r->certificate
        && (SSL_CTX_use_certificate_chain_file(context, r->certificate) != 1
            || SSL_CTX_use_PrivateKey_file(context, r->key, SSL_FILETYPE_PEM) != 1
            || SSL_CTX_check_private_key(context) != 1))
        return 0;
    if (r->is_server)
        return 1;
    SSL_CTX_set_verify(context, r->trust == HALFOPEN_TRUST_ANYBODY ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
        r->trust == HALFOPEN_TRUST_ANY_TIME ? in_time_anyway : NULL);
    return r->authority ? SSL_CTX_load_verify_locations(context, r->authority, NULL) == 1
                        : SSL_CTX_set_default_verify_paths(context) == 1;
}

void *halfopen_tls_context(const struct halfopen_tls *request, const char **reason)
{
    // As for certificates: the machine's openssl.cnf is not this program's.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(request->is_server ? TLS_server_method() : TLS_client_method());
    if (context && set_up(context, request))
        return context;
    *reason = failure();
    SSL_CTX_free(context);
    return NULL;
}

void halfopen_tls_reserve(size_t bytes)
{
    // One heap that is never given back.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    char *room = malloc(bytes);
    if (!room)
        return;
    // By one call and not by a fault for each page, which takes minutes in the lab kernel. On a kernel that does not
    // know it (before 5.14) the pages come one by one, as they are needed.
    char *page = (char *)(((uintptr_t)room + 4095) & ~(uintptr_t)4095);
    madvise(page, (bytes - (size_t)(page - room)) & ~(size_t)4095, MADV_POPULATE_WRITE);
    free(room);
}

void halfopen_tls_context_free(void *context) { SSL_CTX_free(context); }

// The name that is sent and the name that is demanded. An address is demanded, and never sent (RFC 6066, section 3).
static int set_name(SSL *session, const char *name, int trust, int says_name)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    ASN1_OCTET_STRING_free(address);
    if (!address && says_name && SSL_set_tlsext_host_name(session, name) != 1)
        return 0;
    if (trust == HALFOPEN_TRUST_ANY_NAME)
        return 1;
    return address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1
                   : SSL_set1_host(session, name) == 1;
}

void *halfopen_tls_begin(void *context, const char *name, int trust, int says_name)
{
    SSL *session = SSL_new(context);
    BIO *from = BIO_new(BIO_s_mem()), *to = BIO_new(BIO_s_mem());
    // Without memory for it nothing here makes sense.
    if (!session || !from || !to)
        abort();
    // Empty is not the end: more will come.
    BIO_set_mem_eof_return(from, -1);
    BIO_set_mem_eof_return(to, -1);
    SSL_set_bio(session, from, to);
    if (name) {
        SSL_set_connect_state(session);
        if (!set_name(session, name, trust, says_name)) {
            SSL_free(session);
            return NULL;
        }
    } else {
        SSL_set_accept_state(session);
    }
    return session;
}

void halfopen_tls_end(void *session) { SSL_free(session); }

void halfopen_tls_take(void *session, const uint8_t *bytes, size_t count)
{
    if (count && BIO_write(SSL_get_rbio(session), bytes, (int)count) != (int)count)
        abort();
}

size_t halfopen_tls_waiting(void *session) { return BIO_ctrl_pending(SSL_get_wbio(session)); }

size_t halfopen_tls_give(void *session, uint8_t *bytes, size_t room)
{
    int count = BIO_read(SSL_get_wbio(session), bytes, (int)room);
    return count > 0 ? (size_t)count : 0;
}

// What a call that did not succeed means.
static int outcome(SSL *session, int result, const char **reason)
{
    switch (SSL_get_error(session, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return HALFOPEN_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return HALFOPEN_TLS_ENDED;
    default:
        break;
    }
    long verdict = SSL_get_verify_result(session);
    if (!SSL_is_server(session) && !SSL_is_init_finished(session) && verdict != X509_V_OK
        && SSL_get_verify_mode(session) != SSL_VERIFY_NONE) {
        ERR_clear_error();
        *reason = X509_verify_cert_error_string(verdict);
        return HALFOPEN_TLS_NOT_TRUSTED;
    }
    *reason = failure();
    return HALFOPEN_TLS_FAILED;
}

int halfopen_tls_handshake(void *session, const char **reason)
{
    ERR_clear_error();
    int result = SSL_do_handshake(session);
    return result == 1 ? HALFOPEN_TLS_DONE : outcome(session, result, reason);
}

int halfopen_tls_read(void *session, uint8_t *bytes, size_t room, size_t *count, const char **reason)
{
    ERR_clear_error();
    int result = SSL_read_ex(session, bytes, room, count);
    return result == 1 ? HALFOPEN_TLS_DONE : outcome(session, result, reason);
}

int halfopen_tls_write(void *session, const uint8_t *bytes, size_t count, const char **reason)
{
    size_t written;
    ERR_clear_error();
    int result = SSL_write_ex(session, bytes, count, &written);
    return result == 1 ? HALFOPEN_TLS_DONE : outcome(session, result, reason);
}

void halfopen_tls_close(void *session)
{
    ERR_clear_error();
    SSL_shutdown(session);
    ERR_clear_error();
}

int halfopen_tls_fingerprint(void *session, uint8_t *result)
{
    X509 *certificate = SSL_get0_peer_certificate(session);
    return certificate && X509_digest(certificate, EVP_sha256(), result, NULL) == 1;
}

void halfopen_websocket_accept(const char *key, char *result)
{
    // RFC 6455, section 1.3: the key, and what only somebody who knows the protocol appends to it.
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t digest[20];
    unsigned size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || EVP_DigestInit_ex(context, EVP_sha1(), NULL) != 1
        || EVP_DigestUpdate(context, key, strlen(key)) != 1
        || EVP_DigestUpdate(context, suffix, sizeof suffix - 1) != 1
        || EVP_DigestFinal_ex(context, digest, &size) != 1)
        abort();
    EVP_MD_CTX_free(context);
    EVP_EncodeBlock((unsigned char *)result, digest, (int)size);
}

void halfopen_base64(const uint8_t *bytes, size_t count, char *result)
{
    EVP_EncodeBlock((unsigned char *)result, bytes, (int)count);
}
