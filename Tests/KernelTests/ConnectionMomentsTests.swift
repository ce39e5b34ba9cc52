import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// A broker on cloud, behind which clients come from two hosts: near, and phone behind the NAT router home.
    /// Which connections are chosen, and what becomes of either end.
    @Suite struct ConnectionMoments {
        let field: TestField
        private static let moments = ["hang-up", "half-close", "reset"]

        init() throws {
            let none = TestLab.impairment()
            field = try TestField(
                TestLab.plan(
                    hosts: ["phone", "home", "cloud", "near"],
                    nat: ["home": NATPlan(idleTimeout: .seconds(300), onExpiry: .drop, outside: "home-cloud")],
                    links: [("phone", "home", none), ("home", "cloud", none), ("near", "cloud", none)]))
            for port in [7000, 7001] { try start(port == 7000 ? "broker" : "other", port: port) }
        }

        private func start(_ name: String, port: Int) throws {
            try field.testActors.start(
                name, on: "cloud", in: field.namespace(of: "cloud"), TestProgram.echoServer(port: port))
        }

        private func connect(from host: String, port: Int = 7000) throws -> TestConnection {
            let cloud = field.lab.host("cloud").addresses
            let address = host == "near" ? cloud[1] : cloud[0]
            let connection = try TestConnection(from: field.namespace(of: host), to: address, port: port)
            #expect(connection.echoes("hello"))
            usleep(100_000)
            return connection
        }

        private func choice(_ actor: String = "broker", with peer: String? = nil, port: Int? = nil) -> FaultTarget {
            .connections(ConnectionChoice(actor: actor, peer: peer, port: port))
        }

        // MARK: half-close

        @Test func `half-close ends one direction, and the other goes on`() throws {
            let listener = try TestListener(in: field.namespace(of: "near"), port: 8000)
            let near = field.lab.host("near").addresses[0]
            try field.testActors.start(
                "talker", on: "cloud", in: field.namespace(of: "cloud"), TestProgram.talker(to: near, port: 8000))
            let peer = try listener.accept()
            #expect(peer.hear() == .bytes("hello"))
            usleep(100_000)
            let fault = try field.strike("half-close", choice("talker", with: "near", port: 8000))
            #expect(try fault.hits() == 1)
            #expect(peer.hear() == .end)
            // A day later what the peer says still arrives, and is acknowledged.
            sleep(86400)
            #expect(peer.say("still with you?"))
            let failure = "failed \(EPIPE)"
            #expect(field.testActors.lines(of: "talker", until: failure) == ["heard still with you?", failure])
            // CLOSE_WAIT, and nothing was sent twice.
            #expect(peer.kernelInfo.state == 8)
            #expect(peer.kernelInfo.retransmitted == 0)
            // Closed in that direction already: it is no live connection any more.
            #expect(try field.strike("half-close", choice("talker")).hits() == 0)
        }

        // MARK: the choice

        @Test(arguments: moments) func `only connections of the chosen port and peer are struck`(kind: String) throws {
            let near = try connect(from: "near")
            let phone = try connect(from: "phone")
            let other = try connect(from: "phone", port: 7001)
            // The server's port, wherever the actor is.
            #expect(try field.strike(kind, choice(port: 7001)).hits() == 0)
            #expect(try field.strike(kind, choice("other", with: "near")).hits() == 0)
            // Behind the NAT: the broker sees the router's address.
            #expect(try field.strike(kind, choice(with: "phone", port: 7000)).hits() == 1)
            #expect(phone.hear() == (kind == "reset" ? .failed(ECONNRESET) : .end))
            #expect(near.echoes("me not"))
            #expect(other.echoes("nor me"))
            #expect(try field.strike(kind, choice(with: "home")).hits() == 0)
        }

        @Test func `a router is the peer of all that is behind it`() throws {
            let near = try connect(from: "near")
            let phone = try connect(from: "phone")
            #expect(try field.strike("reset", choice(with: "home")).hits() == 1)
            #expect(phone.hear() == .failed(ECONNRESET))
            #expect(near.echoes("me not"))
        }

        @Test func `a client is struck at its own end, by the server's port`() throws {
            let cloud = field.lab.host("cloud").addresses[1]
            try field.testActors.start(
                "client", on: "near", in: field.namespace(of: "near"), TestProgram.talker(to: cloud, port: 7000))
            let bystander = try connect(from: "near")
            #expect(try field.strike("reset", choice("client", port: 7001)).hits() == 0)
            #expect(try field.strike("reset", choice("client", with: "phone")).hits() == 0)
            #expect(try field.strike("reset", choice("client", with: "cloud", port: 7000)).hits() == 1)
            #expect(
                field.testActors.lines(of: "client", until: "failed \(ECONNABORTED)").last == "failed \(ECONNABORTED)")
            #expect(field.testActors.lines(of: "broker", within: .seconds(1)) == ["failed \(ECONNRESET)"])
            #expect(bystander.echoes("still here"))
        }

        @Test(arguments: moments) func `no connection, no hits`(kind: String) throws {
            #expect(try field.strike(kind, choice()).hits() == 0)
            let connection = try connect(from: "near")
            shutdown(connection.descriptor.raw, Int32(SHUT_RDWR))
            usleep(100_000)
            // Closed already.
            #expect(try field.strike(kind, choice()).hits() == 0)
        }

        // MARK: the lot

        @Test func `a share is drawn by lot, the same for the same seed`() throws {
            func struck(_ parameters: [String: Value]) throws -> [Int] {
                let peers = try (0..<9).map { _ in try connect(from: "near") }
                let fault = try field.strike("reset", choice(), parameters, at: 4)
                let gone = peers.indices.filter { peers[$0].hear(within: .milliseconds(100)) == .failed(ECONNRESET) }
                #expect(try fault.hits() == Int64(gone.count))
                _ = try field.strike("reset", choice())
                return gone
            }
            let third = try struck(["share": .fraction(1.0 / 3)])
            #expect(third.count == 3)
            #expect(try struck(["share": .fraction(1.0 / 3)]) == third)
            // Rounded up, and then not more than the count.
            #expect(try struck(["share": .fraction(0.12)]).count == 2)
            let two = try struck(["share": .fraction(0.5), "count": .count(2)])
            #expect(two.count == 2)
            #expect(try struck(["count": .count(100)]).count == 9)
            #expect(try struck(["share": .fraction(0)]).isEmpty)
            // A lot, not the first ones.
            #expect(third != [0, 1, 2])
        }
    }
}

extension TestProgram {
    /// Connects, says hello, and says what it hears; answers whatever ends in a question mark, `failed ERRNO` when it
    /// cannot.
    static func talker(to address: String, port: Int) -> [String] {
        let text = """
            import signal, socket
            peer = socket.create_connection(("\(address)", \(port)))
            peer.sendall(b"hello")
            print("ready", flush=True)
            try:
                while data := peer.recv(65536):
                    print("heard " + data.decode(), flush=True)
                    if data.endswith(b"?"):
                        try: peer.sendall(b"yes")
                        except OSError as error: print("failed", error.errno, flush=True)
                print("end", flush=True)
            except OSError as error: print("failed", error.errno, flush=True)
            signal.pause()
            """
        return ["/usr/bin/python3", "-c", text]
    }
}
