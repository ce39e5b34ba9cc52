import JSONLines
import Testing

/// When a run says nothing about the client it is void, with the reason; never a pass.
@Suite struct VerdictTests {
    struct Idle: CustomTestStringConvertible, Sendable {
        var what: String
        var fault: String
        var client = "[python3, pair.py, subscribe]"
        var server = "[python3, pair.py, serve]"
        var message: String
        var testDescription: String { what }
    }

    /// Connects and says nothing more, on a server that says nothing either.
    private static let silentClient = """
        [python3, -c, 'import json, socket, time; peer = socket.create_connection(("server", 7000)); \
        print(json.dumps({{"event": "connected"}}), flush=True); time.sleep(1e9)']
        """
    private static let silentServer = """
        [python3, -c, 'import socket, time; listener = socket.create_server(("0.0.0.0", 7000)); \
        peers = [listener.accept() for _ in range(9)]; time.sleep(1e9)']
        """
    /// Hangs up once it has connected, and is content.
    private static let briefClient = """
        [python3, -c, 'import json, socket, time; peer = socket.create_connection(("server", 7000)); \
        print(json.dumps({{"event": "connected"}}), flush=True); time.sleep(1); peer.close(); time.sleep(1e9)']
        """

    @Test(arguments: [
        Idle(
            what: "blackhole while nobody speaks",
            fault: "{ at: 20s, until: 30s, fault: blackhole, between: [left, home] }",
            client: silentClient, server: silentServer,
            message: "blackhole at 20s on left-home struck no packet: nothing that it applies to was sent"),
        Idle(
            what: "loss while nobody speaks",
            fault: "{ at: 20s, until: 30s, fault: loss, between: [left, home], loss: 50% }",
            client: silentClient, server: silentServer, message: "loss at 20s on left-home struck no packet"),
        Idle(
            what: "nat-forget without mappings", fault: "{ at: 20s, fault: nat-forget, on: home }",
            client: briefClient, message: "nat-forget at 20s on home had no hit: home held nothing for it to strike"),
        Idle(
            what: "hang-up without connections", fault: "{ at: 20s, fault: hang-up, of: server }",
            client: briefClient, message: "hang-up at 20s of server had no hit: server had nothing for it to strike"),
        Idle(
            what: "reset without connections", fault: "{ at: 20s, fault: reset, of: server }",
            client: briefClient, message: "reset at 20s of server had no hit"),
        Idle(
            what: "freeze without connections", fault: "{ at: 20s, until: 30s, fault: freeze, of: server }",
            client: briefClient, message: "freeze at 20s of server had no hit"),
    ])
    func `a fault that did not act voids the run`(_ idle: Idle) throws {
        let played = try play(idle.fault, client: idle.client, server: idle.server)
        #expect(played.verdict == "void", "\(played.outcome.all)")
        #expect(played.outcome.status == 2, "\(played.outcome.all)")
        #expect(played.told.contains(idle.message), "\(played.outcome.all)")
        // The client did what it was asked for all the same.
        #expect(played.findings("connects").first?["verdict"] == "pass", "\(played.outcome.all)")
    }

    /// The same faults with somebody there to be struck: what voids is their idleness alone.
    @Test(arguments: [
        "{ at: 20s, until: 30s, fault: blackhole, between: [left, home] }", "{ at: 20s, fault: nat-forget, on: home }",
        "{ at: 20s, fault: hang-up, of: server }", "{ at: 20s, until: 30s, fault: freeze, of: server }",
    ])
    func `a fault that acted does not`(_ fault: String) throws {
        let played = try play(fault, client: "[python3, pair.py, subscribe]", server: "[python3, pair.py, serve]")
        #expect(played.verdict == "pass", "\(played.outcome.all)")
        #expect(played.outcome.status == 0, "\(played.outcome.all)")
    }

    /// Its server hangs up by itself after five seconds and takes nobody any more.
    @Test func `a client that was not connected when the first fault came voids the run`() throws {
        let server = """
            [python3, -c, 'import socket, time; listener = socket.create_server(("0.0.0.0", 7000)); \
            peer = listener.accept()[0]; peer.sendall(b"1\\n"); time.sleep(5); peer.close(); listener.close(); \
            time.sleep(1e9)']
            """
        let played = try play(
            "{ at: 30s, until: 40s, fault: blackhole, between: [left, home] }",
            client: "[python3, pair.py, subscribe]", server: server)
        #expect(played.verdict == "void", "\(played.outcome.all)")
        #expect(played.outcome.status == 2, "\(played.outcome.all)")
        #expect(
            played.told.contains("client was no longer connected when the first fault struck, at 30s"),
            "\(played.outcome.all)")
    }

    private func play(_ fault: String, client: String, server: String) throws -> Played {
        let text = """
            format: 1
            name: test
            summary: A test.
            lab:
              hosts: { left: {}, home: { nat: { idle-timeout: 1h } }, right: {} }
              links:
                - { between: [left, home], delay: 5ms }
                - { between: [home, right], delay: 5ms }
            actors:
              server: { role: server, on: right, run: \(server), ready: { port: 7000 } }
              client: { role: client, on: left, run: \(client), stop-within: 1s }
            timeline:
              - \(fault)
              - { end: 60s }
            expect:
              - { connects: client, within: 10s }
            """
        return try Played.play(try TestScenario.folder(text))
    }
}
