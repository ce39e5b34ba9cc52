import Glibc
import Labs
import Netlink
import Scenarios

/// The connection is up, and then nothing: a handshake that never ends.
package struct TLSHandshakeStall: Fault {
    package static let definition = FaultDefinition(
        name: "tls-handshake-stall",
        summary: "TLS handshakes with an actor come as far as a flight, which never arrives.",
        wire: """
            TCP connections come up as ever. Then every packet that begins with the chosen flight vanishes, and every \
            time that it is sent again: client-hello and server-hello are the first messages of either side; \
            client-finished is the client's second flight, after which a server of TLS 1.3 speaks and one of TLS 1.2 \
            ends the handshake; session is the client's first application data, sent when for both sides the handshake \
            is over. Both ends hold an ESTABLISHED connection; whoever waits for the flight waits until its own \
            deadline, and whoever sent it until TCP gives up, after about 15 minutes.

            Only connections that were begun while the fault lasts are struck: sessions that stand go on. A deadline \
            for connecting that ends with TCP's handshake does not help a client here.
            """,
        heals: """
            Flights pass again. TCP sends the lost ones once more after a growing pause, up to two minutes, and a \
            handshake whose ends have not given up goes on where it stood.
            """,
        hit: "One for each packet dropped, from the kernel's counter: the flight, and each time it was sent again.",
        mechanism: """
            nftables rules in the wires of all links of the actor's host, for the ports that it listens at when the \
            fault strikes: the connections begun since are remembered in a set, and of these the packets whose payload \
            begins with the flight's TLS record are dropped (first byte: type of the record; sixth: type of the \
            handshake message, RFC 8446, sections 4 and 5.1). Before its second flight a client says ChangeCipherSpec, \
            also in TLS 1.3 (RFC 8446, appendix D.4, which OpenSSL, Go, Java and browsers follow); of one that does \
            not, client-finished stalls nothing and session drops the second flight. Clients on the actor's own host \
            pass no wire and are not struck.
            """,
        target: .actor, extent: .interval, labs: .hostNeeds(inner),
        parameters: [
            Parameter(
                "flight", .choice(Flight.allCases.map(\.rawValue)), required: true,
                "Which flight of the handshake never arrives."),
            ServedPorts.parameter,
        ],
        example: """
            - { at: 10m, until: 15m, fault: tls-handshake-stall, of: broker, flight: server-hello, port: 8883 }
            """)

    private enum Flight: String, CaseIterable {
        case clientHello = "client-hello"
        case serverHello = "server-hello"
        case clientFinished = "client-finished"
        case session

        /// Beginnings of a packet's payload: bytes with their places.
        var beginnings: [[PacketFilter.Expression]] {
            // 20 is ChangeCipherSpec, 22 a handshake record, 23 application data.
            switch self {
            case .clientHello: [handshake(1)]
            case .serverHello: [handshake(2)]
            // In TLS 1.2 the client's certificate, when it has one, or its key exchange.
            case .clientFinished: [[.payload(at: 0, [20])], handshake(11), handshake(16)]
            case .session: [[.payload(at: 0, [23])]]
            }
        }

        private func handshake(_ message: UInt8) -> [PacketFilter.Expression] {
            [.payload(at: 0, [22]), .payload(at: 5, [message])]
        }
    }

    private let actor: String
    private let port: Int?
    private let flight: Flight
    private let id: String

    package init(plan: FaultPlan) {
        actor = plan.actor
        port = plan.count("port").map { Int($0) }
        flight = plan.text("flight").flatMap(Flight.init) ?? .clientHello
        id = "fault\(plan.index)"
    }

    private static let missing = (what: inner, codes: [EOPNOTSUPP])
    private static let inner = "matches of TCP's payload in nftables (Linux 6.2)"
    private static let begun = "begun"

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let served = try Self.attempt { try ServedPorts(of: actor, only: port, in: field) }
        return try FilterFault(Self.self, id: id, missing: Self.missing, served.wires.map { table($0, served) })
    }

    private func table(_ wire: Wire, _ served: ServedPorts) -> FilterFault.Table {
        let requests = served.requests(on: wire)
        var rules = requests.map {
            $0 + [.flags([.syn], of: [.syn, .ack]), .remember(in: Self.begun, reversed: false)]
        }
        let isServers = flight == .serverHello
        for packets in isServers ? served.responses(on: wire) : requests {
            for beginning in flight.beginnings {
                rules.append(
                    packets + [.inSet(Self.begun, reversed: isServers)] + beginning
                        + [.count(FilterFault.hits), .drop])
            }
        }
        return FilterFault.Table(
            namespace: wire.namespace, sets: [PacketFilter.FlowSet(Self.begun, isDynamic: true)],
            chains: [.init("forward", .forward, rules: rules)])
    }
}
