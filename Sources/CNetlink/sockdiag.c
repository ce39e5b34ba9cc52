#define _GNU_SOURCE
#include "sockdiag.h"
#include "CLinux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

// glibc's netinet/in.h and the kernel's linux/in.h cannot be included together; IPPROTO_TCP comes with arpa/inet.h.
struct request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

int halfopen_sock_diag_open(int network_namespace)
{
    return halfopen_socket_in(network_namespace, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
}

static int append(struct halfopen_tcp_socket_list *list, const struct inet_diag_msg *answer)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct halfopen_tcp_socket *items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return -1;
        list->items = items;
        list->capacity = capacity;
    }
    struct halfopen_tcp_socket *tcp = &list->items[list->count++];
    memset(tcp, 0, sizeof *tcp);
    tcp->family = answer->idiag_family;
    tcp->state = answer->idiag_state;
    memcpy(tcp->source, answer->id.idiag_src, sizeof tcp->source);
    memcpy(tcp->destination, answer->id.idiag_dst, sizeof tcp->destination);
    tcp->source_port = ntohs(answer->id.idiag_sport);
    tcp->destination_port = ntohs(answer->id.idiag_dport);
    tcp->interface = answer->id.idiag_if;
    memcpy(tcp->cookie, answer->id.idiag_cookie, sizeof tcp->cookie);
    tcp->inode = answer->idiag_inode;
    tcp->unread = answer->idiag_rqueue;
    tcp->unsent = answer->idiag_wqueue;
    return 0;
}

// Reads the answer to the end; 0, or -1 and errno.
static int read_answer(int descriptor, struct halfopen_tcp_socket_list *list)
{
    static _Thread_local uint8_t part[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
    for (;;) {
        ssize_t length = recv(descriptor, part, sizeof part, 0);
        if (length < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        for (struct nlmsghdr *header = (void *)part; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
            if (header->nlmsg_type == NLMSG_DONE)
                return 0;
            if (header->nlmsg_type == NLMSG_ERROR) {
                errno = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
                return errno == 0 ? 0 : -1;
            }
            if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY && list && append(list, NLMSG_DATA(header)) != 0)
                return -1;
        }
    }
}

static int ask(int descriptor, struct request *request, struct halfopen_tcp_socket_list *list)
{
    request->header.nlmsg_len = sizeof *request;
    request->body.sdiag_protocol = IPPROTO_TCP;
    if (send(descriptor, request, sizeof *request, 0) < 0)
        return -1;
    return read_answer(descriptor, list);
}

int halfopen_sock_diag_dump(int descriptor, uint32_t states, struct halfopen_tcp_socket_list *list)
{
    static const uint8_t families[2] = { AF_INET, AF_INET6 };
    for (int i = 0; i < 2; i++) {
        struct request request = {
            .header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
            .body = { .sdiag_family = families[i], .idiag_states = states },
        };
        // A kernel without IPv6 has no sockets of it.
        if (ask(descriptor, &request, list) != 0 && !(errno == ENOENT && families[i] == AF_INET6))
            return -1;
    }
    return 0;
}

static struct request destruction_of(const struct halfopen_tcp_socket *tcp, uint32_t number, bool last)
{
    struct request request = {
        .header = { .nlmsg_len = sizeof request, .nlmsg_type = SOCK_DESTROY, .nlmsg_seq = number,
                    .nlmsg_flags = NLM_F_REQUEST | (last ? NLM_F_ACK : 0) },
        .body = { .sdiag_family = tcp->family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U },
    };
    request.body.id.idiag_sport = htons(tcp->source_port);
    request.body.id.idiag_dport = htons(tcp->destination_port);
    request.body.id.idiag_if = tcp->interface;
    memcpy(request.body.id.idiag_src, tcp->source, sizeof tcp->source);
    memcpy(request.body.id.idiag_dst, tcp->destination, sizeof tcp->destination);
    memcpy(request.body.id.idiag_cookie, tcp->cookie, sizeof tcp->cookie);
    return request;
}

// Refusals, by the numbers of the requests, up to the answer to the last one; 0, or -1 and errno.
static int read_refusals(int descriptor, size_t count, int *errors)
{
    uint8_t part[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
    for (;;) {
        ssize_t length = recv(descriptor, part, sizeof part, 0);
        if (length < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        for (struct nlmsghdr *header = (void *)part; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
            if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_seq >= count)
                continue;
            errors[header->nlmsg_seq] = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
            if (header->nlmsg_seq == count - 1)
                return 0;
        }
    }
}

int halfopen_sock_diag_destroy(int descriptor, const struct halfopen_tcp_socket *sockets, size_t count, int *errors)
{
    // Many to a system call. The kernel answers each that it refuses, and the last: all of those answers fit into the
    // socket's buffer.
    enum { TOGETHER = 64 };
    struct request requests[TOGETHER];
    memset(errors, 0, count * sizeof *errors);
    for (size_t first = 0; first < count; first += TOGETHER) {
        size_t here = count - first < TOGETHER ? count - first : TOGETHER;
        for (size_t i = 0; i < here; i++)
            requests[i] = destruction_of(&sockets[first + i], (uint32_t)i, i == here - 1);
        if (send(descriptor, requests, here * sizeof *requests, 0) < 0
            || read_refusals(descriptor, here, errors + first) != 0)
            return -1;
    }
    return 0;
}
