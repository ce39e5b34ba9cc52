/// Small scenarios for tests: a client and a server in two hosts, made of plain programs.
enum TestScenario {
    /// A server that answers each line it is sent with a numbered event of its own, and a client that speaks the driver
    /// protocol; both in one Python file.
    static let programs = """
        import json, socket, sys, threading, time

        def say(event, **more):
            print(json.dumps({"event": event, "t": time.monotonic_ns(), **more}), flush=True)

        def serve():
            listener = socket.create_server(("0.0.0.0", 7000))
            number = 0
            lock = threading.Lock()
            peers = []
            def accept():
                while True:
                    peers.append(listener.accept()[0])
            threading.Thread(target=accept, daemon=True).start()
            while True:
                time.sleep(1)
                number += 1
                say("sent", stream="ticks", seq=number)
                for peer in list(peers):
                    try:
                        peer.sendall(b"%d\\n" % number)
                    except OSError:
                        peers.remove(peer)

        def subscribe():
            while True:
                try:
                    say("attempt")
                    with socket.create_connection(("server", 7000), timeout=5) as peer:
                        say("connected")
                        for line in peer.makefile():
                            say("received", stream="ticks", seq=int(line))
                except OSError as error:
                    say("error", text=str(error))
                say("state", state="disconnected")
                time.sleep(1)

        serve() if sys.argv[1] == "serve" else subscribe()
        """

    /// - Parameters:
    ///   - client: what the client runs; the Python subscriber when nil.
    ///   - timeline: lines of the timeline but for its end.
    static func text(
        name: String = "test", client: String? = nil, server: String? = nil, timeline: [String] = [],
        end: String = "60s", expect: [String] = ["{ connects: client, within: 10s }"], extra: String = ""
    ) -> String {
        """
        format: 1
        name: \(name)
        summary: A test.
        lab:
          hosts:
            left: {}
            right: {}
          links:
            - { between: [left, right], delay: 10ms }
        actors:
          server: { role: server, on: right, run: \(server ?? "[python3, pair.py, serve]"), ready: { port: 7000 } }
          client: { role: client, on: left, run: \(client ?? "[python3, pair.py, subscribe]"), stop-within: 1s }
        timeline:
        \(timeline.map { "  - \($0)\n" }.joined())  - { end: \(end) }
        expect:
        \(expect.map { "  - \($0)\n" }.joined())\(extra)
        """
    }

    /// A folder with the scenario `test.yaml` and the programs beside it.
    static func folder(_ text: String) throws -> Scratch {
        let scratch = try Scratch()
        _ = try scratch.write("pair.py", programs)
        _ = try scratch.write("test.yaml", text)
        return scratch
    }
}
