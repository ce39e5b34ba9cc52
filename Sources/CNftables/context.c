#include "CNftables.h"
#include "CLinux.h"
#include <stddef.h>

struct nft_request { struct nft_ctx *made; };

static int make_context(void *context)
{
    struct nft_request *request = context;
    request->made = nft_ctx_new(NFT_CTX_DEFAULT);
    return request->made ? 0 : -1;
}

struct nft_ctx *halfopen_nft_in(int network_namespace)
{
    struct nft_request request = { NULL };
    halfopen_in_namespace(network_namespace, make_context, &request);
    return request.made;
}
