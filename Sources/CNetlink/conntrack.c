#define _GNU_SOURCE
#include "conntrack.h"
#include "CLinux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

// From Linux 6.14; Debian 12's headers do not have it.
#define HALFOPEN_CTA_TIMESTAMP_EVENT 27

// Large enough for a dump's part, and for a batch of events of a few hundred bytes each.
enum { PART = 65536, BATCH = 32, EVENT = 2048 };

void halfopen_address_text(uint8_t family, const uint8_t *address, char *text)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    if (family == AF_INET6 && memcmp(address, mapped, sizeof mapped) == 0)
        inet_ntop(AF_INET, address + 12, text, INET6_ADDRSTRLEN);
    else
        inet_ntop(family, address, text, INET6_ADDRSTRLEN);
}

// MARK: Reading

// The kernel's parsing helper wants a struct nlattr table with one place for each type.
static int parse_nested(struct nlattr **table, int highest, struct nlattr *outer)
{
    return nla_parse(table, highest, nla_data(outer), nla_len(outer), NULL);
}

static uint64_t big_endian_64(struct nlattr *attribute)
{
    if (!attribute || nla_len(attribute) < 8)
        return 0;
    uint8_t *bytes = nla_data(attribute);
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint32_t big_endian_32(struct nlattr *attribute) { return attribute ? ntohl(nla_get_u32(attribute)) : 0; }
static uint16_t big_endian_16(struct nlattr *attribute) { return attribute ? ntohs(nla_get_u16(attribute)) : 0; }

static void read_address(uint8_t *into, struct nlattr *attribute)
{
    if (attribute)
        memcpy(into, nla_data(attribute), nla_len(attribute) < 16 ? (size_t)nla_len(attribute) : 16);
}

static void read_flow(struct halfopen_flow *flow, uint8_t family, struct nlattr *tuple)
{
    struct nlattr *parts[CTA_TUPLE_MAX + 1], *address[CTA_IP_MAX + 1], *protocol[CTA_PROTO_MAX + 1];
    flow->family = family;
    if (parse_nested(parts, CTA_TUPLE_MAX, tuple) != 0)
        return;
    if (parts[CTA_TUPLE_IP] && parse_nested(address, CTA_IP_MAX, parts[CTA_TUPLE_IP]) == 0) {
        read_address(flow->source, address[family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC]);
        read_address(flow->destination, address[family == AF_INET ? CTA_IP_V4_DST : CTA_IP_V6_DST]);
    }
    if (parts[CTA_TUPLE_PROTO] && parse_nested(protocol, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO]) == 0) {
        flow->protocol = protocol[CTA_PROTO_NUM] ? nla_get_u8(protocol[CTA_PROTO_NUM]) : 0;
        flow->source_port = big_endian_16(protocol[CTA_PROTO_SRC_PORT]);
        flow->destination_port = big_endian_16(protocol[CTA_PROTO_DST_PORT]);
    }
}

static uint8_t read_tcp_state(struct nlattr *protocol)
{
    struct nlattr *kinds[CTA_PROTOINFO_MAX + 1], *tcp[CTA_PROTOINFO_TCP_MAX + 1];
    if (!protocol || parse_nested(kinds, CTA_PROTOINFO_MAX, protocol) != 0 || !kinds[CTA_PROTOINFO_TCP])
        return 0;
    if (parse_nested(tcp, CTA_PROTOINFO_TCP_MAX, kinds[CTA_PROTOINFO_TCP]) != 0 || !tcp[CTA_PROTOINFO_TCP_STATE])
        return 0;
    return nla_get_u8(tcp[CTA_PROTOINFO_TCP_STATE]);
}

