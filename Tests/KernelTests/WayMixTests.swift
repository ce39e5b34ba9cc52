import CLinux
import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// Faults of reachability and of middleboxes, many at once, with traffic among them, healed in any order.
    @Suite struct WayMixTests {
        private static let targets: [FaultTarget] = [
            .link("phone-home", from: nil), .link("phone-home", from: "phone"), .link("home-cloud", from: nil),
            .link("home-cloud", from: "cloud"),
        ]

        private static let onLinks: [(String, [String: Value])] = [
            ("blackhole", [:]), ("blackhole", ["connections": .text("new")]),
            ("blackhole", ["connections": .text("established")]), ("blackhole", ["share": .fraction(0.5)]),
            ("refuse", [:]), ("reject", ["with": .text("net-unreachable")]), ("link-down", [:]),
            ("connection-lifetime", ["lifetime": .duration(.seconds(3)), "ending": .text("reset")]),
            ("firewall-cutoff", ["bytes": .size(5000), "time": .duration(.seconds(4))]),
            ("captive-portal", ["others": .text("reset")]), ("stalling-proxy", [:]),
            ("delay", ["delay": .duration(.milliseconds(30)), "jitter": .duration(.zero)]),
        ]

        private static let onRouters: [(String, [String: Value])] = [
            ("nat-idle-timeout", ["timeout": .duration(.seconds(5)), "on-expiry": .text("reset")]),
            ("nat-forget", [:]), ("nat-rebind", ["to": .text("address")]),
            ("nat-table-full", ["mappings": .count(2)]), ("nat-port-exhaustion", ["ports": .count(2)]),
        ]

        private struct Lots {
            var seed: UInt64
            mutating func draw(_ count: Int) -> Int {
                seed = Seed.mixed(seed)
                return Int(seed % UInt64(count))
            }
        }

        @Test(arguments: 0..<8)
        func `when all have healed the lab is as it was, and works`(_ seed: Int) throws {
            let field = try TestField(TestLab.natted(idleTimeout: .seconds(3600)))
            let before = try LabState(of: field.lab)
            let listener = try TestListener(in: field.namespace(of: "cloud"), port: 7000)
            try listener.descriptor.setNonBlocking()
            var lots = Lots(seed: UInt64(seed))
            var active: [(name: String, fault: any ActiveFault)] = []
            var taken: Set<String> = []
            var clients: [TestConnection] = []
            for _ in 0..<(1 + lots.draw(12)) {
                clients += [try attempt(field)]
                let (kind, target, parameters) = fault(&lots)
                // What the checker refuses: two of a kind on one target at a time.
                let place = "\(kind) \(Self.place(of: target))"
                if taken.insert(place).inserted { active.append((place, try field.strike(kind, target, parameters))) }
                try field.pass(.milliseconds(Int64(500 + lots.draw(2000))))
                for client in clients { client.say("hello") }
                if lots.draw(2) == 0, !active.isEmpty {
                    let healed = active.remove(at: lots.draw(active.count))
                    taken.remove(healed.name)
                    try healed.fault.heal()
                }
            }
            while !active.isEmpty { try active.remove(at: lots.draw(active.count)).fault.heal() }
            try field.pass(.seconds(1))
            try expectSame(field.lab, as: before)
            for link in ["phone-home", "home-cloud"] {
                let table = try Conntrack(namespace: field.lab.link(link).namespace.raw, host: link)
                #expect(try table.entries().isEmpty)
            }
            clients = []
            let server = try TestUDP(in: field.namespace(of: "cloud"), port: 9000)
            let client = try TestUDP(in: field.namespace(of: "phone"))
            client.say("hello", to: field.lab.host("cloud").addresses[0], port: 9000)
            #expect(server.hear()?.text == "hello")
        }

        /// A connection on its way, or up, or refused: whatever the faults make of it.
        private func attempt(_ field: TestField) throws -> TestConnection {
            let socket = Descriptor(
                owning: try System.call("make a socket") {
                    halfopen_socket_in(field.namespace(of: "phone"), AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                })
            try socket.setNonBlocking()
            var target = TestConnection.address(field.lab.host("cloud").addresses[0], 7000)
            let raw = socket.release()
            _ = withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return TestConnection(owning: raw)
        }

        private func fault(_ lots: inout Lots) -> (String, FaultTarget, [String: Value]) {
            switch lots.draw(8) {
            case 0: return ("partition", .groups([["phone"], ["cloud"]]), [:])
            case 1, 2:
                let (kind, parameters) = Self.onRouters[lots.draw(Self.onRouters.count)]
                return (kind, .host("home"), parameters)
            default:
                let (kind, parameters) = Self.onLinks[lots.draw(Self.onLinks.count)]
                return (kind, Self.targets[lots.draw(Self.targets.count)], parameters)
            }
        }

        private static func place(of target: FaultTarget) -> String {
            if case .link(let name, _) = target { return name }
            return "\(target)"
        }
    }
}
