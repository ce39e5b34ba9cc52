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

    /// Actors that misbehave, each in one way: `python3 actors.py WAY`.
    static let misbehaviours = """
        import json, os, signal, socket, sys, time

        def say(event, **more):
            print(json.dumps({"event": event, "t": time.monotonic_ns(), **more}), flush=True)

        def connect():
            say("attempt")
            peer = socket.create_connection(("server", 7000))
            say("connected")
            return peer

        def write(part, times):
            for _ in range(times):
                view = memoryview(part)
                while view:
                    view = view[os.write(1, view):]

        def daemonise():
            "A grandchild in a session of its own, deaf to SIGTERM."
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    if os.fork() == 0:
                        os.setsid()
                        signal.signal(signal.SIGTERM, signal.SIG_IGN)
                        print("daemon in session", os.getsid(0), flush=True)
                        time.sleep(1e9)
                os._exit(0)

        way = sys.argv[1]
        if way == "dies-before":
            print("no route to mars", flush=True)
            sys.exit(3)
        peer = connect()
        if way == "flood-lines":
            write((b"x" * 127 + b"\\n") * 8192, 1024)
        elif way == "flood-blob":
            write(b"x" * (1 << 20), 1024)
        elif way == "flood-events":
            line = (json.dumps({"event": "note", "text": "x" * 100}) + "\\n").encode() * 500
            while True:
                write(line, 1)
        elif way == "yes":
            os.execvp("yes", ["yes"])
        elif way == "binary":
            write(bytes(range(256)) * 400, 1)
            write(b"\\n{\\xff\\xfe\\n{\\x00}\\n\\x1b[2J\\n", 1)
        elif way == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        elif way == "daemon":
            daemonise()
        elif way == "daemon-left":
            daemonise()
            time.sleep(20)
            sys.exit(0)
        elif way == "spins":
            time.sleep(5)
            while True:
                pass
        elif way == "crashes":
            time.sleep(20)
            os.kill(os.getpid(), signal.SIGSEGV)
        elif way == "raises":
            time.sleep(20)
            raise RuntimeError("boom")
        elif way == "odd-events":
            say("note", text="y" * 100_000)
            for line in [
                '{"event": "received", "seq": "7", "stream": "a"}', '{"event": "received", "seq": 1.5, "stream": "a"}',
                '{"event": "received", "seq":', '{"event": "connected", "t": 99999999999999999999999}',
                '{"event": "connected", "t": %d}' % (time.monotonic_ns() + 10**12), '{"event": "connected", "t": -5}',
                '{"event": "connected", "t": 0}', '{"event": "connected", "t": "now"}', '{"event": 7}', '{"event": {}}',
                '{"event": "zoom", "x": 1}', '{"event": "state", "state": 5}', '{' * 100_000, '{"event": ' + "[" * 5000,
                '{"event": "received", "seq": -1, "stream": "\\\\ud800"}', '[]', '{}', 'null', '',
            ]:
                print(line, flush=True)
            print("the end of the odd ones", flush=True)
        elif way == "huge-event":
            print(json.dumps({"event": "received", "stream": "a", "seq": 1, "data": "z" * (2 << 20)}), flush=True)
        else:
            sys.exit("unknown way " + way)
        time.sleep(1e9)
        """

    /// - Parameters:
    ///   - client: what the client runs; the Python subscriber when nil.
    ///   - timeline: lines of the timeline but for its end.
    static func text(
        name: String = "test", client: String? = nil, server: String? = nil, timeline: [String] = [],
        end: String = "60s", expect: [String] = ["{ connects: client, within: 10s }"], link: String = "delay: 10ms",
        ready: String? = nil, serverReady: String = "{ port: 7000 }", extra: String = ""
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
            - { between: [left, right], \(link) }
        actors:
          server: { role: server, on: right, run: \(server ?? "[python3, pair.py, serve]"), ready: \(serverReady) }
          client: { role: client, on: left, run: \(client ?? "[python3, pair.py, subscribe]"), stop-within: 1s\(
              ready.map { ", ready: \($0)" } ?? "") }
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
        _ = try scratch.write("actors.py", misbehaviours)
        _ = try scratch.write("test.yaml", text)
        return scratch
    }
}
