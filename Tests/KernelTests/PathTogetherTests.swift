import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Nftables
import Testing

@testable import Scenarios

extension KernelTests {
    /// Faults of one path on top of each other, healed in any order.
    @Suite struct PathTogether {
        let field: TestField

        init() throws {
            field = try TestField(TestLab.pair(TestLab.impairment(delay: .milliseconds(20), jitter: .milliseconds(1))))
        }

        private static let kinds: [(kind: String, parameters: [String: Value])] = [
            ("delay", ["delay": .duration(.milliseconds(80)), "jitter": .duration(.milliseconds(5))]),
            (
                "jitter",
                ["jitter": .duration(.milliseconds(9)), "distribution": .text("pareto"), "order": .text("free")]
            ),
            ("loss", ["loss": .fraction(0.1), "correlation": .fraction(0.2)]),
            ("burst-loss", ["burst": .number(3), "gap": .number(50)]),
            ("four-state-loss", ["p13": .fraction(0.02), "p31": .fraction(0.5)]),
            ("duplication", ["share": .fraction(0.2), "correlation": .fraction(0.1)]),
            ("corruption", ["share": .fraction(0.05)]),
            ("reordering", ["share": .fraction(0.2), "gap": .count(3)]),
            ("rate", ["rate": .rate(3_000_000), "limit-bytes": .size(100_000), "burst": .size(9000)]),
            ("stall", [:]),
            ("flapping", ["down": .duration(.milliseconds(300)), "up": .duration(.milliseconds(700))]),
            ("mtu", ["mtu": .count(1000)]), ("mtu-black-hole", ["mtu": .count(1200)]), ("blackhole", [:]),
        ]

        /// All that a fault of a path could leave behind.
        private func inventory() throws -> [String] {
            let wire = field.lab.link("a-b")
            let routes = try RouteSocket(in: wire.namespace)
            let tables = try NFTables(in: wire.namespace)
            return try routes.queueList() + [
                try tables.ruleset(), "\(wire.impairment(from: "a"))", "\(wire.impairment(from: "b"))",
            ]
        }

        @Test(arguments: 1...20)
        func `whatever struck, in whatever order it heals, the link is as it was`(seed: UInt64) throws {
            let before = try inventory()
            let stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"), size: 700)
            var state = seed
            func lot(_ count: Int) -> Int {
                state = Seed.mixed(state)
                return Int(state % UInt64(count))
            }
            var waiting = Self.kinds
            var active: [any ActiveFault] = []
            var isChanged = false
            for _ in 0..<40 {
                if active.isEmpty || !waiting.isEmpty && lot(2) == 0 {
                    if waiting.isEmpty { break }
                    let next = waiting.remove(at: lot(waiting.count))
                    let from = [nil, "a", "b"][lot(3)]
                    active.append(try field.strike(next.kind, .link("a-b", from: from), next.parameters))
                } else {
                    let fault = active.remove(at: lot(active.count))
                    let hits = try fault.hits()
                    #expect(hits >= 0)
                    try fault.heal()
                    #expect(try fault.hits() >= hits)
                    try fault.heal()
                }
                try stream.send(10)
                try field.pass(.milliseconds(Int64(lot(500))))
                isChanged = try isChanged || inventory() != before
            }
            for fault in active { try fault.heal() }
            #expect(isChanged)
            let differences = zip(try inventory(), before).filter { $0 != $1 }
            #expect(differences.isEmpty)
            _ = stream.arrivals(quiet: .seconds(10))
            let first = stream.sent.count
            try stream.send(100, every: .milliseconds(50))
            let arrivals = stream.arrivals()
            #expect(arrivals.map(\.number) == Array(first..<(first + 100)))
            for arrival in arrivals { #expect((18_990_000...21_010_000).contains(arrival.delay)) }
        }

        @Test func `what a link that goes down takes with it is counted once, and nothing is taken back`() throws {
            let stream = try TestStream(from: field.lab.host("a"), to: field.lab.host("b"))
            let fault = try field.strike("delay", .link("a-b", from: "a"), ["delay": .duration(.seconds(1))])
            try stream.send(10)
            #expect(try fault.hits() == 10)
            let down = try field.strike("link-down", .link("a-b", from: nil))
            #expect(try fault.hits() == 10)
            try down.heal()
            try stream.send(3)
            #expect(stream.arrivals(quiet: .seconds(5)).count == 3)
            #expect(try fault.hits() == 13)
            try fault.heal()
        }
    }
}
