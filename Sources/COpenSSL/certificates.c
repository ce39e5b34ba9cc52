#include "COpenSSL.h"
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static const char *failure(void)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return reason ? reason : "no reason given";
}

// What has been written, as a text of its own.
static char *text_of(BIO *memory)
{
    char *bytes;
    long length = BIO_get_mem_data(memory, &bytes);
    char *text = malloc((size_t)length + 1);
    if (text) {
        memcpy(text, bytes, (size_t)length);
        text[length] = 0;
    }
    return text;
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *memory = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL) : NULL;
    BIO_free(memory);
    return key;
}

static X509 *read_certificate(const char *pem)
{
    BIO *memory = BIO_new_mem_buf(pem, -1);
    X509 *certificate = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
    BIO_free(memory);
    return certificate;
}

// The machine's openssl.cnf may ask for libraries to be loaded, which a static program cannot, and for anything else.
static void without_configuration(void) { OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL); }

char *halfopen_key_make(const char **reason)
{
    without_configuration();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (key && memory && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1)
        text = text_of(memory);
    if (!text)
        *reason = failure();
    BIO_free(memory);
    EVP_PKEY_free(key);
    return text;
}

static int extend(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    int done = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static int fill(X509 *certificate, const struct halfopen_certificate *r, EVP_PKEY *key, X509 *issuer)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    int done = X509_set_version(certificate, X509_VERSION_3) == 1
        && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), r->serial) == 1
        && X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Halfopen", -1, -1, 0) == 1
        && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)r->name, -1, -1, 0) == 1
        && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1
        && ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)r->not_before) != NULL
        && ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)r->not_after) != NULL
        && X509_set_pubkey(certificate, key) == 1
        && extend(certificate, issuer, NID_subject_key_identifier, "hash");
    if (!done)
        return 0;
    if (certificate == issuer)
        return extend(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE")
            && extend(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    return extend(certificate, issuer, NID_authority_key_identifier, "keyid")
        && extend(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE")
        && extend(certificate, issuer, NID_key_usage, "critical,digitalSignature")
        && extend(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth")
        && extend(certificate, issuer, NID_subject_alt_name, r->alternatives);
}

char *halfopen_certificate_make(const struct halfopen_certificate *request, const char **reason)
{
    without_configuration();
    EVP_PKEY *key = read_key(request->key);
    EVP_PKEY *issuer_key = request->issuer_key ? read_key(request->issuer_key) : NULL;
    X509 *issuer = request->issuer ? read_certificate(request->issuer) : NULL;
    X509 *certificate = X509_new();
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (key && certificate && memory && !request->issuer == !issuer && !request->issuer_key == !issuer_key
        && fill(certificate, request, key, issuer ? issuer : certificate)
        && X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256()) > 0
        && PEM_write_bio_X509(memory, certificate) == 1)
        text = text_of(memory);
    if (!text)
        *reason = failure();
    BIO_free(memory);
    X509_free(certificate);
    X509_free(issuer);
    EVP_PKEY_free(issuer_key);
    EVP_PKEY_free(key);
    return text;
}
