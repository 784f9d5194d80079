/* tls/bio.c: a BIO that reads a borrowed span and appends to an output buffer.
 *
 * Nothing is copied on the way in, and no memory is held between two calls: an idle
 * endpoint costs what OpenSSL itself keeps.  An empty span means "later", never the end:
 * the end of TLS is the peer's close_notify, the end of TCP is the connection's business.
 */
#include <tls/context.h>

#include <string.h>

#include <openssl/bio.h>

static int take(BIO *bio, char *space, size_t room, size_t *taken)
{
    struct dna_tls_io *io = BIO_get_data(bio);
    size_t len = io->in.len < room ? io->in.len : room;
    BIO_clear_retry_flags(bio);
    *taken = len;
    if (len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(space, io->in.ptr, len);
    io->in.ptr += len;
    io->in.len -= len;
    return 1;
}

static int give(BIO *bio, const char *bytes, size_t len, size_t *given)
{
    struct dna_tls_io *io = BIO_get_data(bio);
    enum dna_err err = dna_buf_add(io->out, (struct dna_span){bytes, len});
    BIO_clear_retry_flags(bio);
    if (err != DNA_OK) {
        io->fault = err;
        return 0;
    }
    *given = len;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

struct bio_method_st *dna_tls_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "span and buffer");
    if (method != NULL && (BIO_meth_set_read_ex(method, take) != 1 ||
                           BIO_meth_set_write_ex(method, give) != 1 ||
                           BIO_meth_set_ctrl(method, control) != 1)) {
        BIO_meth_free(method);
        method = NULL;
    }
    return method;
}

struct bio_st *dna_tls_bio_new(const struct bio_method_st *method, struct dna_tls_io *io)
{
    BIO *bio = BIO_new(method);
    if (bio != NULL) {
        BIO_set_data(bio, io);
        BIO_set_init(bio, 1);
    }
    return bio;
}
