// libnftables, with a context that belongs to a namespace.
#pragma once

#include <nftables/libnftables.h>

/// A new libnftables context whose netlink socket belongs to the namespace and stays bound to it; NULL and errno when
/// the namespace cannot be entered or memory is short.
struct nft_ctx *halfopen_nft_in(int network_namespace);
