import CLinux
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

/// Labs of tests.
enum TestLab {
    /// phone -- home (NAT) -- cloud, without impairment other than given.
    static func natted(
        idleTimeout: Duration = .seconds(30), onExpiry: NATPlan.OnExpiry = .drop, delay: Duration = .milliseconds(1)
    ) -> LabPlan {
        let nat = NATPlan(idleTimeout: idleTimeout, onExpiry: onExpiry, outside: "home-cloud")
        return plan(
            hosts: ["phone", "home", "cloud"], nat: ["home": nat],
            links: [
                ("phone", "home", impairment(delay: delay)), ("home", "cloud", impairment(delay: delay)),
            ])
    }

    /// Two hosts and one link, `a-b`.
    static func pair(_ impairment: Impairment = Impairment()) -> LabPlan {
        plan(hosts: ["a", "b"], links: [("a", "b", impairment)])
    }

    static func impairment(
        delay: Duration = .milliseconds(1), jitter: Duration = .zero, loss: Double = 0, rate: Int64? = nil,
        limit: Int = 1000
    ) -> Impairment {
        var result = Impairment()
        result.delay = delay
        result.jitter = jitter
        result.loss = loss
        result.rate = rate
        result.limit = limit
        return result
    }

    /// Links are named after their ends; addresses are 10.77.LINK.1, .2 and .5, .6; routes are the planner's.
    static func plan(
        hosts names: [String], nat: [String: NATPlan] = [:], links ends: [(String, String, Impairment)]
    ) -> LabPlan {
        var hosts = names.map { HostPlan(name: $0, nat: nat[$0], addresses: []) }
        var links: [LinkPlan] = []
        for (number, (first, second, impairment)) in ends.enumerated() {
            func end(_ host: String, _ own: Int, _ wire: Int) -> LinkEnd {
                LinkEnd(
                    host: host, hostAddress: "10.77.\(number).\(own)", wireAddress: "10.77.\(number).\(wire)",
                    reaches: [])
            }
            let link = LinkPlan(
                name: "\(first)-\(second)", first: end(first, 1, 2), second: end(second, 6, 5), impairment: impairment)
            for end in [link.first, link.second] {
                hosts[names.firstIndex(of: end.host)!].addresses.append(end.hostAddress)
            }
            links.append(link)
        }
        let routed = Topology(hosts: hosts, links: links).linksWithRoutes
        return LabPlan(hosts: hosts, links: routed, start: 0, memory: 0)
    }
}

/// Datagrams from one namespace to another, numbered.
final class TestDatagrams {
    private let sender: Descriptor
    private let receiver: Descriptor
    private var target: sockaddr_in
    private let size: Int

    /// - Parameter size: bytes of payload, 4 or more.
    init(from source: LabHost, to destination: LabHost, port: Int = 9000, size: Int = 4) throws {
        sender = try source.namespace.socket(AF_INET, Int32(SOCK_DGRAM.rawValue))
        receiver = try destination.namespace.socket(AF_INET, Int32(SOCK_DGRAM.rawValue))
        target = TestConnection.address(destination.addresses[0], port)
        self.size = size
        // Room for all of a test's datagrams: what the link loses is asked, not what the reader does.
        var room: Int32 = 16 << 20
        let raw = receiver.raw
        setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
        var own = TestConnection.address("0.0.0.0", port)
        try System.call("bind") {
            withUnsafePointer(to: &own) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    func send(_ number: UInt32) throws {
        var bytes = [UInt8](repeating: 0, count: size)
        withUnsafeBytes(of: number) { bytes.replaceSubrange(0..<4, with: $0) }
        let raw = sender.raw
        try System.call("send") {
            withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(raw, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    /// Numbers in the order of arrival, with their times, until nothing comes for so long.
    func received(quiet: Duration = .seconds(2)) -> [(number: UInt32, time: Int64)] {
        var result: [(UInt32, Int64)] = []
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            var wait = pollfd(fd: receiver.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(quiet / .milliseconds(1))) > 0 else { return result }
            guard recv(receiver.raw, &bytes, bytes.count, 0) >= 4 else { return result }
            result.append((bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }, Clock.now))
        }
    }
}

/// All frames that a device sees, in both directions.
final class TestCapture {
    private let descriptor: Descriptor

    init(in namespace: NetworkNamespace) throws {
        descriptor = try namespace.socket(AF_PACKET, Int32(SOCK_RAW.rawValue), Int32(UInt16(0x0003).bigEndian))
        var room: Int32 = 64 << 20
        setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
        try descriptor.setNonBlocking()
    }

    func frames() -> [[UInt8]] {
        var result: [[UInt8]] = []
        var bytes = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = recv(descriptor.raw, &bytes, bytes.count, Int32(MSG_TRUNC))
            if count < 0 { return result }
            result.append(Array(bytes[..<count]))
        }
    }
}
