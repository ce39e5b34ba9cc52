import CLinux
import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Nftables
import Testing

@testable import Scenarios

/// Doing things while faults that hold packets do their part: the loop runs, and nobody waits in a system call.
extension TestField {
    /// True when the descriptor became ready within so long.
    func wait(for descriptor: Int32, _ interest: EventLoop.Interest, within time: Duration) throws -> Bool {
        var isReady = false
        let token = try loop.watch(descriptor, for: interest) { isReady = true }
        defer { loop.cancel(token) }
        _ = try loop.run(until: Clock.now + time.wholeNanoseconds) { isReady }
        try pass(.zero)
        return isReady
    }

    func hear(_ connection: TestConnection, within time: Duration = .seconds(5)) throws -> TestConnection.Heard {
        try wait(for: connection.descriptor.raw, .readable, within: time) ? connection.hear() : .silence
    }

    /// How many bytes came in all, and what came after the last of them.
    func hearAll(
        _ connection: TestConnection, quiet: Duration = .seconds(60)
    ) throws -> (text: String, after: TestConnection.Heard) {
        var text = ""
        while true {
            let heard = try hear(connection, within: quiet)
            guard case .bytes(let more) = heard else { return (text, heard) }
            text += more
        }
    }

    /// A connection that comes up while the loop runs; nil when it does not, within so long.
    func connect(
        from host: String, to address: String, port: Int = 7000, within time: Duration = .seconds(5)
    ) throws -> TestConnection? {
        let raw = try System.call("make a socket") {
            halfopen_socket_in(namespace(of: host), AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        }
        let connection = TestConnection(owning: raw)
        let flags = fcntl(raw, F_GETFL)
        _ = fcntl(raw, F_SETFL, flags | O_NONBLOCK)
        var target = TestConnection.address(address, port)
        let begun = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(begun == -1 && errno == EINPROGRESS)
        guard try wait(for: raw, .writable, within: time) else { return nil }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &size)
        _ = fcntl(raw, F_SETFL, flags)
        return code == 0 ? connection : nil
    }

    /// Says it and hears the same, in as many pieces as it takes.
    func echoes(_ connection: TestConnection, _ text: String) throws -> Bool {
        guard connection.say(text) else { return false }
        var heard = ""
        while heard.utf8.count < text.utf8.count, case .bytes(let more) = try hear(connection) { heard += more }
        return heard == text
    }

    /// What stands in every namespace of the lab's packet filters, as nft lists it, without counts.
    func rulesets() throws -> [String] {
        let namespaces = lab.wires.map(\.namespace) + lab.hosts.map(\.namespace)
        return try namespaces.map { try NFTables(in: $0).run("list ruleset") }
    }

    /// The TCP sockets of a host, `STATE local remote`.
    func sockets(of host: String) throws -> [String] {
        try SocketDiagnosis(namespace: namespace(of: host), host: host).sockets()
            .map { "\($0.state.name) \($0.local) \($0.remote)" }
    }
}

extension TestCapture {
    /// TCP segments to or from this port, in order.
    func segments(port: Int) -> [TCPSegment] {
        frames().compactMap { TCPSegment(packet: Array($0.dropFirst(14))) }
            .filter { $0.source.port == port || $0.destination.port == port }
    }
}

extension TestProgram {
    /// Sends as many bytes as a line asks for; then counts what comes and says so, `got COUNT`, when a second has
    /// passed without anything, and how it ended: `end` or `failed ERRNO`.
    static func source(port: Int = 7000) -> [String] {
        let text = """
            import socket, threading
            def serve(peer):
                count = 0
                try:
                    wanted = int(peer.makefile("r").readline())
                    peer.sendall(bytes(97 + i % 23 for i in range(wanted)))
                    while data := peer.recv(65536):
                        count += len(data)
                        if not data.endswith(b"."): continue
                        print("got", count, flush=True)
                    print("end", count, flush=True)
                    peer.close()
                except OSError as error: print("failed", error.errno, count, flush=True)
            listener = socket.create_server(("0.0.0.0", \(port)), backlog=64)
            print("ready", flush=True)
            while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            """
        return ["/usr/bin/python3", "-c", text]
    }

    /// The bytes that `source` sends.
    static func sourced(_ count: Int) -> String {
        String(decoding: (0..<count).map { UInt8(97 + $0 % 23) }, as: UTF8.self)
    }
}
