#define _GNU_SOURCE
#include "network.h"
#include "CLinux.h"
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <nftables/libnftables.h>

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

// Transmit checksums first: the kernel takes segmentation off with them.
static const struct { uint32_t get, set; } offloads[] = {
    { ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM }, { ETHTOOL_GTSO, ETHTOOL_STSO }, { ETHTOOL_GGSO, ETHTOOL_SGSO },
    { ETHTOOL_GGRO, ETHTOOL_SGRO }, { ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM },
};

static int ethtool(int network_namespace, const char *device, int turn_off)
{
    int connection = halfopen_socket_in(network_namespace, AF_INET, SOCK_DGRAM, 0);
    if (connection < 0)
        return -1;
    int result = 0;
    for (unsigned i = 0; i < sizeof offloads / sizeof *offloads && result >= 0; i++) {
        struct ethtool_value value = { .cmd = turn_off ? offloads[i].set : offloads[i].get, .data = 0 };
        struct ifreq request = { .ifr_data = (char *)&value };
        strncpy(request.ifr_name, device, IFNAMSIZ - 1);
        if (ioctl(connection, SIOCETHTOOL, &request) != 0)
            result = -1;
        else if (!turn_off && value.data)
            result |= 1 << i;
    }
    int saved = errno;
    close(connection);
    errno = saved;
    return result;
}

int halfopen_offloads_off(int network_namespace, const char *device) { return ethtool(network_namespace, device, 1); }
int halfopen_offloads(int network_namespace, const char *device) { return ethtool(network_namespace, device, 0); }
