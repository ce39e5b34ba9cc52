import Netlink
import Nftables
import Testing

extension KernelTests {
    /// Our messages, read back by libnftables.
    @Suite struct PacketFilterTests {
        private let namespace: NetworkNamespace
        private let oracle: NFTables

        init() throws {
            namespace = try NetworkNamespace(for: "a test")
            oracle = try NFTables(in: namespace)
        }

        private static let address = IPv4Address("10.77.1.2")!

        @Test(arguments: [
            (PacketFilter.Expression.isTCP, "meta l4proto tcp"),
            (.isUDP, "meta l4proto udp"),
            (.isICMP, "meta l4proto icmp"),
            (.from(address), "ip saddr 10.77.1.2"),
            (.to(address), "ip daddr 10.77.1.2"),
            (.fromPort(1883), "sport 1883"),
            (.toPort(1883), "dport 1883"),
            (.flags([.syn], of: [.syn, .ack]), "@th,104,8 & 0x12 == 0x2"),
            (.longerThan(1400), "meta length > 1400"),
            (.payload(at: 5, [0x16, 0x03]), "@ih,40,16 0x1603"),
            (.bytes(over: 100_000, .original), "ct original bytes > 100000"),
            (.packets(over: 7, .reply), "ct reply packets > 7"),
            (.mark(7), "ct mark 0x00000007"),
            (.state([.new, .established]), "ct state established,new"),
            (.connections(over: 3), "ct count over 3"),
        ])
        func `a match is what nft reads`(expression: PacketFilter.Expression, text: String) throws {
            _ = try PacketFilter("test", in: namespace, chains: [.init("c", .forward, rules: [[expression, .drop]])])
            let rules = try oracle.ruleset()
            #expect(rules.contains("\(text) drop"), "\(rules)")
        }

        @Test(arguments: [
            (PacketFilter.Expression.setWindow(0), "tcp window set 0"),
            (.setSegmentSize(500), "tcp option maxseg size set 500"),
            (.setMark(7), "ct mark set 0x00000007"),
            (.log(group: 3, bytes: 128), "log group 3 snaplen 128"),
            (.queue(5), "queue to 5"),
            (.reset, "reject with tcp reset"),
            (.unreachable(.host), "reject with icmp host-unreachable"),
            (.unreachable(.prohibited), "reject with icmp admin-prohibited"),
            (.jump("aside"), "jump aside"),
            (.goTo("aside"), "goto aside"),
        ])
        func `what is done is what nft reads`(expression: PacketFilter.Expression, text: String) throws {
            _ = try PacketFilter(
                "test", in: namespace,
                chains: [.init("c", .forward, rules: [[.isTCP, expression]]), .init("aside", nil)])
            let rules = try oracle.ruleset()
            #expect(rules.contains(text), "\(rules)")
        }

        @Test func `translations are what nft reads`() throws {
            let outgoing: [[PacketFilter.Expression]] = [
                [.isTCP, .masqueradeTo(ports: 1024...1033)], [.sourceTo(Self.address, ports: nil)],
                [.isTCP, .sourceTo(Self.address, ports: 2000...2001)], [.masquerade],
            ]
            let incoming: [[PacketFilter.Expression]] = [
                [.isTCP, .destinationTo(Self.address, port: 80)], [.destinationTo(Self.address, port: nil)],
                [.isTCP, .redirect(port: 8080)],
            ]
            _ = try PacketFilter(
                "test", in: namespace,
                chains: [
                    .init("out", .postrouting, isTranslation: true, rules: outgoing),
                    .init("in", .prerouting, isTranslation: true, rules: incoming),
                ])
            let rules = try oracle.ruleset()
            for text in [
                "masquerade to :1024-1033", "snat ip to 10.77.1.2\n", "snat ip to 10.77.1.2:2000-2001",
                "dnat ip to 10.77.1.2:80", "dnat ip to 10.77.1.2\n", "redirect to :8080",
                "type nat hook postrouting priority srcnat", "type nat hook prerouting priority dstnat",
            ] {
                #expect(rules.contains(text), "\(text) in \(rules)")
            }
        }

        @Test func `a rule in the middle that is refused is told, and nothing is left`() throws {
            let before = try oracle.ruleset()
            let refused: [PacketFilter.Expression] = [.count("a counter that is not there"), .drop]
            #expect(throws: NetlinkError.self) {
                try PacketFilter(
                    "test", in: namespace, chains: [.init("c", .forward, rules: [[.accept], refused, [.accept]])])
            }
            #expect(try oracle.ruleset() == before)
        }

        @Test func `sets hold connections, and a table goes without a trace`() throws {
            let flows = (0..<20_000).map {
                PacketFilter.Flow(
                    source: Self.address, sourcePort: 30_000 + $0, destination: Self.address, destinationPort: 1883)
            }
            let before = try oracle.ruleset()
            let filter = try PacketFilter(
                "test", in: namespace, counters: ["hits"], sets: [.init("chosen", flows)],
                chains: [.init("c", .forward, rules: [[.inSet("chosen", reversed: false), .count("hits"), .drop]])])
            let during = try oracle.ruleset()
            #expect(during.contains("10.77.1.2 . 49999 . 10.77.1.2 . 1883"), "\(during)")
            try filter.add([flows[0]], to: "chosen")
            #expect(throws: NetlinkError.self) {
                try PacketFilter("test", in: namespace, chains: [.init("c", .forward)])
            }
            #expect(try filter.remove(counting: ["hits"]) == ["hits": 0])
            #expect(try oracle.ruleset() == before)
        }
    }
}
