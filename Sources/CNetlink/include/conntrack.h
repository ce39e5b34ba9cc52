// Connection tracking through ctnetlink. In C because its messages are nested attributes behind macros; libnl's
// attribute helpers read and write them, on sockets that the caller opened inside a namespace and owns.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Addresses in network order (IPv4 in the first four bytes), ports in host order (0 for protocols without).
struct halfopen_flow {
    uint8_t family, protocol;
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
};

/// IPCTNL_MSG_CT_NEW with or without NLM_F_CREATE, and IPCTNL_MSG_CT_DELETE.
enum halfopen_conntrack_kind { HALFOPEN_CT_NEW, HALFOPEN_CT_UPDATE, HALFOPEN_CT_DESTROY };

/// One entry of the table, or one event about one. What the kernel left out is 0.
struct halfopen_conntrack {
    enum halfopen_conntrack_kind kind;
    struct halfopen_flow original, reply;
    uint8_t tcp_state; // TCP_CONNTRACK_*, linux/netfilter/nf_conntrack_tcp.h
    uint32_t id, status; // IPS_*
    uint32_t timeout; // whole seconds until it expires, rounded down
    uint32_t deleter; // netlink port of whoever deleted it; 0: the kernel itself
    uint64_t started, stopped; // CLOCK_REALTIME, nanoseconds
    uint64_t happened; // the event's own stamp, from Linux 6.14 on
    uint8_t tuple[128]; // the original direction as the kernel wrote it: names the entry in requests
    uint16_t tuple_length;
};

/// Grows as needed; free(items).
struct halfopen_conntrack_list {
    struct halfopen_conntrack *items;
    size_t count, capacity;
};

/// A ctnetlink socket inside the namespace. With events it is subscribed to NEW, UPDATE and DESTROY, and its receive
/// buffer has `buffer` bytes, beyond the system's limit where the caller may.
int halfopen_conntrack_open(int network_namespace, bool events, int buffer);
/// Appends every event that waits; 0, or -1 and errno, ENOBUFS when the kernel had to discard events.
int halfopen_conntrack_read(int descriptor, struct halfopen_conntrack_list *list);
/// Appends every entry of the table. Entries whose time is over are removed by this, which makes their event.
int halfopen_conntrack_dump(int descriptor, struct halfopen_conntrack_list *list);
/// ENOENT when that entry is gone.
int halfopen_conntrack_delete(int descriptor, const struct halfopen_conntrack *entry);
/// From now on it expires after so many seconds without a packet of its own timeout class resetting that.
int halfopen_conntrack_set_timeout(int descriptor, const struct halfopen_conntrack *entry, uint32_t seconds);
/// Puts another entry in its place, with the same original direction, state and remaining time, whose source is
/// translated to this address (IPv4, network order) and port (host order): both changes are one request, so no packet
/// comes in between. EEXIST when that address and port are taken.
int halfopen_conntrack_rebind(int descriptor, const struct halfopen_conntrack *entry, uint32_t address, uint16_t port);
/// Deletes every entry.
int halfopen_conntrack_flush(int descriptor);
/// inet_ntop: at most 46 bytes; an IPv4 address mapped into IPv6 as IPv4.
void halfopen_address_text(uint8_t family, const uint8_t *address, char *text);
