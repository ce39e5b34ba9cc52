// Passive capture on a link: headers and what TLS has in clear, stamped by the kernel, read in batches.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// A TCP packet as it entered the link.
struct halfopen_packet {
    int64_t time; // CLOCK_REALTIME nanoseconds, as the kernel stamps packets
    int32_t interface; // index of the device it came in by
    uint8_t family; // 4 or 6
    uint8_t protocol; // 6 for TCP; the fields below it are zero for others
    uint8_t flags; // FIN 1, SYN 2, RST 4, ACK 16
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
    bool outgoing; // it left the namespace
    uint32_t sequence, acknowledgement;
    uint32_t payload; // bytes after the TCP header
    uint32_t length; // bytes of the IP packet
    const uint8_t *content; // what was kept of the payload; valid until the next read
    uint32_t kept; // bytes there
};

/// A socket inside the namespace that sees every IP packet that enters by any device but loopback, and none that
/// leaves. `whole`: keep whole packets (for a pcap), otherwise headers, and of TCP payload that begins like a TLS
/// record as much as a ClientHello may have. -1 and errno on failure.
int halfopen_capture_open(int network_namespace, bool whole);
/// A socket inside the namespace that sees each TCP SYN over IPv4 which leaves by any device, to be read as the other.
int halfopen_dials_open(int network_namespace);
/// Reads up to `limit` packets that have arrived; 0 when there are none. When `pcap` is a descriptor, each packet is
/// appended to it as a pcap record. `-1` and errno on failure.
int halfopen_capture_read(int capture, struct halfopen_packet *packets, int limit, int pcap);
/// Writes a pcap file's header: link type RAW (101), nanosecond stamps.
int halfopen_pcap_begin(int pcap);
/// How many packets the kernel could not keep since the last call.
int64_t halfopen_capture_lost(int capture);
/// Sends an IPv4 packet out of a device of the AF_PACKET (SOCK_DGRAM) socket's namespace, to this Ethernet address. In
/// C because Glibc's module has no sockaddr_ll. 0, or -1 and errno.
int halfopen_packet_send(int socket, int device, const uint8_t *address, const uint8_t *packet, uint32_t length);
