import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Hosts whose addresses and ways change under their connections: fail-over, address-change, handover,
    /// interface-flap.
    @Suite struct NetworkChanges {
        /// phone reaches cloud and reserve by home, and by tower when it has left home.
        let field: TestField

        init() throws {
            let link = TestLab.impairment()
            field = try TestField(
                TestLab.plan(
                    hosts: ["phone", "home", "tower", "cloud", "reserve"],
                    links: [
                        ("phone", "home", link), ("phone", "tower", link), ("home", "cloud", link),
                        ("tower", "cloud", link), ("home", "reserve", link),
                    ]))
            try start("broker", on: "cloud")
            try start("standby", on: "reserve")
        }

        /// Answers everything with its own name.
        private func start(_ name: String, on host: String) throws {
            let text = """
                import socket, threading
                def serve(peer):
                    while peer.recv(65536): peer.sendall(b"\(name)")
                listener = socket.create_server(("0.0.0.0", 7000), backlog=64)
                print("ready", flush=True)
                while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
                """
            try field.testActors.start(name, on: host, in: field.namespace(of: host), ["/usr/bin/python3", "-c", text])
        }

        private func connect(from host: String = "phone") throws -> TestConnection {
            try TestConnection(
                from: field.namespace(of: host), to: field.lab.host("cloud").addresses[0], port: 7000)
        }

        /// Who is at the other end.
        private func ask(_ peer: TestConnection, within time: Duration = .seconds(5)) -> TestConnection.Heard {
            peer.say("who is there?")
            return peer.hear(within: time)
        }

        private func peers(of listener: TestListener) throws -> (TestConnection, String) {
            let connection = try listener.accept()
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(connection.descriptor.raw, $0, &size)
                }
            }
            var text = [CChar](repeating: 0, count: 32)
            inet_ntop(AF_INET, &address.sin_addr, &text, 32)
            return (connection, String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }

        // MARK: fail-over

        @Test func `after a fail-over old connections meet a RST, and new ones the standby`() throws {
            let before = try LabState(of: field.lab)
            let (speaking, silent) = (try connect(), try connect())
            for peer in [speaking, silent] { #expect(ask(peer) == .bytes("broker")) }
            // An acknowledgement under way would be answered by the standby's host.
            usleep(100_000)
            let fault = try field.strike("fail-over", .actor("broker"), ["to": .text("standby")])
            #expect(try fault.hits() == 2)
            #expect(speaking.hear(within: .seconds(600)) == .silence, "nobody is told")
            #expect(ask(speaking) == .failed(ECONNRESET))
            let late = try connect()
            #expect(ask(late) == .bytes("standby"))
            #expect(ask(try connect(from: "tower")) == .bytes("standby"))
            #expect(try fault.hits() == 4)
            try fault.heal()
            try fault.heal()
            #expect(ask(late) == .failed(ECONNRESET))
            #expect(ask(silent) == .bytes("broker"))
            #expect(ask(try connect()) == .bytes("broker"))
            #expect(try fault.hits() == 4)
            try expectSame(field.lab, as: before)
        }

        @Test func `the server that failed over can reach the standby, and is reached by nobody`() throws {
            let fault = try field.strike("fail-over", .actor("broker"), ["to": .text("standby")])
            #expect(ask(try connect(from: "cloud")) == .bytes("standby"))
            try fault.heal()
            #expect(ask(try connect(from: "cloud")) == .bytes("broker"))
        }

        @Test func `fail-over without connections has no hits`() throws {
            let fault = try field.strike("fail-over", .actor("broker"), ["to": .text("standby")])
            try field.pass(.seconds(60))
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        // MARK: address-change, handover

        @Test(arguments: [
            ("address-change", "198.18.0.1"), ("handover", "10.77.1.1"),
        ])
        func `old connections are silent, and new ones come from the other address`(
            kind: String, address: String
        ) throws {
            let before = try LabState(of: field.lab)
            let listener = try TestListener(in: field.namespace(of: "cloud"), port: 7100)
            let (client, server) = try field.connect(from: "phone", to: listener, on: "cloud", port: 7100)
            #expect(client.talks(to: server))
            let fault = try field.strike(kind, .host("phone"), ["link": .text("phone-home")])
            #expect(try fault.hits() == 1)
            #expect(client.say("lost?") && server.say("lost too?"))
            #expect(client.hear(within: .seconds(60)) == .silence)
            #expect(server.hear(within: .seconds(60)) == .silence)
            #expect(client.kernelInfo.state == 1 && server.kernelInfo.state == 1)
            let fresh = try TestConnection(
                from: field.namespace(of: "phone"), to: field.lab.host("cloud").addresses[0], port: 7100)
            let (accepted, seen) = try peers(of: listener)
            #expect(seen == address)
            #expect(fresh.talks(to: accepted))
            try fault.heal()
            try fault.heal()
            #expect(server.hear(within: .seconds(120)) == .bytes("lost?"))
            #expect(client.hear(within: .seconds(120)) == .bytes("lost too?"))
            #expect(client.talks(to: server))
            #expect(try fault.hits() == 1)
            try expectSame(field.lab, as: before)
        }

        @Test(arguments: ["address-change", "handover"])
        func `without a connection there are no hits`(kind: String) throws {
            let other = try connect(from: "home")
            #expect(ask(other) == .bytes("broker"))
            let fault = try field.strike(kind, .host("phone"), ["link": .text("phone-home")])
            #expect(ask(other) == .bytes("broker"))
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        @Test func `behind a NAT router a new address gets mappings of its own`() throws {
            let field = try TestField(TestLab.natted(idleTimeout: .seconds(600)))
            let before = try LabState(of: field.lab)
            let listener = try TestListener(in: field.namespace(of: "cloud"), port: 7100)
            let (client, server) = try field.connect(from: "phone", to: listener, on: "cloud", port: 7100)
            let fault = try field.strike("address-change", .host("phone"))
            client.say("lost?")
            #expect(server.hear(within: .seconds(60)) == .silence)
            let late = try field.connect(from: "phone", to: listener, on: "cloud", port: 7100)
            #expect(late.client.talks(to: late.server))
            try fault.heal()
            #expect(server.hear(within: .seconds(120)) == .bytes("lost?"))
            try expectSame(field.lab, as: before)
        }

        // MARK: interface-flap

        private var flap: [String: Value] {
            ["link": .text("phone-home"), "down": .duration(.seconds(2)), "up": .duration(.seconds(8))]
        }

        @Test func `interface-flap takes the routes with it, and brings all of it back each time`() throws {
            let before = try LabState(of: field.lab)
            let listener = try TestListener(in: field.namespace(of: "cloud"), port: 7100)
            let (client, server) = try field.connect(from: "phone", to: listener, on: "cloud", port: 7100)
            let fault = try field.strike("interface-flap", .host("phone"), flap)
            for round in 1...3 {
                try field.pass(.seconds(1))
                #expect {
                    try connect()
                } throws: { ($0 as? SystemError)?.code == ENETUNREACH }
                let carrier = try LabState.output(
                    of: ["ip", "-br", "link", "show", "first"], in: field.lab.link("phone-home").namespace.raw)
                #expect(carrier.contains("NO-CARRIER"))
                #expect(client.say("round \(round)"))
                #expect(server.hear(within: .zero) == .silence)
                #expect(try fault.hits() == Int64(round))
                try field.pass(.milliseconds(1001))
                // Up means as before, each time.
                if round == 2 { try expectSame(field.lab, as: before) }
                #expect(ask(try connect()) == .bytes("broker"))
                try field.pass(.seconds(7.9))
                #expect(server.hear(within: .zero) == .bytes("round \(round)"))
                try field.pass(.milliseconds(90))
            }
            try fault.heal()
            try fault.heal()
            let hits = try fault.hits()
            try field.pass(.seconds(60))
            try expectSame(field.lab, as: before)
            #expect(client.talks(to: server))
            #expect(try fault.hits() == hits)
        }

        @Test func `interface-flap without a connection has no hits`() throws {
            let fault = try field.strike("interface-flap", .host("phone"), flap)
            try field.pass(.seconds(15))
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        // MARK: all of them

        @Test func `whatever overlaps, in the end all is as before`() throws {
            let before = try LabState(of: field.lab)
            for seed in 1...6 as ClosedRange<UInt64> {
                try playAll(seed: seed)
                try expectSame(field.lab, as: before)
            }
            #expect(ask(try connect()) == .bytes("broker"))
        }

        private func playAll(seed: UInt64) throws {
            var state = seed
            func draw(_ count: Int) -> Int {
                state = Seed.mixed(state)
                return Int(state % UInt64(count))
            }
            func strike(_ kind: Int) throws -> any ActiveFault {
                switch kind {
                case 0: try field.strike("fail-over", .actor("broker"), ["to": .text("standby")])
                case 1: try field.strike("address-change", .host("phone"), ["link": .text("phone-home")])
                case 2: try field.strike("address-change", .host("cloud"))
                case 3: try field.strike("handover", .host("phone"), ["link": .text("phone-home")])
                case 4: try field.strike("handover", .host("phone"), ["link": .text("phone-tower")])
                case 5: try field.strike("interface-flap", .host("phone"), flap)
                case 6: try field.strike("interface-flap", .host("reserve"), flap.filter { $0.key != "link" })
                case 7: try field.strike("link-down", .link("phone-home", from: nil))
                case 8: try field.strike("link-down", .link("home-reserve", from: nil))
                case 9: try field.strike("address-change", .host("reserve"))
                default: try field.strike("suspend", .host("cloud"))
                }
            }
            var active: [(kind: Int, fault: any ActiveFault)] = []
            for _ in 0..<40 {
                let kind = draw(11)
                if let index = active.firstIndex(where: { $0.kind == kind }) {
                    try active.remove(at: index).fault.heal()
                } else {
                    active.append((kind, try strike(kind)))
                }
                try field.pass(.milliseconds(draw(3000)))
            }
            while !active.isEmpty { try active.remove(at: draw(active.count)).fault.heal() }
        }
    }
}
