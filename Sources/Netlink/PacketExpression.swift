import Glibc

extension PacketFilter {
    /// A piece of a rule: matches first, a verdict last. Packets are IPv4; what is said of ports holds for TCP and UDP,
    /// so put `isTCP` or `isUDP` in front.
    package enum Expression: Equatable, Sendable {
        // MARK: Where it is
        /// Came in by the device of this index (`iif`), or by another.
        case cameBy(Int32)
        case cameNotBy(Int32)
        /// Leaves by it (`oif`).
        case leavesBy(Int32)

        // MARK: What it is
        case isTCP, isUDP, isICMP
        case from(IPv4Address)
        case to(IPv4Address)
        /// 1...65535
        case fromPort(Int)
        case toPort(Int)
        /// Of these TCP flags exactly these are set: a SYN that is no answer is `.flags([.syn], of: [.syn, .ack])`.
        case flags(TCPFlags, of: TCPFlags)
        /// The IP packet has more bytes than this, headers included.
        case longerThan(Int)
        /// TCP or UDP with data behind its header. From Linux 6.2 for TCP.
        case carriesData
        /// Behind the TCP or UDP header, at this offset, stand these bytes (1...16); false when the packet ends before.
        /// From Linux 6.2 for TCP.
        case payload(at: Int, [UInt8])
        /// Its connection belongs to this share of all, of 0..<modulus, the same for both directions. `reversed` for
        /// packets of the other direction.
        case hash(seed: UInt32, below: UInt32, of: UInt32, reversed: Bool)
        /// Its addresses and ports are in the named set of connections; `reversed` as above.
        case inSet(String, reversed: Bool)
        case notInSet(String, reversed: Bool)

        /// By lot: so many of so many packets, drawn from the kernel's random numbers.
        case chance(below: UInt32, of: UInt32)

        // MARK: What connection tracking says of it
        /// `ct state`, one of these.
        case state(ConnectionState)
        /// Its connection has carried more than so many bytes in this direction, this packet included, counted in
        /// whole IP packets (needs nf_conntrack_acct).
        case bytes(over: UInt64, Side)
        /// The same in packets.
        case packets(over: UInt64, Side)
        /// Its connection's mark.
        case mark(UInt32)
        /// `ct count over`: there are more than so many connections that have passed this rule. For new ones.
        case connections(over: UInt32)

        // MARK: What is remembered of it
        /// Its addresses and ports go into the named set, which must be dynamic; false when the set is full. One that
        /// is in it already stays as it is, with the time that it has left.
        case remember(in: String, reversed: Bool)
        /// The same; true once they have more than so many bytes to answer for, in whole IP packets of either
        /// direction, this one included.
        case spend(in: String, bytes: UInt64, reversed: Bool)
        /// They go out of it, if they are in it.
        case forget(in: String, reversed: Bool)

        // MARK: What is done to it on the way
        case count(String)
        /// Overwrites the window field of the TCP header.
        case setWindow(UInt16)
        /// Lowers the maximum segment size that a SYN announces (`tcp option maxseg size set`).
        case setSegmentSize(UInt16)
        case setMark(UInt32)
        /// Flips these bits of the byte at this offset behind the IP header, and leaves the checksums as they are.
        /// False when the packet ends before.
        case flip(at: Int, UInt8)
        /// A copy goes to whoever listens to this group (NFLOG), with the first so many bytes; 0 for all of it.
        case log(group: UInt16, bytes: UInt32)

        // MARK: What becomes of it
        case accept, drop
        /// Goes on in another chain, for good; or comes back when nothing there decides.
        case goTo(String)
        case jump(String)
        /// Waits for a verdict from the program on this queue (NFQUEUE).
        case queue(UInt16)
        /// Drops, and answers with a RST.
        case reset
        /// Drops, and answers with this ICMP "destination unreachable" (RFC 792, RFC 1812 5.2.7.1).
        case unreachable(Unreachable)
        /// Gives it the address of the device by which it leaves; a port of this range when given.
        case masquerade
        case masqueradeTo(ports: ClosedRange<Int>)
        /// Source address, and a port of this range when given (in a chain of postrouting that translates).
        case sourceTo(IPv4Address, ports: ClosedRange<Int>?)
        /// Destination address and port (in a chain of prerouting or output that translates).
        case destinationTo(IPv4Address, port: Int?)
        /// This machine, at this port (likewise).
        case redirect(port: Int)
    }

    /// What connection tracking says of a packet (NF_CT_STATE_BIT).
    package struct ConnectionState: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Belongs to no connection and begins none.
        package static let invalid = ConnectionState(rawValue: 1 << 0)
        package static let established = ConnectionState(rawValue: 1 << 1)
        package static let related = ConnectionState(rawValue: 1 << 2)
        package static let new = ConnectionState(rawValue: 1 << 3)
    }

    /// Of the TCP header (RFC 9293 3.1).
    package struct TCPFlags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let fin = TCPFlags(rawValue: 0x01)
        package static let syn = TCPFlags(rawValue: 0x02)
        package static let rst = TCPFlags(rawValue: 0x04)
        package static let psh = TCPFlags(rawValue: 0x08)
        package static let ack = TCPFlags(rawValue: 0x10)
    }

    /// A direction of a connection: from who opened it, or back (IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY).
    package enum Side: UInt8, Sendable { case original, reply }

    /// Codes of ICMP's "destination unreachable".
    package enum Unreachable: UInt8, Sendable {
        case net = 0
        case host = 1
        case port = 3
        case prohibited = 13
    }

    /// A TCP or UDP connection seen from the one who sends: `reversed` rules match the other's packets.
    package struct Flow: Hashable, Sendable {
        package var source: IPv4Address
        package var sourcePort: Int
        package var destination: IPv4Address
        package var destinationPort: Int

        package init(source: IPv4Address, sourcePort: Int, destination: IPv4Address, destinationPort: Int) {
            self.source = source
            self.sourcePort = sourcePort
            self.destination = destination
            self.destinationPort = destinationPort
        }

        /// As the registers hold it: each field in 4 bytes, network order first, zeros after.
        var key: [UInt8] {
            source.bytes + port(sourcePort) + destination.bytes + port(destinationPort)
        }

        /// Nil when these are not 16 bytes.
        init?(key: ArraySlice<UInt8>) {
            let bytes = Array(key)
            guard bytes.count == 16 else { return nil }
            func address(_ offset: Int) -> IPv4Address {
                IPv4Address(
                    networkOrder: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) })
            }
            source = address(0)
            sourcePort = Int(bytes[4]) << 8 | Int(bytes[5])
            destination = address(8)
            destinationPort = Int(bytes[12]) << 8 | Int(bytes[13])
        }

        private func port(_ port: Int) -> [UInt8] { [UInt8(port >> 8 & 0xff), UInt8(port & 0xff), 0, 0] }
    }
}
