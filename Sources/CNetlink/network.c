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

// Transmit checksums first: the kernel takes segmentation off with them.
static const struct { uint32_t get, set; } offloads[] = {
    { ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM }, { ETHTOOL_GTSO, ETHTOOL_STSO }, { ETHTOOL_GGSO, ETHTOOL_SGSO },
    { ETHTOOL_GGRO, ETHTOOL_SGRO }, { ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM },
};

static int ethtool(int connection, const char *device, uint32_t command, uint32_t *data)
{
    struct ethtool_value value = { .cmd = command, .data = *data };
    struct ifreq request = { .ifr_data = (char *)&value };
    strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    if (ioctl(connection, SIOCETHTOOL, &request) != 0)
        return -1;
    *data = value.data;
    return 0;
}

int halfopen_offloads_off(int connection, const char *device)
{
    for (unsigned i = 0; i < sizeof offloads / sizeof *offloads; i++) {
        uint32_t off = 0;
        if (ethtool(connection, device, offloads[i].set, &off) != 0)
            return -1;
    }
    return 0;
}

int halfopen_offloads(int connection, const char *device)
{
    int result = 0;
    for (unsigned i = 0; i < sizeof offloads / sizeof *offloads; i++) {
        uint32_t is_on = 0;
        if (ethtool(connection, device, offloads[i].get, &is_on) != 0)
            return -1;
        if (is_on)
            result |= 1 << i;
    }
    return result;
}

int halfopen_has_carrier(int connection, const char *device)
{
    uint32_t carrier = 0;
    return ethtool(connection, device, ETHTOOL_GLINK, &carrier) == 0 ? carrier != 0 : -1;
}
