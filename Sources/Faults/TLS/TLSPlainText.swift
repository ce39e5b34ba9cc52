import Scenarios

/// A wrong port, a proxy that has forgotten its certificate, a server started without TLS.
package struct TLSPlainText: Fault {
    package static let definition = FaultDefinition(
        name: "tls-plain-text",
        summary: "Whoever begins TLS with an actor is answered in plain text.",
        wire: """
            New connections to the actor's ports come up and are answered by somebody who does not speak TLS: with \
            says: http the first that the client sends is answered by a page "400 Bad Request" and a FIN; with says: \
            banner a line of text comes at once, and another for whatever is said. A TLS client makes an error of it \
            that no certificate explains (OpenSSL: wrong version number). Waiting and trying again does not help, nor \
            does it hurt.

            Connections that stand go on. The actor never hears of the new ones.
            """,
        heals: """
            New connections reach the actor. Those that were answered in plain text are closed (FIN), and whatever the \
            client still sends on them is answered by the actor's host with RST.
            """,
        hit: "One for each connection in which plain text was said.",
        mechanism: """
            nftables in the wires of all links of the actor's host lead attempts at the ports that it listens at when \
            the fault strikes to a listener there (redirect, by connection tracking). Its answers come from the middle \
            of the link, so they are there half a round trip earlier than the actor's. Clients on the actor's own host \
            pass no wire and are not struck.
            """,
        target: .actor, extent: .interval, labs: .hostNeeds(Impostor.translation),
        parameters: [
            Parameter(
                "says", .choice(Speech.allCases.map(\.rawValue)), default: .text(Speech.http.rawValue),
                "How the plain text begins."),
            ServedPorts.parameter,
        ],
        example: "- { at: 10m, until: 15m, fault: tls-plain-text, of: broker, says: http, port: 8883 }")

    private enum Speech: String, CaseIterable { case http, banner }

    private let actor: String
    private let port: Int?
    private let speech: Speech
    private let id: String

    package init(plan: FaultPlan) {
        actor = plan.actor
        port = plan.count("port").map { Int($0) }
        speech = plan.text("says").flatMap(Speech.init) ?? .http
        id = "fault\(plan.index)"
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let served = try Self.attempt { try ServedPorts(of: actor, only: port, in: field) }
        let manners: Impostor.Manners =
            switch speech {
            case .http:
                // As nginx puts it.
                .init(
                    answer: { _ in
                        let page = "<h1>400 Bad Request</h1>\n"
                        let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n"
                        return Array("\(head)Content-Length: \(page.utf8.count)\r\n\r\n\(page)".utf8)
                    }, hangsUp: true)
            case .banner:
                .init(
                    greeting: Array("220 ready, and in plain text\r\n".utf8),
                    answer: { _ in Array("500 what?\r\n".utf8) }, hangsUp: false)
            }
        return try Impostor(Self.self, id: id, at: served, in: field, manners)
    }
}