static void read_entry(struct nlmsghdr *header, struct halfopen_conntrack *entry)
{
    struct nlattr *all[HALFOPEN_CTA_TIMESTAMP_EVENT + 1], *stamps[CTA_TIMESTAMP_MAX + 1];
    struct nfgenmsg *general = nlmsg_data(header);
    memset(entry, 0, sizeof *entry);
    if (NFNL_MSG_TYPE(header->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
        entry->kind = HALFOPEN_CT_DESTROY;
    else
        entry->kind = header->nlmsg_flags & NLM_F_CREATE ? HALFOPEN_CT_NEW : HALFOPEN_CT_UPDATE;
    entry->deleter = header->nlmsg_pid;
    if (nlmsg_parse(header, sizeof *general, all, HALFOPEN_CTA_TIMESTAMP_EVENT, NULL) != 0)
        return;
    if (all[CTA_TUPLE_ORIG]) {
        read_flow(&entry->original, general->nfgen_family, all[CTA_TUPLE_ORIG]);
        if ((size_t)nla_len(all[CTA_TUPLE_ORIG]) <= sizeof entry->tuple) {
            entry->tuple_length = (uint16_t)nla_len(all[CTA_TUPLE_ORIG]);
            memcpy(entry->tuple, nla_data(all[CTA_TUPLE_ORIG]), entry->tuple_length);
        }
    }
    if (all[CTA_TUPLE_REPLY])
        read_flow(&entry->reply, general->nfgen_family, all[CTA_TUPLE_REPLY]);
    entry->tcp_state = read_tcp_state(all[CTA_PROTOINFO]);
    entry->id = big_endian_32(all[CTA_ID]);
    entry->status = big_endian_32(all[CTA_STATUS]);
    entry->timeout = big_endian_32(all[CTA_TIMEOUT]);
    entry->happened = big_endian_64(all[HALFOPEN_CTA_TIMESTAMP_EVENT]);
    if (all[CTA_TIMESTAMP] && parse_nested(stamps, CTA_TIMESTAMP_MAX, all[CTA_TIMESTAMP]) == 0) {
        entry->started = big_endian_64(stamps[CTA_TIMESTAMP_START]);
        entry->stopped = big_endian_64(stamps[CTA_TIMESTAMP_STOP]);
    }
}

static int append(struct halfopen_conntrack_list *list, struct nlmsghdr *header)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct halfopen_conntrack *items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return -1;
        list->items = items;
        list->capacity = capacity;
    }
    read_entry(header, &list->items[list->count++]);
    return 0;
}

// What a part of an answer says: the error of an acknowledgement, the end of a dump, or that more follows.
enum answer { MORE, ENDED, FAILED };

static enum answer read_part(void *part, int length, uint32_t sequence, struct halfopen_conntrack_list *list)
{
    for (struct nlmsghdr *header = part; nlmsg_ok(header, length); header = nlmsg_next(header, &length)) {
        if (sequence && header->nlmsg_seq != sequence)
            continue;
        if (header->nlmsg_type == NLMSG_DONE)
            return ENDED;
        if (header->nlmsg_type == NLMSG_ERROR) {
            errno = -((struct nlmsgerr *)nlmsg_data(header))->error;
            return errno == 0 ? ENDED : FAILED;
        }
        if (NFNL_SUBSYS_ID(header->nlmsg_type) == NFNL_SUBSYS_CTNETLINK && list && append(list, header) != 0)
            return FAILED;
    }
    return MORE;
}

int halfopen_conntrack_read(int descriptor, struct halfopen_conntrack_list *list)
{
    static _Thread_local uint8_t parts[BATCH][EVENT] __attribute__((aligned(NLMSG_ALIGNTO)));
    for (;;) {
        struct mmsghdr messages[BATCH];
        struct iovec vectors[BATCH];
        memset(messages, 0, sizeof messages);
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec) { parts[i], EVENT };
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        int count = recvmmsg(descriptor, messages, BATCH, MSG_DONTWAIT, NULL);
        if (count < 0) {
            if (errno == EINTR)
                continue;
            return errno == EAGAIN ? 0 : -1;
        }
        for (int i = 0; i < count; i++)
            if (read_part(parts[i], (int)messages[i].msg_len, 0, list) == FAILED)
                return -1;
        if (count < BATCH)
            return 0;
    }
}

