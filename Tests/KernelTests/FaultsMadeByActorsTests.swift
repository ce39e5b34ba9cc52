import Faults
import Glibc
import JSONLines
import Kernel
import Testing

@testable import Scenarios

extension KernelTests {
    /// What only a program can do to its clients: the reference server, told to, with plain sockets as its clients.
    @Suite struct FaultsMadeByActors {
        let field: TestField
        private let feed = FaultTarget.actor("feed")

        init() throws {
            field = try TestField(TestLab.pair())
            // The first process of the lab is our own binary.
            try field.testActors.start(
                "feed", on: "b", in: field.namespace(of: "b"),
                ["/proc/1/exe", "feed", "server", "--interval", "3600s", "--heartbeat", "3600s"], ready: "hello")
        }

        private func connect() throws -> TestConnection {
            try TestConnection(from: field.namespace(of: "a"), to: field.lab.host("b").addresses[0], port: 7000)
        }

        private func hear(_ peer: TestConnection) throws -> JSON? {
            guard case .bytes(let text) = peer.hear() else { return nil }
            return try JSON(parsing: String(text.split(separator: "\n")[0]))
        }

        /// What the server answers to a login.
        private func logIn(_ peer: TestConnection) throws -> JSON? {
            peer.say(#"{"type":"hello","version":1,"token":""}"# + "\n")
            return try hear(peer)
        }

        private func subscribe() throws -> TestConnection {
            let peer = try connect()
            #expect(try logIn(peer)?["type"]?.string == "welcome")
            return peer
        }

        @Test(arguments: [("temporary", true), ("permanent", false)])
        func `reject-authentication refuses logins and leaves sessions alone`(refusal: String, retry: Bool) throws {
            let old = try subscribe()
            let fault = try field.strike("reject-authentication", feed, ["refusal": .text(refusal)])
            for _ in 0..<3 {
                let peer = try connect()
                let answer = try logIn(peer)
                #expect(answer?["type"]?.string == "refused")
                #expect(answer?["retry"]?.bool == retry)
                #expect(peer.hear() == .end)
            }
            #expect(old.hear(within: .seconds(10)) == .silence)
            #expect(try fault.hits() == 3)
            try fault.heal()
            try fault.heal()
            _ = try subscribe()
            #expect(try fault.hits() == 3)
        }

        @Test func `overload lets so many in, and tells the others when to come again`() throws {
            let sessions = [try subscribe(), try subscribe()]
            let fault = try field.strike(
                "overload", feed, ["capacity": .count(3), "retry-after": .duration(.seconds(5))])
            let third = try subscribe()
            for _ in 0..<4 {
                let peer = try connect()
                let answer = try logIn(peer)
                #expect(answer?["reason"]?.string == "overloaded")
                #expect(answer?["retry"]?.bool == true)
                #expect(answer?["retry_after"]?.integer == 5_000_000_000)
                #expect(peer.hear() == .end)
            }
            // One leaves, one comes in.
            #expect(shutdown(third.descriptor.raw, Int32(SHUT_RDWR)) == 0)
            usleep(100_000)
            let fourth = try subscribe()
            #expect(try fault.hits() == 4)
            try fault.heal()
            _ = try subscribe()
            for peer in sessions + [fourth] { #expect(peer.hear(within: .seconds(1)) == .silence) }
            #expect(try fault.hits() == 4)
        }

        @Test func `drain says goodbye to everyone, closes, and takes nobody until it is over`() throws {
            let sessions = [try subscribe(), try subscribe()]
            let idle = try connect()
            let fault = try field.strike("drain", feed, ["retry-after": .duration(.seconds(7))])
            for peer in sessions {
                let goodbye = try hear(peer)
                #expect(goodbye?["type"]?.string == "goodbye")
                #expect(goodbye?["retry_after"]?.integer == 7_000_000_000)
            }
            // One that says goodbye too has finished; one that says nothing has five seconds for it.
            sessions[0].say(#"{"type":"goodbye"}"# + "\n")
            #expect(sessions[0].hear(within: .seconds(1)) == .end)
            #expect(sessions[1].hear(within: .seconds(3)) == .silence)
            #expect(sessions[1].hear(within: .seconds(6)) == .end)
            #expect(try fault.hits() == 2)
            let answer = try logIn(idle)
            #expect(answer?["type"]?.string == "refused" && answer?["retry"]?.bool == true)
            #expect(idle.hear() == .end)
            #expect(try fault.hits() == 3)
            try fault.heal()
            _ = try subscribe()
            #expect(try fault.hits() == 3)
        }

        @Test func `without anybody there are no hits`() throws {
            let faults = [
                try field.strike("reject-authentication", feed, ["refusal": .text("permanent")]),
                try field.strike("overload", feed, ["capacity": .count(0)]), try field.strike("drain", feed),
            ]
            try field.pass(.seconds(60))
            for fault in faults {
                try fault.heal()
                #expect(try fault.hits() == 0)
            }
            _ = try subscribe()
        }

        @Test func `hits of a former strike are not counted again`() throws {
            for count in 1...2 {
                let fault = try field.strike("reject-authentication", feed, ["refusal": .text("temporary")])
                for _ in 0..<count { _ = try logIn(try connect()) }
                try fault.heal()
                #expect(try fault.hits() == Int64(count))
            }
            let none = try field.strike("reject-authentication", feed, ["refusal": .text("temporary")])
            #expect(try none.hits() == 0)
        }

        @Test func `a server that does not name the fault cannot be struck`() throws {
            try field.testActors.start(
                "echo", on: "b", in: field.namespace(of: "b"), TestProgram.echoServer(port: 7001))
            #expect {
                try field.strike("drain", .actor("echo"))
            } throws: { ($0 as? FaultError)?.isUnsupported == true }
        }
    }
}
