import Foundation
import JSONLines
import Testing

/// What the probes find out about real connections: whose they are, how they are encrypted, what went over them.
@Suite struct ConnectionFactsTests {
    private static let server = """
        import socket, ssl, sys, threading

        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[1], sys.argv[2])
        listener = socket.create_server(("0.0.0.0", 7000))

        def serve(peer):
            first = peer.recv(1, socket.MSG_PEEK)
            try:
                if first == b"\\x16":
                    peer = tls.wrap_socket(peer, server_side=True)
                while data := peer.recv(4096):
                    peer.sendall(data)
            except OSError as error:
                print(error, flush=True)
            peer.close()

        while True:
            peer, _ = listener.accept()
            threading.Thread(target=serve, args=[peer], daemon=True).start()
        """

    /// Number 0 speaks TLS 1.3, 1 TLS 1.2, 2 plain text; each a word every 20 s, over a new connection every 60 s.
    private static let client = """
        import json, signal, socket, ssl, sys, time

        number = int(sys.argv[2])
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

        def say(event, **more):
            print(json.dumps({"event": event, "t": time.monotonic_ns(), **more}), flush=True)

        while True:
            peer = socket.create_connection(("server", 7000))
            if number < 2:
                tls = ssl.create_default_context(cafile=sys.argv[1])
                if number == 1:
                    tls.maximum_version = ssl.TLSVersion.TLSv1_2
                peer = tls.wrap_socket(peer, server_hostname="server")
            say("connected", local="%s:%d" % peer.getsockname())
            for _ in range(3):
                peer.sendall(b"GET / HTTP/1.1\\r\\n")
                peer.recv(100)
                time.sleep(20)
            peer.close()
        """

    private static let scenario = """
        format: 1
        name: test
        summary: Three clients on one host, two of them over TLS.
        lab:
          hosts: { left: {}, right: {} }
          links: [ { between: [left, right], delay: 10ms } ]
        actors:
          server:
            role: server
            on: right
            run: [python3, server.py, "{server.certificate}", "{server.key}"]
            ready: { port: 7000 }
            certificate: {}
          client:
            role: client
            on: left
            count: 3
            run: [python3, client.py, "{ca}", "{index}"]
        timeline: [ { end: 270s } ]
        expect:
          - { tls: client, version: "1.3" }
          - { no-plain-text: client }
          - { destinations: client, only: [server] }
          - { connections-open: client, most: 1 }
          - { idle-retired: client, within: 30s }
          - { no-leaks: client, reconnects: 3 }
          - { no-busy-loop: client }
          - { graceful-close: client }
        """

    @Test func `three clients on one host, each with its own connections`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("server.py", Self.server)
        _ = try scratch.write("client.py", Self.client)
        _ = try scratch.write("test.yaml", Self.scenario)
        let played = try Played.play(scratch)
        #expect(played.verdict == "fail", "\(played.told)")
        let lines = Played.lines(of: played.run["recording"]?.string ?? "")
        #expect(lines.first?["records"]?.array?.compactMap(\.string) == ["connections", "payload", "resources"])

        let owners = played.events.filter { $0["event"] == "owner" }
        let attempts = played.events.filter { $0["event"] == "wire" && $0["what"] == "attempt" }
        #expect(owners.count == attempts.count)
        // What the drivers said of their own ends is what the probe found.
        let told = played.said("client", "connected").map { said in
            "\(said["index"]?.integer ?? -1) \(said["extra"]?["local"]?.string ?? "")"
        }
        #expect(Set(told).isSubset(of: owners.map { "\($0["index"]?.integer ?? -1) \($0["from"]?.string ?? "")" }))
        #expect(told.count >= 12)

        let tls = played.events.filter { $0["event"] == "tls" }
        func values(_ what: String, _ field: String) -> Set<String> {
            Set(tls.filter { $0["what"]?.string == what }.compactMap { $0[field]?.string })
        }
        #expect(values("client-hello", "name") == ["server"])
        #expect(values("server-hello", "version") == ["1.2", "1.3"])
        #expect(values("server-hello", "cipher").count == 2)
        #expect(values("plain", "protocol") == ["http"])
        let finished = tls.count { $0["what"] == "finished" }
        #expect(finished > 0 && finished == tls.count { $0["what"] == "data" })

        // A word and its echo every 20 s: pauses are told to the millisecond.
        let pauses = played.events.filter { $0["what"] == "data" && $0["event"] == "wire" }
            .compactMap { $0["quiet"]?.integer }.filter { $0 > 1_000_000_000 }
        #expect(pauses.count > 20)
        #expect(pauses.allSatisfy { (20_000_000_000...20_100_000_000).contains($0) })

        let totals = played.events.filter { $0["event"] == "connection" && $0["what"] == "closed" }
        #expect(totals.count >= 9)
        let plain = totals.filter { $0["sent"]?.integer == 48 }
        #expect(!plain.isEmpty && plain.allSatisfy { $0["received"]?.integer == 48 })
    }

    @Test func `the judges of policy and lifecycle on real connections`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("server.py", Self.server)
        _ = try scratch.write("client.py", Self.client)
        _ = try scratch.write("test.yaml", Self.scenario)
        let played = try Played.play(scratch)
        let verdicts = (played.run["findings"]?.array ?? []).map { $0["verdict"]?.string ?? "" }
        #expect(verdicts == ["fail", "fail", "pass", "pass", "pass", "pass", "pass", "pass"], "\(played.told)")
        let plain = played.findings("no-plain-text").first?["summary"]?.string ?? ""
        #expect(plain.contains("client#2") && plain.contains("http"), "\(plain)")
    }
}