// MARK: Asking

int halfopen_conntrack_open(int network_namespace, bool events, int buffer)
{
    int descriptor = halfopen_socket_in(network_namespace, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    if (descriptor < 0)
        return -1;
    struct sockaddr_nl address = { .nl_family = AF_NETLINK };
    if (events) {
        address.nl_groups = 1 << (NFNLGRP_CONNTRACK_NEW - 1) | 1 << (NFNLGRP_CONNTRACK_UPDATE - 1)
            | 1 << (NFNLGRP_CONNTRACK_DESTROY - 1);
        // Beyond the limit of net.core.rmem_max only as the namespace's root; as much as may be otherwise.
        if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        int saved = errno;
        close(descriptor);
        errno = saved;
        return -1;
    }
    return descriptor;
}

// Sends the request, right behind another one that wants no answer (or NULL), and reads its whole answer; frees it.
static int ask_with(
    int descriptor, struct nl_msg *before, struct nl_msg *request, struct halfopen_conntrack_list *list)
{
    static _Thread_local uint8_t part[PART] __attribute__((aligned(NLMSG_ALIGNTO)));
    static _Thread_local uint32_t sequence;
    struct nlmsghdr *header = nlmsg_hdr(request);
    header->nlmsg_seq = ++sequence;
    struct iovec parts[2] = { { NULL, 0 }, { header, header->nlmsg_len } };
    if (before)
        parts[0] = (struct iovec) { nlmsg_hdr(before), NLMSG_ALIGN(nlmsg_hdr(before)->nlmsg_len) };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t sent = sendmsg(descriptor, &message, 0);
    nlmsg_free(request);
    if (sent < 0)
        return -1;
    for (;;) {
        ssize_t length = recv(descriptor, part, sizeof part, 0);
        if (length < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        enum answer answer = read_part(part, (int)length, sequence, list);
        if (answer != MORE)
            return answer == ENDED ? 0 : -1;
    }
}

static int ask(int descriptor, struct nl_msg *request, struct halfopen_conntrack_list *list)
{
    return ask_with(descriptor, NULL, request, list);
}

static struct nl_msg *request(int type, int flags, uint8_t family)
{
    struct nl_msg *message = nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | type, NLM_F_REQUEST | flags);
    struct nfgenmsg general = { .nfgen_family = family, .version = NFNETLINK_V0 };
    if (message && nlmsg_append(message, &general, sizeof general, NLMSG_ALIGNTO) != 0) {
        nlmsg_free(message);
        message = NULL;
    }
    if (!message)
        errno = ENOMEM;
    return message;
}

// The entry's tuple and one more number; NULL when memory is out, which the caller reports.
static struct nl_msg *request_about(int type, const struct halfopen_conntrack *entry, int attribute, uint32_t value)
{
    struct nl_msg *message = request(type, NLM_F_ACK, entry->original.family);
    if (message && nla_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, entry->tuple_length, entry->tuple) == 0
        && nla_put_u32(message, attribute, htonl(value)) == 0)
        return message;
    if (message)
        nlmsg_free(message);
    errno = ENOMEM;
    return NULL;
}

