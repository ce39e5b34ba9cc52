import Glibc
import Kernel
import Labs
import Netlink
import Scenarios

/// The router gives every connection another face on the outside, in the middle of it.
package struct NATRebind: Fault {
    private enum Face: String, CaseIterable { case port, address }

    package static let definition = FaultDefinition(
        name: "nat-rebind",
        summary: "A NAT router moves every live mapping to another port, or to another address, at once.",
        wire: """
            Nothing is sent to anybody. The next packet that a client sends reaches the server from another port, or \
            from the router's second address and another port; what the server sends to the old ones finds no mapping \
            any more, and on-expiry decides about it.

            UDP carries on from the new address once the client has sent something: QUIC and DTLS with connection \
            identifiers survive it, protocols that know their peer by its address do not. A TCP server knows no \
            connection from there and answers RST: the client's next write brings ECONNRESET, and the server keeps \
            its half until it speaks or its own timeouts end it. With to: address a carrier has moved a customer to \
            another address of its pool; connections that begin later get the first address again.
            """,
        heals: "Nothing to heal: moved mappings stay where they are until they end.",
        hit: """
            One for each mapping of an established TCP connection, and of each UDP flow that has been answered, that \
            was moved.
            """,
        mechanism: """
            Over ctnetlink each entry is deleted and made anew with another source translation, in one request. New \
            ports are drawn from 1024 to 65535 by the run's seed.
            """,
        target: .router, extent: .moment,
        parameters: [
            Parameter(
                "to", .choice(Face.allCases.map(\.rawValue)), default: .text(Face.port.rawValue),
                "Whether only the port changes, or the address with it.")
        ],
        example: "- { at: 20m, fault: nat-rebind, on: home, to: address }")

    private let router: String
    private let face: Face
    private let id: String

    package init(plan: FaultPlan) {
        router = plan.router
        face = plan.text("to").flatMap(Face.init) ?? .port
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let router = field.router(router)
        var lots = Seed.derived(from: field.seed, for: "nat-rebind \(id)")
        let missing = (what: "connection tracking over netlink (CONFIG_NF_CT_NETLINK)", codes: [EPROTONOSUPPORT])
        return PastFault(
            hits: try Self.attempt(missing: missing) {
                let table = try Conntrack(namespace: router.namespace.raw, host: router.name)
                var count = 0
                for entry in try table.entries() where isLive(entry) && router.translates(entry) {
                    try move(entry, in: table, of: router, &lots)
                    count += 1
                }
                return count
            })
    }

    private func isLive(_ entry: ConntrackEntry) -> Bool {
        entry.isEstablished || (entry.isUDP && entry.isAnswered)
    }

    /// To the first port drawn that is free; there are 64,512.
    private func move(
        _ entry: ConntrackEntry, in table: Conntrack, of router: NATRouter, _ lots: inout UInt64
    ) throws {
        let former = entry.reply.destination
        let address =
            switch face {
            case .port: IPv4Address(former.address)!
            case .address: former.address == router.spare.description ? router.first : router.spare
            }
        for _ in 0..<1000 {
            lots = Seed.mixed(lots)
            let port = UInt16(1024 + lots % 64_512)
            if port == former.port { continue }
            if try table.rebind(entry, to: address, port: port) { return }
        }
        throw FaultError(Self.definition.name, "\(router.name) has no free port for \(entry.original)")
    }
}
