// TCP sockets of a namespace through sock_diag. In C because its messages are fixed structs of the kernel's headers.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// One TCP socket. Addresses in network order (IPv4 in the first four bytes), ports in host order.
struct halfopen_tcp_socket {
    uint8_t family, state; // TCP_* of linux/tcp_states.h
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
    uint32_t interface;
    uint32_t cookie[2]; // names the socket for its whole life
    uint32_t inode; // 0: no process holds it (not yet accepted, or already closed)
    uint32_t unread, unsent; // bytes; of a listener: connections that wait to be accepted, and how many may
};

/// Grows as needed; free(items).
struct halfopen_tcp_socket_list {
    struct halfopen_tcp_socket *items;
    size_t count, capacity;
};

int halfopen_sock_diag_open(int network_namespace);
/// Appends every TCP socket, IPv4 and IPv6, in one of the states (bit 1 << TCP_*). 0, or -1 and errno.
int halfopen_sock_diag_dump(int descriptor, uint32_t states, struct halfopen_tcp_socket_list *list);
/// SOCK_DESTROY of so many, in their order: each peer gets RST, the holder ECONNABORTED. `errors[i]` is 0, ENOENT when
/// the i-th is gone, EOPNOTSUPP when the kernel cannot. 0, or -1 and errno when it could not be asked.
int halfopen_sock_diag_destroy(int descriptor, const struct halfopen_tcp_socket *sockets, size_t count, int *errors);
