import CNetlink
import Glibc
import Kernel

/// States of a TCP socket, in the kernel's order and with its names (include/net/tcp_states.h).
package enum TCPState: UInt8, CaseIterable, Sendable {
    case established = 1
    case synSent, synReceived, finWait1, finWait2, timeWait, close, closeWait, lastAck, listen, closing, newSynReceived
    case boundInactive

    /// As the kernel has it: `ESTABLISHED`, `CLOSE_WAIT`.
    package var name: String {
        switch self {
        case .established: "ESTABLISHED"
        case .synSent: "SYN_SENT"
        case .synReceived: "SYN_RECV"
        case .finWait1: "FIN_WAIT1"
        case .finWait2: "FIN_WAIT2"
        case .timeWait: "TIME_WAIT"
        case .close: "CLOSE"
        case .closeWait: "CLOSE_WAIT"
        case .lastAck: "LAST_ACK"
        case .listen: "LISTEN"
        case .closing: "CLOSING"
        case .newSynReceived: "NEW_SYN_RECV"
        case .boundInactive: "BOUND_INACTIVE"
        }
    }
}

/// One TCP socket of a namespace.
package struct TCPSocket: Sendable {
    let raw: halfopen_tcp_socket

    package var state: TCPState { TCPState(rawValue: raw.state) ?? .close }
    package var local: TransportAddress {
        withUnsafeBytes(of: raw.source) { TransportAddress(family: raw.family, bytes: $0, port: raw.source_port) }
    }
    package var remote: TransportAddress {
        withUnsafeBytes(of: raw.destination) {
            TransportAddress(family: raw.family, bytes: $0, port: raw.destination_port)
        }
    }
    /// `socket:[inode]` of /proc/PID/fd; 0 when no process holds it (not yet accepted, or already closed).
    package var inode: UInt32 { raw.inode }
    /// Names the socket for its whole life, in its namespace.
    package var cookie: UInt64 { UInt64(raw.cookie.1) << 32 | UInt64(raw.cookie.0) }
    /// Bytes received that nobody has read; of a listener, connections that wait to be accepted.
    package var unread: Int { Int(raw.unread) }
    /// Bytes written that the peer has not acknowledged; of a listener, how many connections may wait.
    package var unsent: Int { Int(raw.unsent) }

    fileprivate var order: (UInt32, UInt16, UInt16, UInt64) {
        (raw.inode, raw.source_port, raw.destination_port, cookie)
    }
}

/// The TCP sockets of one namespace, over sock_diag.
package final class SocketDiagnosis {
    private let netlink: Descriptor
    /// Named in errors.
    private let host: String

    /// - Parameters:
    ///   - namespace: Descriptor of the network namespace; not kept.
    ///   - host: Its name, for errors.
    package init(namespace: Int32, host: String) throws(SystemError) {
        self.host = host
        netlink = Descriptor(
            owning: try System.call("reach the socket table of", host) { halfopen_sock_diag_open(namespace) })
    }

    /// Every TCP socket, IPv4 and IPv6, in one of these states; those that a process holds in the order in
    /// which they were made, after those that nobody holds.
    package func sockets(in states: [TCPState] = TCPState.allCases) throws(SystemError) -> [TCPSocket] {
        var list = halfopen_tcp_socket_list()
        defer { free(list.items) }
        let mask = states.reduce(UInt32(0)) { $0 | 1 << UInt32($1.rawValue) }
        let descriptor = netlink.raw
        try System.call("list the TCP sockets of", host) { halfopen_sock_diag_dump(descriptor, mask, &list) }
        // The kernel's order is that of a hash, not one to act in; inodes are given out in order.
        return (0..<list.count).map { TCPSocket(raw: list.items[$0]) }.sorted { $0.order < $1.order }
    }

    /// Ends the sockets where they stand, in their order: each peer gets RST, whoever holds them ECONNABORTED. How many
    /// that were; those that had gone already do not count.
    package func destroy(_ sockets: [TCPSocket]) throws(SystemError) -> Int {
        let descriptor = netlink.raw
        var errors = [Int32](repeating: 0, count: sockets.count)
        let raw = sockets.map(\.raw)
        try System.call("destroy sockets of", host) {
            halfopen_sock_diag_destroy(descriptor, raw, raw.count, &errors)
        }
        for (socket, code) in zip(sockets, errors) where code != 0 && code != ENOENT {
            throw SystemError("destroy the socket \(socket.local) -> \(socket.remote) of", host, code: code)
        }
        return errors.count { $0 == 0 }
    }

    /// How many sockets are in each state, in the kernel's order of states; states without sockets are left out.
    package func count() throws(SystemError) -> [(state: TCPState, count: Int)] {
        let all = try sockets()
        return TCPState.allCases.compactMap { state in
            let count = all.count { $0.state == state }
            return count == 0 ? nil : (state, count)
        }
    }
}
