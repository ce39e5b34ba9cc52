import Labs
import Netlink
import Scenarios

/// A router on the way says no, in so many words.
package struct Reject: Fault {
    private enum Word: String, CaseIterable {
        case host = "host-unreachable"
        case net = "net-unreachable"
        case port = "port-unreachable"
        case prohibited = "admin-prohibited"

        var code: PacketFilter.Unreachable {
            switch self {
            case .host: .host
            case .net: .net
            case .port: .port
            case .prohibited: .prohibited
            }
        }
    }

    package static let definition = FaultDefinition(
        name: "reject",
        summary: "A link drops every packet and tells its sender by ICMP that there is no way through.",
        wire: """
            Each packet is dropped and answered by an ICMP "destination unreachable" from the middle of the link. A \
            connection attempt fails at once: EHOSTUNREACH for host-unreachable and admin-prohibited, ENETUNREACH for \
            net-unreachable, ECONNREFUSED for port-unreachable; a connected UDP socket has the same errors at its next \
            call. An established TCP connection takes them as a hint only (RFC 5461): it stays ESTABLISHED, \
            retransmits, and when it gives up in the end it names this error instead of ETIMEDOUT.

            With a direction only packets from that host are rejected, with a port only TCP and UDP to that port.
            """,
        heals: "Packets pass again, and TCP's next retransmission carries on.",
        hit: "One for each packet that was dropped; each but ICMP errors got its answer.",
        mechanism: """
            nftables' reject in the wire, the router namespace in the middle of the link, whose ICMP is not limited \
            in rate.
            """,
        target: .link, extent: .interval,
        parameters: [
            Parameter(
                "with", .choice(Word.allCases.map(\.rawValue)), default: .text(Word.host.rawValue),
                "What the answer says: ICMP type 3 with code 1, 0, 3 or 13 (RFC 792, RFC 1812)."),
            Parameter("port", .count(1...65535), "Reject packets to this TCP or UDP port only; all when left out."),
        ],
        example: "- { at: 5m, until: 6m, fault: reject, between: [phone, home], with: net-unreachable, port: 1883 }")

    private let link: (name: String, from: String?)
    private let id: String
    private let word: Word
    private let port: Int64?

    package init(plan: FaultPlan) {
        link = plan.link
        id = "fault\(plan.index)"
        word = plan.text("with").flatMap(Word.init) ?? .host
        port = plan.count("port")
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(link.name)
        var matches: [[PacketFilter.Expression]] = [[]]
        if let port { matches = [[.isTCP, .toPort(Int(port))], [.isUDP, .toPort(Int(port))]] }
        let rules = wire.sides(from: link.from).flatMap { side in
            matches.map { [.cameBy(side.side.index)] + $0 + [.count(FilterFault.hits), .unreachable(word.code)] }
        }
        let chain = PacketFilter.Chain("forward", .forward, priority: FilterFault.answering, rules: rules)
        return try FilterFault(Self.self, id: id, [.init(namespace: wire.namespace, chains: [chain])])
    }
}
