import CLinux
import Glibc
import Kernel
import Labs
import Netlink

@testable import Scenarios

/// Two hosts with a name server, `broker` on the second; programs that look names up.
final class TestNames {
    let field: TestField
    private(set) var lookups: [NameServer.Lookup] = []

    init(hosts: [String] = ["a", "b"], hasDeadIPv6: Bool = false) throws {
        var plan = TestLab.plan(hosts: hosts, links: hosts.dropFirst().map { (hosts[0], $0, Impairment()) })
        plan.nameServer = NameServerPlan(ttl: .seconds(60), hasDeadIPv6: hasDeadIPv6)
        field = try TestField(plan)
        if access("/run", W_OK) != 0 { try System.call("mount /run") { mount("tmpfs", "/run", "tmpfs", 0, nil) } }
        try Names.installForNameServer()
        try field.lab.startNameServer(actors: [("broker", "b")], loop: field.loop) { [unowned self] in
            lookups.append($0)
        }
    }

    deinit { for file in ["hosts", "nsswitch.conf", "resolv.conf"] { umount("/etc/\(file)") } }

    /// Runs a program of Python's in a host, while the name server answers; what it printed, and how long it took.
    func python(_ text: String, on host: String = "a") throws -> (lines: [String], took: Duration) {
        let ends = try Descriptor.pipe()
        let reader = Descriptor(owning: ends.reader)
        let writer = Descriptor(owning: ends.writer)
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let head = """
            import socket, time
            def look(name, family=0):
                began = time.monotonic()
                try: found = sorted({i[4][0] for i in socket.getaddrinfo(name, 7000, family, socket.SOCK_STREAM)})
                except socket.gaierror as error: found = [str(error.errno)]
                print(*found, round((time.monotonic() - began) * 1000))

            """
        var request = SpawnRequest(
            program: "/usr/bin/python3", arguments: ["-c", head + text], input: null.raw, output: writer.raw, error: 2)
        request.networkNamespace = field.namespace(of: host)
        let began = Clock.now
        let child = try ChildProcess(request)
        var output: [UInt8] = []
        var status: Int32 = 0
        while waitpid(child.pid, &status, WNOHANG) == 0 {
            try field.pass(.milliseconds(1))
            while let some = try reader.read(), !some.isEmpty { output += some }
        }
        while let some = try reader.read(), !some.isEmpty { output += some }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        return (lines, .nanoseconds(Clock.now - began))
    }

    /// Asks as a resolver does, on the wire: the answer's bytes, or nil when none came within so long.
    func ask(_ message: [UInt8], on host: String = "a", within time: Duration = .seconds(1)) throws -> [UInt8]? {
        let raw = halfopen_socket_in(field.namespace(of: host), AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        let socket = Descriptor(owning: raw)
        try socket.setNonBlocking()
        var target = TestConnection.address("127.0.0.53", 53)
        try System.call("connect") {
            withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        send(raw, message, message.count, 0)
        try field.pass(time)
        return try socket.read()
    }
}

/// Messages of resolvers, as they are on the wire.
enum TestQuery {
    /// A question about one name, type A unless said otherwise, as glibc sends it.
    static func bytes(_ name: String, type: UInt8 = 1, id: UInt8 = 7, tail: [UInt8] = []) -> [UInt8] {
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        let additions: UInt8 = tail.isEmpty ? 0 : 1
        return [0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, additions] + labels + [0, 0, type, 0, 1] + tail
    }
}
