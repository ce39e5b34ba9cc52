import Scenarios

/// A server that time forgot.
package struct TLSOldProtocol: Fault {
    package static let definition = FaultDefinition(
        name: "tls-old-protocol",
        summary: "Whoever begins TLS with an actor meets a server that speaks old versions only.",
        wire: """
            New connections to the actor's ports come up, and a ClientHello is answered as an old server does: with \
            version tls1.0 or tls1.1 by a ServerHello that chooses it, which a client that asks for more refuses with \
            the alert protocol_version (OpenSSL: unsupported protocol); with alert, by that alert itself and a FIN, as \
            newer software does that may speak old versions only. A client that would still speak an old version waits \
            for the rest of a handshake that does not come.

            Connections that stand go on. The actor never hears of the new ones.
            """,
        heals: """
            New connections reach the actor. Those in which the old server was met are closed (FIN), and whatever the \
            client still sends on them is answered by the actor's host with RST.
            """,
        hit: "One for each ClientHello that was answered so.",
        mechanism: """
            nftables in the wires of all links of the actor's host lead attempts at the ports that it listens at when \
            the fault strikes to a listener there (redirect, by connection tracking), which answers the bytes that an \
            old server would. The answers come from the middle of the link, so they are there half a round trip \
            earlier than the actor's. Clients on the actor's own host pass no wire and are not struck.
            """,
        target: .actor, extent: .interval, labs: .hostNeeds(Impostor.translation),
        parameters: [
            Parameter(
                "version", .choice(Version.allCases.map(\.rawValue)), default: .text(Version.one.rawValue),
                "The version that the server chooses, or alert when it says that there is none."),
            ServedPorts.parameter,
        ],
        example: "- { at: 10m, until: 15m, fault: tls-old-protocol, of: broker, version: tls1.0, port: 8883 }")

    private enum Version: String, CaseIterable {
        case one = "tls1.0"
        case oneOne = "tls1.1"
        case alert
    }

    private let actor: String
    private let port: Int?
    private let version: Version
    private let id: String

    package init(plan: FaultPlan) {
        actor = plan.actor
        port = plan.count("port").map { Int($0) }
        version = plan.text("version").flatMap(Version.init) ?? .one
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let served = try Self.attempt { try ServedPorts(of: actor, only: port, in: field) }
        let seed = Seed.derived(from: field.seed, for: "old server of \(id)")
        let answer = answer(seed: seed)
        let manners = Impostor.Manners(
            // Record of the handshake, ClientHello in it.
            answer: { $0.count > 5 && $0[0] == 22 && $0[5] == 1 ? answer : nil },
            hangsUp: version == .alert)
        return try Impostor(Self.self, id: id, at: served, in: field, manners)
    }

    private func answer(seed: UInt64) -> [UInt8] {
        switch version {
        // Alert, fatal, protocol_version (RFC 5246, section 7.2); in a record of TLS 1.2.
        case .alert: [21, 3, 3, 0, 2, 2, 70]
        case .one: serverHello(minor: 1, seed: seed)
        case .oneOne: serverHello(minor: 2, seed: seed)
        }
    }

    /// RFC 4346, section 7.4.1.3: version, 32 random bytes, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression;
    /// and renegotiation_info, which servers say since 2010 (RFC 5746, section 3.6).
    private func serverHello(minor: UInt8, seed: UInt64) -> [UInt8] {
        var random: [UInt8] = []
        var state = seed
        while random.count < 32 {
            state = Seed.mixed(state)
            random += withUnsafeBytes(of: state.littleEndian) { Array($0) }
        }
        let body = [3, minor] + random + [0, 0, 0x2F, 0, 0, 5, 0xFF, 1, 0, 1, 0]
        let message = [2, 0, 0, UInt8(body.count)] + body
        return [22, 3, minor, 0, UInt8(message.count)] + message
    }
}
