#define _GNU_SOURCE
#include "CLinux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

// More than a ServerHello and the beginning of what follows it.
enum { KEPT = 1024 };

int halfopen_server_hellos_open(int network_namespace)
{
    int capture = halfopen_socket_in(network_namespace, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (capture < 0)
        return -1;
    // Leaves this host, is IPv4 and TCP, and its payload begins with a handshake record (22) with a ServerHello (2) in
    // it. Loads beyond the end of the packet drop it.
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 13),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 11),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 12),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 22, 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 5),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, KEPT),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };
    struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
    if (setsockopt(capture, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0
        || bind(capture, (struct sockaddr *)&all, sizeof all) != 0) {
        int saved = errno;
        close(capture);
        errno = saved;
        return -1;
    }
    return capture;
}

int halfopen_opens_of(const char *path)
{
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch < 0)
        return -1;
    if (inotify_add_watch(watch, path, IN_OPEN) < 0) {
        int saved = errno;
        close(watch);
        errno = saved;
        return -1;
    }
    return watch;
}
