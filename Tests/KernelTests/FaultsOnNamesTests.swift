import CLinux
import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Programs that look `broker` up, which is host b; the C library's resolver is the oracle.
    @Suite struct FaultsOnNames {
        let names: TestNames
        let broker = FaultTarget.name("broker")
        private static let address = "10.77.0.6"

        init() throws { names = try TestNames() }

        /// What getaddrinfo says, or the number of its error.
        private func found(_ line: String) -> String { line.split(separator: " ").dropLast().joined(separator: " ") }
        /// How long it took, milliseconds.
        private func took(_ line: String) -> Int { Int(line.split(separator: " ").last ?? "") ?? -1 }

        private func look(_ name: String = "broker", family: Int32 = 0) throws -> String {
            try #require(try names.python("look('\(name)', \(family))").lines.first)
        }

        // MARK: the server itself

        @Test func `hosts and actors are found, and nobody else`() throws {
            let lines = try names.python(
                "for name in ['a', 'b', 'broker', 'BROKER', 'localhost', 'nobody']: look(name)")
            #expect(
                lines.lines.map(found) == ["10.77.0.1", Self.address, Self.address, Self.address, "127.0.0.1", "-2"])
            // What is in the hosts file is not asked for.
            #expect(!names.lookups.contains { $0.name == "localhost" })
            #expect(lines.lines.map(took).allSatisfy { $0 < 5 })
        }

        @Test func `every host has it, with its lookups told`() throws {
            #expect(found(try #require(try names.python("look('a')", on: "b").lines.first)) == "10.77.0.1")
            let told = names.lookups.filter { $0.kind == "A" }
            #expect(told.map(\.host) == ["b"])
            #expect(told.map(\.answer) == [NameAnswer(.addresses(["10.77.0.1"]), ttl: .seconds(60))])
            #expect(names.lookups.filter { $0.kind == "AAAA" }.map(\.answer.outcome) == [.empty])
        }

        @Test func `whoever asks by TCP is answered, question by question`() throws {
            let text = """
                import struct
                def question(number):
                    name = b"\\x06broker\\x00"
                    return struct.pack(">HHHHHH", number, 0x100, 1, 0, 0, 0) + name + b"\\x00\\x01\\x00\\x01"
                peer = socket.create_connection(("127.0.0.53", 53))
                for part in [question(1), question(2)]: peer.sendall(struct.pack(">H", len(part)) + part)
                for _ in range(2):
                    length = struct.unpack(">H", peer.recv(2, socket.MSG_WAITALL))[0]
                    answer = peer.recv(length, socket.MSG_WAITALL)
                    print(struct.unpack(">H", answer[:2])[0], answer[3] & 15, socket.inet_ntoa(answer[-4:]))
                began = time.monotonic()
                print(peer.recv(1), round(time.monotonic() - began))
                broken = socket.create_connection(("127.0.0.53", 53))
                broken.sendall(b"\\xff\\xff")
                print(broken.recv(1))
                """
            let lines = try names.python(text).lines
            #expect(lines == ["1 0 \(Self.address)", "2 0 \(Self.address)", "b'' 10", "b''"])
        }

        @Test func `nonsense is not answered, and harms nobody`() throws {
            #expect(try names.ask([1, 2, 3]) == nil)
            #expect(try names.ask([UInt8](repeating: 0xFF, count: 5000)) == nil)
            #expect(try names.ask(TestQuery.bytes("broker"))?.suffix(4) == [10, 77, 0, 6])
        }

        /// c-ares, which reads resolv.conf by itself; where Node is installed.
        @Test(.enabled(if: access("/usr/bin/node", X_OK) == 0)) func `Node's resolver finds its way`() throws {
            let text = """
                import subprocess
                script = '''
                const dns = require("dns");
                dns.resolve4("broker", { ttl: true }, (error, found) => {
                    console.log(error ? error.code : JSON.stringify(found));
                    dns.resolve4("nobody", (error) => console.log(error.code));
                });
                '''
                print(subprocess.run(["node", "-e", script], capture_output=True, text=True).stdout)
                """
            #expect(
                try names.python(text).lines == ["[{\"address\":\"\(Self.address)\",\"ttl\":60}]", "ENOTFOUND"])
        }

        // MARK: name-failure

        @Test(arguments: [("nxdomain", "-2", 3), ("servfail", "-3", 2), ("refused", "-3", 5), ("empty", "-5", 0)])
        func `a failure is the resolver's error, at once`(answer: String, error: String, code: UInt8) throws {
            let fault = try names.field.strike("name-failure", broker, ["answer": .text(answer)])
            #expect(try fault.hits() == 0)
            let line = try look()
            #expect(found(line) == error)
            #expect(took(line) < 5)
            // Every question, and every question again: exactly what the server was asked.
            #expect(try fault.hits() == Int64(names.lookups.count))
            #expect(try fault.hits() >= 2)
            #expect(fault.firstHit == names.lookups.first?.time)
            #expect(try #require(try names.ask(TestQuery.bytes("broker")))[3] & 0xF == code)
            let total = try fault.hits()
            // Others are not struck.
            #expect(found(try look("b")) == Self.address)
            #expect(try fault.hits() == total)
            try fault.heal()
            try fault.heal()
            #expect(found(try look()) == Self.address)
            #expect(try fault.hits() == total)
        }

        @Test func `without an answer the C library gives up after twice five seconds`() throws {
            let fault = try names.field.strike("name-failure", broker, ["answer": .text("timeout")])
            let line = try look(family: AF_INET)
            #expect(found(line) == "-3")
            #expect((10_000...10_020).contains(took(line)), "\(line)")
            #expect(try fault.hits() == 2)
            let gap = Duration.nanoseconds(names.lookups[1].time - names.lookups[0].time)
            #expect(gap >= .seconds(5) && gap < .milliseconds(5010), "\(gap)")
            try fault.heal()
            #expect(found(try look()) == Self.address)
        }

        @Test func `a failure that ends in time is not noticed but for the pause`() throws {
            let fault = try names.field.strike("name-failure", broker, ["answer": .text("timeout")])
            _ = names.field.after(.seconds(3)) { try fault.heal() }
            let line = try look(family: AF_INET)
            #expect(found(line) == Self.address)
            #expect((5000...5020).contains(took(line)), "\(line)")
            #expect(try fault.hits() == 1)
        }

        @Test func `nobody asks, nobody is struck`() throws {
            let faults = try ["nxdomain", "servfail"].map {
                try names.field.strike("name-failure", .name("a"), ["answer": .text($0)])
            }
            _ = try look()
            for fault in faults {
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(fault.firstHit == nil)
            }
        }

        // MARK: name-delay

        @Test func `a delay is as long as it says`() throws {
            let fault = try names.field.strike("name-delay", broker, ["delay": .duration(.milliseconds(1500))])
            let line = try look(family: AF_INET)
            #expect(found(line) == Self.address)
            #expect((1500...1510).contains(took(line)), "\(line)")
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(took(try look(family: AF_INET)) < 5)
            #expect(try fault.hits() == 1)
        }

        @Test func `a delay beyond the resolver's patience is asked about twice, and answered`() throws {
            let fault = try names.field.strike("name-delay", broker, ["delay": .duration(.seconds(7))])
            let line = try look(family: AF_INET)
            #expect(found(line) == Self.address)
            #expect((7000...7020).contains(took(line)), "\(line)")
            #expect(try fault.hits() == 2)
            try fault.heal()
        }

        // MARK: name-change and wrong addresses

        @Test func `a changed name leads elsewhere, for as long as it says`() throws {
            let fault = try names.field.strike(
                "name-change", broker, ["to": .text("a"), "ttl": .duration(.seconds(5))])
            #expect(found(try look()) == "10.77.0.1")
            #expect(try fault.hits() == 1)
            let answer = try #require(try names.ask(TestQuery.bytes("broker")))
            #expect(answer.suffix(10) == [0, 0, 0, 5, 0, 4, 10, 77, 0, 1])
            try fault.heal()
            #expect(found(try look()) == Self.address)
            let after = try #require(try names.ask(TestQuery.bytes("broker")))
            #expect(after.suffix(10) == [0, 0, 0, 60, 0, 4, 10, 77, 0, 6])
            #expect(try fault.hits() == 2)
        }

        private static let connect = """
            for family, kind, protocol, _, address in socket.getaddrinfo("broker", 7000, 0, socket.SOCK_STREAM):
                peer = socket.socket(family, kind, protocol)
                peer.settimeout(300)
                began = time.monotonic()
                try: peer.connect(address); code = 0
                except OSError as error: code = error.errno
                print(address[0], code, round(time.monotonic() - began))
                if code == 0: break
            """

        @Test(arguments: [
            // SYNs after 1, 1, 1, 1, 1, 2, 4, 8, 16, 32 s, and 64 s of patience (Linux's ip-sysctl.rst,
            // tcp_syn_retries and tcp_syn_linear_timeouts).
            // The kernel's timers may be late by an eighth of what they wait (kernel/time/timer.c).
            ("silence", "192.0.2.1 \(ETIMEDOUT)", 131...147), ("unreachable", "192.0.2.2 \(EHOSTUNREACH)", 0...0),
            ("refused", "10.77.0.2 \(ECONNREFUSED)", 0...0),
        ])
        func `a wrong address is met by what it says`(reply: String, met: String, within: ClosedRange<Int>) throws {
            let listener = try TestListener(in: names.field.namespace(of: "b"), port: 7000)
            let fault = try names.field.strike(
                "name-wrong-address", broker, ["reply": .text(reply), "ttl": .duration(.seconds(1))])
            let lines = try names.python(Self.connect).lines
            #expect(lines.map(found) == [met])
            #expect(within.contains(took(try #require(lines.first))), "\(lines)")
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(try names.python(Self.connect).lines == ["\(Self.address) 0 0"])
            withExtendedLifetime(listener) {}
        }

        // MARK: name-truncated

        @Test func `a truncated answer is asked for again by TCP`() throws {
            let fault = try names.field.strike("name-truncated", broker, ["tcp": .text("answers")])
            #expect(found(try look(family: AF_INET)) == Self.address)
            #expect(names.lookups.map(\.answer.outcome) == [.truncated, .addresses([Self.address])])
            #expect(try fault.hits() == 1)
            try fault.heal()
            _ = try look(family: AF_INET)
            #expect(names.lookups.count == 3)
            #expect(try fault.hits() == 1)
        }

        @Test(arguments: ["silence", "hang-up"])
        func `without TCP a truncated answer is none`(stream: String) throws {
            let fault = try names.field.strike("name-truncated", broker, ["tcp": .text(stream)])
            let line = try look(family: AF_INET)
            // EAI_NONAME: the C library has had an answer, which says nothing.
            #expect(found(line) == "-2", "\(line)")
            #expect((stream == "silence" ? 10_000...10_020 : 0...5).contains(took(line)), "\(line)")
            #expect(try fault.hits() == Int64(names.lookups.count { $0.answer.outcome == .truncated }))
            #expect(try fault.hits() > 0)
            try fault.heal()
            #expect(found(try look(family: AF_INET)) == Self.address)
        }

        // MARK: together

        @Test func `faults on one name add up, and heal in any order`() throws {
            let slow = try names.field.strike("name-delay", broker, ["delay": .duration(.seconds(1))])
            let gone = try names.field.strike("name-failure", broker, ["answer": .text("nxdomain")])
            let line = try look(family: AF_INET)
            #expect(found(line) == "-2")
            #expect((1000...1010).contains(took(line)), "\(line)")
            #expect(try slow.hits() == 1)
            #expect(try gone.hits() == 1)
            let silent = try names.field.strike("name-failure", broker, ["answer": .text("timeout")])
            try slow.heal()
            #expect(try names.ask(TestQuery.bytes("broker")) == nil)
            // The later one has the last word.
            #expect(try gone.hits() == 1)
            #expect(try silent.hits() == 1)
            try silent.heal()
            #expect(found(try look(family: AF_INET)) == "-2")
            try gone.heal()
            #expect(found(try look(family: AF_INET)) == Self.address)
        }
    }

    /// Hosts with IPv6 that leads nowhere.
    @Suite struct FaultsOnNamesWithIPv6 {
        let names: TestNames
        let listener: TestListener

        init() throws {
            names = try TestNames(hasDeadIPv6: true)
            listener = try TestListener(in: names.field.namespace(of: "b"), port: 7000)
        }

        private static let connect = """
            found = socket.getaddrinfo("broker", 7000, 0, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
            print(*[entry[4][0] for entry in found])
            for entry in found:
                peer = socket.socket(*entry[:3])
                peer.settimeout(60)
                began = time.monotonic()
                try: peer.connect(entry[4]); word = "connected"
                except TimeoutError: word = "silence"
                print(word, round(time.monotonic() - began))
                if word == "connected": break
            """

        @Test func `IPv6 comes first and hangs, IPv4 works`() throws {
            let capture = try TestCapture(in: names.field.link("a-b").namespace)
            let fault = try names.field.strike(
                "name-ipv6-black-hole", .name("broker"), ["ttl": .duration(.seconds(30))])
            let lines = try names.python(Self.connect).lines
            #expect(lines == ["2001:db8:ffff::1 10.77.0.6", "silence 60", "connected 0"])
            #expect(try fault.hits() == 1)
            // On the link: SYNs by IPv6 to that address (EtherType 86DD, next header 6), and nothing comes back.
            let six = capture.frames().filter { $0.count > 60 && $0[12] == 0x86 && $0[13] == 0xDD && $0[20] == 6 }
            // After 0, 1, 2, 3, 4, 5, 7, 11, 19 and 35 s.
            #expect(six.count == 10)
            #expect(six.allSatisfy { Array($0[38..<46]) == [0x20, 0x01, 0x0D, 0xB8, 0xFF, 0xFF, 0, 0] })
            #expect(six.allSatisfy { $0[54 + 13] == 0x02 })
            try fault.heal()
            #expect(try names.python(Self.connect).lines == ["10.77.0.6", "connected 0"])
            #expect(try fault.hits() == 1)
        }

        @Test func `who races addresses is connected`() throws {
            let fault = try names.field.strike(
                "name-ipv6-black-hole", .name("broker"), ["ttl": .duration(.seconds(30))])
            let text = """
                import asyncio
                async def main():
                    loop = asyncio.get_running_loop()
                    began = loop.time()
                    _, writer = await asyncio.open_connection("broker", 7000, happy_eyeballs_delay=0.25)
                    print(writer.get_extra_info("peername")[0], round((loop.time() - began) * 1000))
                asyncio.run(main())
                """
            let words = try #require(try names.python(text).lines.first).split(separator: " ")
            #expect(words.first == "10.77.0.6")
            #expect((250...260).contains(Int(words.last ?? "") ?? 0), "\(words)")
            #expect(try fault.hits() == 1)
        }

        @Test func `an answer that nobody wants is no hit`() throws {
            let fault = try names.field.strike(
                "name-ipv6-black-hole", .name("broker"), ["ttl": .duration(.seconds(30))])
            #expect(try names.python("look('broker', socket.AF_INET)").lines.first?.hasPrefix("10.77.0.6") == true)
            #expect(try fault.hits() == 0)
            try fault.heal()
        }

        @Test func `nothing is said by IPv6 that nobody asked for, but for joining`() throws {
            // Which groups it is in a host says when it comes, within some seconds (RFC 9777, section 9.11).
            try names.field.pass(.seconds(15))
            let capture = try TestCapture(in: names.field.link("a-b").namespace)
            try names.field.pass(.seconds(3600))
            #expect(capture.frames().isEmpty)
        }
    }
}
