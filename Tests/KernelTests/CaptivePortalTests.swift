import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// phone -- home (NAT) -- cloud, the portal between phone and home.
    @Suite struct CaptivePortalTests {
        let field: TestField
        let web: TestListener
        let listener: TestListener
        let cloud: String
        let target = FaultTarget.link("phone-home", from: "phone")

        init() throws {
            field = try TestField(TestLab.natted(idleTimeout: .seconds(3600)))
            web = try TestListener(in: field.namespace(of: "cloud"), port: 80)
            listener = try TestListener(in: field.namespace(of: "cloud"), port: 7000)
            cloud = field.lab.host("cloud").addresses[0]
        }

        /// What a web client hears, to the end.
        private func get(_ request: String, from address: String) throws -> String {
            let client = try TestConnection(from: field.namespace(of: "phone"), to: address, port: 80)
            client.say(request)
            try field.pass(.milliseconds(100))
            var text = ""
            while case .bytes(let part) = client.hear(within: .seconds(1)) { text += part }
            #expect(client.hear(within: .seconds(1)) == .end)
            client.close()
            try field.pass(.milliseconds(100))
            return text
        }

        @Test func `every web request gets the login page, and everything else is cut`() throws {
            let before = try LabState(of: field.lab)
            let (client, server) = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(client.talks(to: server))
            usleep(100_000)
            let fault = try field.strike("captive-portal", target, ["others": .text("reset")])
            #expect(try fault.hits() == 0)
            let answer = try get("GET /generate_204 HTTP/1.1\r\nHost: cloud\r\n\r\n", from: cloud)
            #expect(answer.hasPrefix("HTTP/1.1 302 Found\r\n"))
            let start = try #require(answer.firstRange(of: "Location: http://"))
            let place = answer[start.upperBound...].prefix { $0 != "\r\n" }.split(separator: "/")
            #expect(place.last == "login")
            #expect(try fault.hits() == 1)
            let own = String(place[0])
            let page = try get("GET /login HTTP/1.1\r\nHost: \(own)\r\n\r\n", from: own)
            #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(page.contains("<title>Log in</title>"))
            #expect(try fault.hits() == 2)
            // The connection that stood, and a new one to another port.
            client.say("still there?")
            #expect(client.hear() == .failed(ECONNRESET))
            #expect(server.hear(within: .seconds(1)) == .silence)
            #expect { try field.connect(from: "phone", to: listener, on: "cloud") } throws: {
                ($0 as? SystemError)?.code == ECONNREFUSED
            }
            #expect(try fault.hits() == 4)
            // The way out for names is open, for other datagrams it is not.
            let names = try TestUDP(in: field.namespace(of: "cloud"), port: 5353)
            let asker = try TestUDP(in: field.namespace(of: "phone"))
            asker.say("quic", to: cloud, port: 5353)
            #expect(names.hear(within: .seconds(1)) == nil)
            #expect(try fault.hits() == 5)
            try fault.heal()
            try fault.heal()
            asker.say("quic", to: cloud, port: 5353)
            #expect(names.hear()?.text == "quic")
            let next = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(next.client.talks(to: next.server))
            let direct = try TestConnection(from: field.namespace(of: "phone"), to: cloud, port: 80)
            #expect(try direct.talks(to: web.accept()))
            #expect(try fault.hits() == 5)
            try expectSame(field.lab, as: before)
        }

        @Test func `with drop a connection that stands lives through it`() throws {
            let (client, server) = try field.connect(from: "phone", to: listener, on: "cloud")
            #expect(client.talks(to: server))
            usleep(100_000)
            let fault = try field.strike("captive-portal", target, ["others": .text("drop")])
            client.say("still there?")
            #expect(server.hear(within: .seconds(30)) == .silence)
            #expect(try fault.hits() == 1 + Int64(client.kernelInfo.retransmitted))
            #expect { try field.connect(from: "phone", to: listener, on: "cloud") } throws: {
                ($0 as? SystemError)?.code == ETIMEDOUT
            }
            try fault.heal()
            #expect(server.hear(within: .seconds(121)) == .bytes("still there?"))
        }

        @Test func `half a request is waited for, garbage and silence harm nobody, heal ends them`() throws {
            let fault = try field.strike("captive-portal", target, ["others": .text("reset")])
            let phone = field.namespace(of: "phone")
            let slow = try TestConnection(from: phone, to: cloud, port: 80)
            let silent = try TestConnection(from: phone, to: cloud, port: 80)
            let chatty = try TestConnection(from: phone, to: cloud, port: 80)
            slow.say("GET / HTTP/1.1\r\nHo")
            chatty.say(String(repeating: "x", count: 20_000))
            try field.pass(.seconds(1))
            #expect(slow.hear(within: .zero) == .silence)
            #expect(chatty.hear(within: .zero) != .silence)
            #expect(try fault.hits() == 0)
            slow.say("st: cloud\r\n\r\n")
            try field.pass(.seconds(1))
            guard case .bytes(let answer) = slow.hear(within: .zero) else { throw SystemError("hear", code: EIO) }
            #expect(answer.hasPrefix("HTTP/1.1 302 Found\r\n"))
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(silent.hear() != .silence)
            #expect(try fault.hits() == 1)
        }

        @Test func `nobody asks, nobody is hit`() throws {
            let fault = try field.strike("captive-portal", target, ["others": .text("reset")])
            try field.pass(.seconds(3600))
            #expect(try fault.hits() == 0)
            try fault.heal()
            #expect(try fault.hits() == 0)
        }
    }
}

extension TestConnection {
    fileprivate func close() { shutdown(descriptor.raw, Int32(SHUT_RDWR)) }
}
