import CLibNL
import CNetlink
import Glibc
import Kernel

/// A netlink socket of one namespace. Requests are answered before `request` returns.
package final class NetlinkSocket {
    package let namespace: NetworkNamespace
    private let socket: OpaquePointer

    /// `family` such as NETLINK_ROUTE or NETLINK_NETFILTER.
    package init(_ family: Int32, in namespace: NetworkNamespace) throws(SystemError) {
        self.namespace = namespace
        let descriptor = try namespace.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), family)
        guard let socket = nl_socket_alloc() else { fatalError("no memory for a netlink socket") }
        self.socket = socket
        let raw = descriptor.release()
        guard nl_socket_set_fd(socket, family, raw) == 0 else {
            nl_socket_free(socket)
            close(raw)
            throw SystemError("give a netlink socket to libnl for", namespace.owner)
        }
        // With replies of up to 32 KiB (the kernel's own limit for a part of a dump) there is no need to look first.
        nl_socket_disable_msg_peek(socket)
        nl_socket_set_msg_buf_size(socket, 32768)
        // From Linux 4.12 the kernel says in words what it refused; without, only the words are missing.
        var on: Int32 = 1
        setsockopt(raw, SOL_NETLINK, NETLINK_EXT_ACK, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { nl_socket_free(socket) }

    /// For watching, when the socket has joined a multicast group.
    package var descriptor: Int32 { nl_socket_get_fd(socket) }

    /// Sends the request, waits for its acknowledgement and gives what was answered before it.
    /// - Throws: the kernel's refusal, with `attempt` and the namespace's owner.
    @discardableResult
    package func request(
        _ attempt: @autoclosure () -> String, _ message: borrowing NetlinkMessage
    ) throws(NetlinkError) -> [NetlinkReply] {
        let sent = nl_send_auto(socket, message.raw)
        if sent < 0 { throw failure(attempt(), libnl: sent) }
        return try replies(to: nlmsg_hdr(message.raw).pointee.nlmsg_seq, 1, attempt())
    }

    /// Sends several messages at once, which count together or not at all (nfnetlink's batches), and waits until all of
    /// them have been looked at.
    @discardableResult
    package func transact(
        _ attempt: @autoclosure () -> String, _ batch: NetlinkBatch
    ) throws(NetlinkError) -> [NetlinkReply] {
        let sequence = nl_socket_use_seq(socket)
        var (bytes, acknowledgements) = batch.bytes(sequence: sequence)
        makeRoom(for: bytes.count)
        let sent = nl_sendto(socket, &bytes, bytes.count)
        if sent < 0 { throw failure(attempt(), libnl: sent) }
        return try replies(to: sequence, acknowledgements, attempt())
    }

    /// A batch is one datagram, and must fit into the send buffer: 208 KiB unless it is raised, which holds some
    /// 7,000 connections of a set. Forcing it needs a privilege that a user namespace does not give; a larger one is
    /// then refused with EMSGSIZE.
    private func makeRoom(for size: Int) {
        guard size > 100_000 else { return }
        var room = Int32(clamping: size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
    }

    private func replies(
        to sequence: UInt32, _ acknowledgements: Int, _ attempt: @autoclosure () -> String
    ) throws(NetlinkError) -> [NetlinkReply] {
        var replies: [NetlinkReply] = []
        var left = acknowledgements
        while left > 0 {
            let bytes = try receive(attempt())
            left -= try take(bytes, sequence, &replies, attempt())
        }
        return replies
    }

    private func receive(_ attempt: @autoclosure () -> String) throws(NetlinkError) -> UnsafeRawBufferPointer {
        var sender = sockaddr_nl()
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = nl_recv(socket, &sender, &buffer, nil)
        guard count > 0, let buffer else { throw failure(attempt(), libnl: count) }
        return UnsafeRawBufferPointer(start: buffer, count: Int(count))
    }

    /// How often an answer to `sequence` was complete. Frees the buffer.
    private func take(
        _ bytes: UnsafeRawBufferPointer, _ sequence: UInt32, _ replies: inout [NetlinkReply],
        _ attempt: @autoclosure () -> String
    ) throws(NetlinkError) -> Int {
        var complete = 0
        defer { free(UnsafeMutableRawPointer(mutating: bytes.baseAddress)) }
        var offset = 0
        let headerSize = MemoryLayout<nlmsghdr>.size
        while offset + headerSize <= bytes.count {
            let header = bytes.loadUnaligned(fromByteOffset: offset, as: nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= headerSize, offset + length <= bytes.count else { break }
            let payload = Array(bytes[(offset + headerSize)..<(offset + length)])
            offset += (length + 3) & ~3
            if header.nlmsg_seq != sequence { continue }
            switch Int32(header.nlmsg_type) {
            case NLMSG_DONE: complete += 1
            case NLMSG_ERROR:
                try check(payload, flags: header.nlmsg_flags, attempt())
                complete += 1
            default: replies.append(NetlinkReply(type: header.nlmsg_type, payload: payload))
            }
        }
        return complete
    }

    /// An acknowledgement is an error of code 0; a real one may carry the kernel's words behind a copy of the request.
    private func check(
        _ payload: [UInt8], flags: UInt16, _ attempt: @autoclosure () -> String
    ) throws(NetlinkError) {
        let code = payload.withUnsafeBytes { -$0.loadUnaligned(as: Int32.self) }
        if code == 0 { return }
        var detail = ""
        if Int32(flags) & NLM_F_ACK_TLVS != 0 {
            let request = payload.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) }
            let copied = Int32(flags) & NLM_F_CAPPED != 0 ? MemoryLayout<nlmsghdr>.size : request
            let words = NetlinkAttributes(payload.dropFirst(4 + ((copied + 3) & ~3)))
            detail = words.text(NLMSGERR_ATTR_MSG.rawValue) ?? ""
        }
        throw NetlinkError(attempt(), namespace.owner, code: code, detail: detail)
    }

    private func failure(_ attempt: String, libnl code: Int32) -> NetlinkError {
        let saved = errno
        return NetlinkError(attempt, namespace.owner, code: saved, detail: String(cString: nl_geterror(code)))
    }
}
