#define _GNU_SOURCE
#include "CLinux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, HEADERS = 128, HELLO = 2048, WHOLE = 65535, BUFFER = 64 << 20, DIALS = 4 << 20 };

// Linux 4.20; older headers lack it.
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static int open_capture(int network_namespace, const struct sock_fprog *program, int buffer, int ignores_outgoing)
{
    int capture = halfopen_socket_in(network_namespace, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (capture < 0)
        return -1;
    int on = 1;
    // Forcing needs a privilege that a user namespace does not give; the plain call takes what the machine allows.
    if (setsockopt(capture, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(capture, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
    if (setsockopt(capture, SOL_SOCKET, SO_ATTACH_FILTER, program, sizeof *program) != 0
        || setsockopt(capture, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0
        || setsockopt(capture, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignores_outgoing, sizeof ignores_outgoing) != 0
        || bind(capture, (struct sockaddr *)&all, sizeof all) != 0) {
        int saved = errno;
        close(capture);
        errno = saved;
        return -1;
    }
    return capture;
}

int halfopen_capture_open(int network_namespace, bool whole)
{
    // Keep the first bytes of each packet; the rest is never copied. More of IPv4 and TCP whose payload begins with a
    // TLS record: type 20 to 23, major version 3. A load beyond the end of the packet would drop it, so its length is
    // asked first.
    struct sock_filter keep[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 16),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 13),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 12),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 2, 0, 4),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1403, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x1704, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, HELLO),
        BPF_STMT(BPF_RET | BPF_K, HEADERS),
    };
    struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, WHOLE) };
    struct sock_fprog some = { .len = sizeof keep / sizeof *keep, .filter = keep };
    struct sock_fprog whole_packets = { .len = 1, .filter = all };
    return open_capture(network_namespace, whole ? &whole_packets : &some, BUFFER, 1);
}

int halfopen_dials_open(int network_namespace)
{
    // Leaves this host, is IPv4 and TCP, and of SYN and ACK has SYN only.
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 9),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 6),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 4),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, HEADERS),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };
    return open_capture(network_namespace, &program, DIALS, 0);
}

static void read_tcp(const uint8_t *bytes, size_t there, uint32_t length, struct halfopen_packet *packet)
{
    if (there < sizeof(struct tcphdr))
        return;
    struct tcphdr tcp;
    memcpy(&tcp, bytes, sizeof tcp);
    packet->protocol = IPPROTO_TCP;
    packet->flags = (uint8_t)(tcp.fin | tcp.syn << 1 | tcp.rst << 2 | tcp.ack << 4);
    packet->source_port = ntohs(tcp.source);
    packet->destination_port = ntohs(tcp.dest);
    packet->sequence = ntohl(tcp.seq);
    packet->acknowledgement = ntohl(tcp.ack_seq);
    uint32_t header = tcp.doff * 4u;
    packet->payload = length > header ? length - header : 0;
    if (there > header) {
        packet->content = bytes + header;
        // A short frame is filled up behind the packet's end.
        packet->kept = (uint32_t)(there - header) < packet->payload ? (uint32_t)(there - header) : packet->payload;
    }
}

// Packets that are not IPv4 or IPv6, or not whole, keep family 0.
static void read_packet(const uint8_t *bytes, size_t there, struct halfopen_packet *packet)
{
    if (there >= sizeof(struct iphdr) && bytes[0] >> 4 == 4) {
        struct iphdr ip;
        memcpy(&ip, bytes, sizeof ip);
        size_t header = ip.ihl * 4u;
        packet->family = 4;
        packet->protocol = ip.protocol;
        packet->length = ntohs(ip.tot_len);
        memcpy(packet->source, &ip.saddr, 4);
        memcpy(packet->destination, &ip.daddr, 4);
        bool first = (ntohs(ip.frag_off) & 0x1fff) == 0;
        if (ip.protocol == IPPROTO_TCP && first && there > header && packet->length > header)
            read_tcp(bytes + header, there - header, packet->length - (uint32_t)header, packet);
    } else if (there >= sizeof(struct ip6_hdr) && bytes[0] >> 4 == 6) {
        struct ip6_hdr ip;
        memcpy(&ip, bytes, sizeof ip);
        packet->family = 6;
        packet->protocol = ip.ip6_nxt;
        packet->length = ntohs(ip.ip6_plen) + (uint32_t)sizeof ip;
        memcpy(packet->source, &ip.ip6_src, 16);
        memcpy(packet->destination, &ip.ip6_dst, 16);
        if (ip.ip6_nxt == IPPROTO_TCP)
            read_tcp(bytes + sizeof ip, there - sizeof ip, ntohs(ip.ip6_plen), packet);
    }
}

static int64_t stamp_of(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(c), sizeof time);
            return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
        }
    return 0;
}

static int write_record(int pcap, int64_t time, const uint8_t *bytes, uint32_t there, uint32_t length)
{
    uint32_t header[4] = { (uint32_t)(time / 1000000000), (uint32_t)(time % 1000000000), there, length };
    struct iovec parts[2] = { { header, sizeof header }, { (void *)bytes, there } };
    return writev(pcap, parts, 2) == (ssize_t)(sizeof header + there) ? 0 : -1;
}

int halfopen_capture_read(int capture, struct halfopen_packet *packets, int limit, int pcap)
{
    // One thread reads captures (the engine's), so these need not be on its stack. Packets of which only the beginning
    // is kept stand close together: 64 KiB apart, they would all want the same few places of the processor's caches.
    static uint8_t bytes[BATCH * WHOLE];
    size_t room = pcap >= 0 ? WHOLE : HELLO + 64;
    static struct sockaddr_ll from[BATCH];
    static uint8_t control[BATCH][64];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    int batch = limit < BATCH ? limit : BATCH;
    for (int i = 0; i < batch; i++) {
        parts[i] = (struct iovec){ bytes + (size_t)i * room, room };
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1,
            .msg_control = control[i], .msg_controllen = sizeof control[i],
        };
    }
    int count;
    do
        count = recvmmsg(capture, messages, (unsigned)batch, 0, NULL);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno == EAGAIN ? 0 : -1;
    for (int i = 0; i < count; i++) {
        const uint8_t *packet = bytes + (size_t)i * room;
        size_t there = messages[i].msg_len;
        packets[i] = (struct halfopen_packet){
            .time = stamp_of(&messages[i].msg_hdr), .interface = from[i].sll_ifindex,
            .outgoing = from[i].sll_pkttype == PACKET_OUTGOING };
        read_packet(packet, there, &packets[i]);
        if (pcap >= 0 && packets[i].family
            && write_record(pcap, packets[i].time, packet, (uint32_t)there, packets[i].length) != 0)
            return -1;
    }
    return count;
}

int halfopen_pcap_begin(int pcap)
{
    struct { uint32_t magic; uint16_t major, minor; uint32_t zone, accuracy, longest, link; } header = {
        0xa1b23c4d, 2, 4, 0, 0, WHOLE, 101,
    };
    return write(pcap, &header, sizeof header) == (ssize_t)sizeof header ? 0 : -1;
}

int64_t halfopen_capture_lost(int capture)
{
    struct tpacket_stats statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(capture, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0)
        return 0;
    return statistics.tp_drops;
}

int halfopen_packet_send(int socket, int device, const uint8_t *address, const uint8_t *packet, uint32_t length)
{
    struct sockaddr_ll target = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = device, .sll_halen = 6 };
    memcpy(target.sll_addr, address, 6);
    return sendto(socket, packet, length, 0, (struct sockaddr *)&target, sizeof target) == (ssize_t)length ? 0 : -1;
}
