import CLibNL
import CNetlink

/// A request under construction, in libnl's buffer. Attributes that do not fit are our own bug and trap.
package struct NetlinkMessage: ~Copyable {
    let raw: OpaquePointer

    /// `type` such as RTM_NEWLINK; NLM_F_REQUEST and NLM_F_ACK are added when it is sent.
    /// - Parameter capacity: bytes that it may have; a page when nil.
    package init(_ type: some BinaryInteger, flags: Int32 = 0, capacity: Int? = nil) {
        if let capacity {
            guard let raw = nlmsg_alloc_size(capacity),
                nlmsg_put(raw, UInt32(NL_AUTO_PORT), UInt32(NL_AUTO_SEQ), Int32(type), 0, flags) != nil
            else { fatalError("no memory for a netlink message") }
            self.raw = raw
        } else {
            guard let raw = nlmsg_alloc_simple(Int32(type), flags) else {
                fatalError("no memory for a netlink message")
            }
            self.raw = raw
        }
    }

    deinit { nlmsg_free(raw) }

    /// The fixed header of this type of message (ifinfomsg, tcmsg...) or other plain data, aligned.
    package func append<Header: BitwiseCopyable>(_ header: Header) {
        var header = header
        let result = nlmsg_append(raw, &header, MemoryLayout<Header>.size, Int32(NLMSG_ALIGNTO))
        precondition(result == 0, "a netlink message overflowed")
    }

    /// An attribute with a number, a structure or an address as the kernel lays it out.
    package func put<Payload: BitwiseCopyable>(_ type: some BinaryInteger, _ value: Payload) {
        var value = value
        let result = nla_put(raw, Int32(type), Int32(MemoryLayout<Payload>.size), &value)
        precondition(result == 0, "a netlink message overflowed")
    }

    package func put(_ type: some BinaryInteger, bytes: [UInt8]) {
        let result = nla_put(raw, Int32(type), Int32(bytes.count), bytes)
        precondition(result == 0, "a netlink message overflowed")
    }

    /// With a final zero byte.
    package func put(_ type: some BinaryInteger, text: String) {
        precondition(nla_put_string(raw, Int32(type), text) == 0, "a netlink message overflowed")
    }

    /// An attribute that holds what `body` adds; empty ones are kept.
    package func nest(_ type: some BinaryInteger, _ body: () -> Void) {
        guard let start = nla_nest_start(raw, Int32(type)) else { fatalError("a netlink message overflowed") }
        body()
        nla_nest_end_keep_empty(raw, start)
    }
}

/// Messages that are sent as one.
package struct NetlinkBatch {
    private var messages: [UInt8] = []
    private var starts: [Int] = []

    package init() {}

    /// NLM_F_REQUEST is added; NLM_F_ACK is not.
    package mutating func append(_ message: consuming NetlinkMessage) {
        let header = nlmsg_hdr(message.raw)!
        header.pointee.nlmsg_flags |= UInt16(NLM_F_REQUEST)
        starts.append(messages.count)
        messages += UnsafeRawBufferPointer(start: header, count: Int(header.pointee.nlmsg_len))
        messages += [UInt8](repeating: 0, count: (4 - messages.count % 4) % 4)
    }

    /// All with one sequence number, so that whatever is refused belongs to one request. The kernel answers message by
    /// message: the last one before the batch's end asks for an acknowledgement, behind which no refusal can come.
    func bytes(sequence: UInt32) -> (bytes: [UInt8], acknowledgements: Int) {
        var bytes = messages
        var acknowledgements = 0
        let number = MemoryLayout<nlmsghdr>.offset(of: \.nlmsg_seq)!
        let flags = MemoryLayout<nlmsghdr>.offset(of: \.nlmsg_flags)!
        bytes.withUnsafeMutableBytes { bytes in
            for (index, start) in starts.enumerated() {
                bytes.storeBytes(of: sequence, toByteOffset: start + number, as: UInt32.self)
                var own = bytes.loadUnaligned(fromByteOffset: start + flags, as: UInt16.self)
                if index == starts.count - 2 { own |= UInt16(NLM_F_ACK) }
                if own & UInt16(NLM_F_ACK) != 0 { acknowledgements += 1 }
                bytes.storeBytes(of: own, toByteOffset: start + flags, as: UInt16.self)
            }
        }
        return (bytes, acknowledgements)
    }
}

/// A message from the kernel: a fixed header, then attributes.
package struct NetlinkReply {
    package let type: UInt16
    package let payload: [UInt8]

    /// The fixed header; nil when the payload is too short.
    package func header<Header: BitwiseCopyable>(_ type: Header.Type) -> Header? {
        guard payload.count >= MemoryLayout<Header>.size else { return nil }
        return payload.withUnsafeBytes { $0.loadUnaligned(as: type) }
    }

    /// Attributes behind a fixed header of this size.
    package func attributes(after headerSize: Int) -> NetlinkAttributes {
        let aligned = (headerSize + 3) & ~3
        return NetlinkAttributes(payload.dropFirst(aligned))
    }
}

/// A run of attributes; later ones of a type win.
package struct NetlinkAttributes {
    private var values: [UInt16: ArraySlice<UInt8>] = [:]
    /// In the order of the kernel, with repeated types.
    package private(set) var all: [(type: UInt16, value: ArraySlice<UInt8>)] = []

    package init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while rest.count >= 4 {
            let (length, type) = rest.withUnsafeBytes {
                (Int($0.loadUnaligned(as: UInt16.self)), $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
            }
            guard length >= 4, length <= rest.count else { return }
            let value = rest.dropFirst(4).prefix(length - 4)
            // Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
            let plain = type & 0x3fff
            values[plain] = value
            all.append((plain, value))
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }

    package func bytes(_ type: some BinaryInteger) -> ArraySlice<UInt8>? { values[UInt16(type)] }

    /// In the host's byte order; nil when it is missing or too short.
    package func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: some BinaryInteger, as: Number.Type = Number.self
    ) -> Number? {
        structure(type, as: Number.self)
    }

    package func structure<Payload: BitwiseCopyable>(_ type: some BinaryInteger, as: Payload.Type) -> Payload? {
        guard let bytes = bytes(type), bytes.count >= MemoryLayout<Payload>.size else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: Payload.self) }
    }

    package func text(_ type: some BinaryInteger) -> String? {
        bytes(type).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    package func nested(_ type: some BinaryInteger) -> NetlinkAttributes? { bytes(type).map(NetlinkAttributes.init) }
}