int halfopen_conntrack_dump(int descriptor, struct halfopen_conntrack_list *list)
{
    struct nl_msg *message = request(IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
    return message ? ask(descriptor, message, list) : -1;
}

int halfopen_conntrack_delete(int descriptor, const struct halfopen_conntrack *entry)
{
    // With its id: not one that took the same addresses since.
    struct nl_msg *message = request_about(IPCTNL_MSG_CT_DELETE, entry, CTA_ID, entry->id);
    return message ? ask(descriptor, message, NULL) : -1;
}

int halfopen_conntrack_set_timeout(int descriptor, const struct halfopen_conntrack *entry, uint32_t seconds)
{
    struct nl_msg *message = request_about(IPCTNL_MSG_CT_NEW, entry, CTA_TIMEOUT, seconds);
    return message ? ask(descriptor, message, NULL) : -1;
}

// MARK: Rebinding

// A tuple as it would be without any translation: the original's other way about.
static int put_reply(struct nl_msg *message, const struct halfopen_flow *original)
{
    struct nlattr *tuple = nla_nest_start(message, CTA_TUPLE_REPLY), *part;
    if (!tuple || !(part = nla_nest_start(message, CTA_TUPLE_IP)))
        return -1;
    nla_put(message, CTA_IP_V4_SRC, 4, original->destination);
    nla_put(message, CTA_IP_V4_DST, 4, original->source);
    nla_nest_end(message, part);
    if (!(part = nla_nest_start(message, CTA_TUPLE_PROTO)))
        return -1;
    nla_put_u8(message, CTA_PROTO_NUM, original->protocol);
    nla_put_u16(message, CTA_PROTO_SRC_PORT, htons(original->destination_port));
    nla_put_u16(message, CTA_PROTO_DST_PORT, htons(original->source_port));
    nla_nest_end(message, part);
    return nla_nest_end(message, tuple);
}

static int put_source(struct nl_msg *message, uint32_t address, uint16_t port)
{
    struct nlattr *range = nla_nest_start(message, CTA_NAT_SRC), *ports;
    if (!range)
        return -1;
    nla_put_u32(message, CTA_NAT_V4_MINIP, address);
    nla_put_u32(message, CTA_NAT_V4_MAXIP, address);
    if (!(ports = nla_nest_start(message, CTA_NAT_PROTO)))
        return -1;
    nla_put_u16(message, CTA_PROTONAT_PORT_MIN, htons(port));
    nla_put_u16(message, CTA_PROTONAT_PORT_MAX, htons(port));
    nla_nest_end(message, ports);
    return nla_nest_end(message, range);
}

static int put_tcp_state(struct nl_msg *message, uint8_t state)
{
    struct nlattr *info = nla_nest_start(message, CTA_PROTOINFO), *tcp;
    if (!info || !(tcp = nla_nest_start(message, CTA_PROTOINFO_TCP)))
        return -1;
    nla_put_u8(message, CTA_PROTOINFO_TCP_STATE, state);
    nla_nest_end(message, tcp);
    return nla_nest_end(message, info);
}

// The entry anew, with its source translated to this; NULL when memory is out.
static struct nl_msg *rebound(const struct halfopen_conntrack *entry, uint32_t address, uint16_t port)
{
    const uint32_t kept = entry->status & (IPS_SEEN_REPLY | IPS_ASSURED);
    struct nl_msg *message = request(IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, AF_INET);
    if (message && nla_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, entry->tuple_length, entry->tuple) == 0
        && put_reply(message, &entry->original) >= 0 && put_source(message, address, port) >= 0
        && nla_put_u32(message, CTA_STATUS, htonl(kept | IPS_CONFIRMED)) == 0
        && nla_put_u32(message, CTA_TIMEOUT, htonl(entry->timeout)) == 0
        && (entry->original.protocol != IPPROTO_TCP || put_tcp_state(message, entry->tcp_state) >= 0))
        return message;
    if (message)
        nlmsg_free(message);
    errno = ENOMEM;
    return NULL;
}

int halfopen_conntrack_rebind(int descriptor, const struct halfopen_conntrack *entry, uint32_t address, uint16_t port)
{
    struct nl_msg *away = request_about(IPCTNL_MSG_CT_DELETE, entry, CTA_ID, entry->id);
    struct nl_msg *anew = away ? rebound(entry, address, port) : NULL;
    if (!anew) {
        nlmsg_free(away);
        return -1;
    }
    // Both in one buffer: the kernel takes them one right after the other, and answers the second.
    nlmsg_hdr(away)->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
    int result = ask_with(descriptor, away, anew, NULL);
    nlmsg_free(away);
    return result;
}

int halfopen_conntrack_flush(int descriptor)
{
    struct nl_msg *message = request(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
    return message ? ask(descriptor, message, NULL) : -1;
}
