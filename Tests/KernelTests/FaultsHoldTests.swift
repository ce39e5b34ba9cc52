import CLinux
import Faults
import Glibc
import Kernel
import Netlink
import Testing

@testable import Scenarios

extension KernelTests {
    /// Programs that stand still, for good or now and then: unresponsive, slow-answers, and both with freeze.
    @Suite struct FaultsHold {
        let field: TestField
        private let broker = FaultTarget.actor("broker")

        init() throws {
            field = try TestField(TestLab.pair())
            try start("broker", port: 7000)
        }

        private func start(_ name: String, port: Int) throws {
            try field.testActors.start(
                name, on: "b", in: field.namespace(of: "b"), TestProgram.echoServer(port: port))
        }

        private func knock(port: Int = 7000) throws -> TestConnection {
            try TestConnection(from: field.namespace(of: "a"), to: field.lab.host("b").addresses[0], port: port)
        }

        private func connect(port: Int = 7000) throws -> TestConnection {
            let connection = try knock(port: port)
            #expect(connection.echoes("hello"))
            return connection
        }

        /// How many connections may wait to be accepted.
        private func acceptQueue() throws -> [Int] {
            try SocketDiagnosis(namespace: field.namespace(of: "b"), host: "b").sockets(in: [.listen]).map(\.unsent)
        }

        @Test func `unresponsive completes every handshake, acknowledges all and answers nothing`() throws {
            let old = try connect()
            let fault = try field.strike("unresponsive", broker)
            // More than its accept queue of 64 would hold.
            let peers = try (0..<200).map { _ in try knock() }
            for peer in peers + [old] { #expect(peer.say("anybody there?")) }
            #expect(old.hear(within: .seconds(3600)) == .silence)
            for peer in peers { #expect(peer.hear(within: .zero) == .silence) }
            for peer in peers + [old] { #expect(peer.kernelInfo.retransmitted == 0) }
            #expect(try fault.hits() == 201)
            try fault.heal()
            for peer in peers + [old] { #expect(peer.hear() == .bytes("anybody there?")) }
            #expect(try fault.hits() == 201)
        }

        @Test func `a frozen server's queue fills, an unresponsive one's is as before in the end`() throws {
            let former = try acceptQueue()
            #expect(former == [64])
            let fault = try field.strike("unresponsive", broker)
            #expect(try acceptQueue() == [4096])
            try fault.heal()
            try fault.heal()
            #expect(try acceptQueue() == former)
            let freeze = try field.strike("freeze", broker)
            // The queue takes one more than its length.
            let peers = try (0..<65).map { _ in try knock() }
            let namespace = field.namespace(of: "a")
            let late = Descriptor(owning: halfopen_test_connect(namespace, field.lab.host("b").addresses[0], 7000))
            var wait = pollfd(fd: late.raw, events: Int16(POLLOUT), revents: 0)
            // Its handshake's last packet is not taken: the client believes in it, the server does not.
            poll(&wait, 1, 60_000)
            #expect(try freeze.hits() == 65)
            try freeze.heal()
            #expect(peers.count == 65)
        }

        @Test func `unresponsive that nobody asked anything has no hits`() throws {
            let fault = try field.strike("unresponsive", broker)
            try field.pass(.seconds(60))
            try fault.heal()
            #expect(try fault.hits() == 0)
            _ = try connect()
        }

        @Test func `slow-answers answers once a second, late by the rest of the pause`() throws {
            let peer = try connect()
            let fault = try field.strike(
                "slow-answers", broker, ["pause": .duration(.milliseconds(900)), "run": .duration(.milliseconds(100))])
            for round in 1...5 {
                // 5 ms into the pause; it lasts to 900 ms, and the way is 1 ms each.
                try field.pass(.milliseconds(5))
                peer.say("one")
                try field.pass(.milliseconds(890))
                #expect(peer.hear(within: .zero) == .silence)
                try field.pass(.milliseconds(7))
                #expect(peer.hear(within: .zero) == .bytes("one"))
                #expect(peer.echoes("two", within: .milliseconds(10)), "between two pauses it answers at once")
                try field.pass(.milliseconds(98) - .milliseconds(2))
                #expect(try fault.hits() == Int64(round + 1) || fault.hits() == Int64(round))
            }
            try fault.heal()
            try fault.heal()
            let hits = try fault.hits()
            #expect((5...6).contains(hits))
            try field.pass(.seconds(10))
            #expect(peer.echoes("three", within: .milliseconds(10)))
            #expect(try fault.hits() == hits)
        }

        @Test func `slow-answers without a connection has no hits`() throws {
            try start("other", port: 7001)
            let bystander = try connect(port: 7001)
            let fault = try field.strike(
                "slow-answers", broker, ["pause": .duration(.seconds(1)), "run": .duration(.seconds(1))])
            try field.pass(.milliseconds(500))
            #expect(bystander.echoes("hello", within: .milliseconds(10)))
            try field.pass(.seconds(10))
            try fault.heal()
            #expect(try fault.hits() == 0)
        }

        @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]])
        func `whoever lets go last sets it going`(order: [Int]) throws {
            let peer = try connect()
            let slow: [String: Value] = ["pause": .duration(.seconds(10)), "run": .duration(.milliseconds(100))]
            let faults = [
                try field.strike("freeze", broker), try field.strike("unresponsive", broker),
                try field.strike("slow-answers", broker, slow),
            ]
            peer.say("patience")
            for (place, index) in order.enumerated() {
                try field.pass(.milliseconds(500))
                #expect(field.testActors.state(of: "broker") == "T", "healed \(order[..<place])")
                #expect(peer.hear(within: .zero) == .silence)
                try faults[index].heal()
            }
            #expect(peer.hear(within: .milliseconds(10)) == .bytes("patience"))
            try field.pass(.seconds(5))
            #expect(peer.echoes("again", within: .milliseconds(10)))
            #expect(try acceptQueue() == [64])
            for fault in faults { #expect(try fault.hits() == 1) }
        }
    }
}

/// A connect that does not wait.
private func halfopen_test_connect(_ namespace: Int32, _ address: String, _ port: Int) -> Int32 {
    let socket = halfopen_socket_in(namespace, AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    var target = TestConnection.address(address, port)
    withUnsafePointer(to: &target) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    return socket
}
