/// The lab and the actors that every definition's example speaks of. The server and the client are the reference pair,
/// so that a timeline of examples can be played as it stands.
enum ExampleScenario {
    /// The file that an example names beside the scenario: a trace of 12 Mbit/s.
    static let trace = (path: "lte.trace", text: "1\n")

    /// - Parameter timeline: its items but the end, a line each.
    static func text(timeline: [String], end: String = "40m") -> String {
        """
        format: 1
        name: example
        summary: An example of a definition.
        lab:
          hosts:
            phone: {}
            home: { nat: { idle-timeout: 5m, outside: home-cloud } }
            cloud: {}
            reserve: {}
            tower: {}
          links:
            - { between: [phone, home] }
            - { between: [home, cloud] }
            - { between: [home, reserve] }
            - { between: [phone, tower], name: cellular }
            - { between: [tower, cloud] }
        actors:
          broker: { role: server, on: cloud, run: \(server), ready: { port: 1883 }, certificate: {} }
          standby: { role: server, on: reserve, run: \(server), ready: { port: 1883 } }
          subscriber:
            role: client
            on: phone
            run: [halfopen, feed, client, --to, "{broker}", --port, "{broker.port}"]
            ready: { event: connected }
        timeline:
        \((timeline + ["- { end: \(end) }"]).map { "  \($0)" }.joined(separator: "\n"))
        expect:
          - { connects: subscriber, within: 5s }
        """
    }

    private static let server = #"[halfopen, feed, server, --port, "1883", --interval, 5s, --heartbeat, 10s]"#
}
