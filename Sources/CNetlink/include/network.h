// Structures of rtnetlink for Swift, and the visits to a namespace that must be C (see CLinux.h).
#pragma once

#include <stdint.h>
#include <linux/fib_rules.h>
#include <linux/gen_stats.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

/// Turns off segmentation, receive merging and checksum offloads of a device, so that every packet on it is one packet
/// of its own, of its real size, with a real checksum. `connection` is any socket of the device's namespace. 0, or -1
/// and errno.
int halfopen_offloads_off(int connection, const char *device);
/// Which of those offloads are still on, as bits in the order of the list in network.c; -1 and errno on failure.
int halfopen_offloads(int connection, const char *device);
/// 1 when the device has a carrier, 0 when not, -1 and errno on failure. The kernel starts a device's queue some time
/// after its carrier is there, and drops packets until then; this question makes it do that first.
int halfopen_has_carrier(int connection, const char *device);

// Newer than Debian 12's <linux/pkt_sched.h>: Linux 6.6, include/uapi/linux/pkt_sched.h.
enum { HALFOPEN_TCA_NETEM_PRNG_SEED = TCA_NETEM_SLOT_DIST + 1 };

// From <linux/netfilter.h>, which brings an in_addr of its own that clashes with Glibc's.
enum {
    HALFOPEN_NFPROTO_INET = 1,
    HALFOPEN_NFPROTO_IPV4 = 2,
    HALFOPEN_NF_DROP = 0,
    HALFOPEN_NF_ACCEPT = 1,
};
