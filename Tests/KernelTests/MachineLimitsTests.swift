import Faults
import Glibc
import Kernel
import Testing

@testable import Scenarios

extension KernelTests {
    /// Machines that run out of things: descriptor-limit, memory-limit, no-ephemeral-ports.
    @Suite struct MachineLimits {
        let field: TestField
        private let client = FaultTarget.actor("client")

        init() throws { field = try TestField(TestLab.pair()) }

        /// Does what it is told, a line at a time, and says the errno of what failed (0: nothing did).
        private func start(_ name: String = "client") throws {
            let target = field.lab.host("b").addresses[0]
            let text = """
                import json, mmap, resource, socket, sys
                kept = []
                def connect():
                    peer = socket.socket()
                    kept.append(peer)
                    peer.connect(("\(target)", 7100))
                def close(): kept.pop(0).close()
                def reset():
                    kept[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\x01\\0\\0\\0\\0\\0\\0\\0")
                    close()
                def grow():
                    kept.append(mmap.mmap(-1, 1 << 20))
                    for page in range(256): kept[-1][page * 4096] = 1
                print("ready", flush=True)
                for line in sys.stdin:
                    order = json.loads(line)["name"]
                    try:
                        if order == "limit": print(*resource.getrlimit(resource.RLIMIT_NOFILE), flush=True)
                        else:
                            globals()[order]()
                            print(0, flush=True)
                    except OSError as error: print(error.errno, flush=True)
                """
            try field.testActors.start(name, on: "a", in: field.namespace(of: "a"), ["/usr/bin/python3", "-c", text])
        }

        private func tell(_ order: String, _ name: String = "client") -> String? {
            field.testActors.send(name, fault: order, on: true, [])
            return field.testActors.lines(of: name, within: .seconds(2)).first
        }

        private func listen() throws -> TestListener { try TestListener(in: field.namespace(of: "b"), port: 7100) }

        // MARK: descriptors

        @Test func `at its limit a process can open nothing, and what is open works`() throws {
            let listener = try listen()
            try start()
            let former = tell("limit")
            #expect(tell("connect") == "0")
            let peer = try listener.accept()
            let fault = try field.strike("descriptor-limit", client)
            #expect(try fault.hits() == 1)
            #expect(tell("connect") == "\(EMFILE)")
            #expect(peer.say("still here") && peer.kernelInfo.state == 1)
            // What it gives back it may have again.
            #expect(tell("close") == "0" && tell("connect") == "0")
            #expect(tell("connect") == "\(EMFILE)")
            try fault.heal()
            try fault.heal()
            #expect(tell("limit") == former)
            #expect(tell("connect") == "0")
            #expect(try fault.hits() == 1)
        }

        @Test func `below its own number no descriptor comes back`() throws {
            let listener = try listen()
            try start()
            #expect(tell("connect") == "0")
            _ = try listener.accept()
            let fault = try field.strike("descriptor-limit", client, ["limit": .count(3)])
            #expect(tell("close") == "0")
            #expect(tell("connect") == "\(EMFILE)")
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(tell("connect") == "0")
        }

        @Test func `a limit that nobody reaches has no hits`() throws {
            let listener = try listen()
            try start()
            try start("other")
            let fault = try field.strike("descriptor-limit", client, ["limit": .count(20)])
            #expect(tell("connect", "other") == "0")
            #expect(try fault.hits() == 0)
            for _ in 3..<20 { #expect(tell("connect") == "0") }
            #expect(tell("connect") == "\(EMFILE)")
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(tell("connect") == "0")
            withExtendedLifetime(listener) {}
        }

        @Test func `children that were born meanwhile are freed too`() throws {
            try field.testActors.start(
                "forking", on: "a", in: field.namespace(of: "a"), TestProgram.forkingServer(port: 7002))
            let fault = try field.strike("descriptor-limit", .actor("forking"), ["limit": .count(64)])
            let peer = try TestConnection(
                from: field.namespace(of: "b"), to: field.lab.host("a").addresses[0], port: 7002)
            #expect(peer.echoes("hello"))
            func limits() -> [String] {
                field.testActors.processes(of: "forking").map { process in
                    let lines = (Files.text("/proc/\(process)/limits") ?? "").split(separator: "\n")
                    let line = lines.first { $0.hasPrefix("Max open files") } ?? ""
                    return String(line.split(separator: " ")[3])
                }
            }
            #expect(limits() == ["64", "64"])
            try fault.heal()
            let after = limits()
            #expect(after.count == 2 && after[0] == after[1] && after[0] != "64", "\(after)")
        }

        // MARK: memory

        @Test func `who takes more memory than is left is killed, and started again in the end`() throws {
            let listener = try listen()
            try start()
            try start("other")
            #expect(tell("connect") == "0")
            let peer = try listener.accept()
            let fault = try field.strike("memory-limit", client, ["left": .size(8 << 20)])
            for _ in 0..<4 { #expect(tell("grow") == "0") }
            #expect(try fault.hits() == 0)
            var grown = 0
            while tell("grow") == "0" { grown += 1 }
            // Four of eight MiB were taken before; Python's own needs are less than one.
            #expect(grown == 3)
            #expect(field.testActors.state(of: "client") == "Z")
            #expect(try fault.hits() == 1)
            #expect(peer.hear() == .end)
            #expect(field.testActors.expectedEnds == ["client"])
            for _ in 0..<16 { #expect(tell("grow", "other") == "0") }
            try fault.heal()
            try fault.heal()
            #expect(field.testActors.lines(of: "client", until: "ready") == ["ready"])
            for _ in 0..<16 { #expect(tell("grow") == "0") }
            #expect(try fault.hits() == 1)
            #expect(try Files.list("/run/halfopen-groups").allSatisfy { !$0.hasPrefix("fault") })
        }

        @Test func `who needs no more memory is not struck, and free in the end`() throws {
            try start()
            let fault = try field.strike("memory-limit", client, ["left": .size(8 << 20)])
            try field.pass(.seconds(60))
            try fault.heal()
            #expect(try fault.hits() == 0)
            for _ in 0..<16 { #expect(tell("grow") == "0") }
        }

        // MARK: ports

        @Test func `when the last port is taken nobody can connect, until one is free again`() throws {
            let listener = try listen()
            try start()
            #expect(tell("connect") == "0")
            let old = try listener.accept()
            let former = try field.lab.host("a").namespace.read("net.ipv4.ip_local_port_range")
            let fault = try field.strike("no-ephemeral-ports", .host("a"), ["left": .count(2)])
            #expect(tell("connect") == "0")
            #expect(try fault.hits() == 0, "one is left")
            #expect(tell("connect") == "0")
            #expect(try fault.hits() == 2)
            #expect(tell("connect") == "\(EADDRNOTAVAIL)")
            #expect(old.say("still here") && old.kernelInfo.state == 1)
            // The oldest had another port; the second one's is free at once after a RST.
            #expect(tell("reset") == "0" && tell("reset") == "0")
            #expect(tell("connect") == "0")
            #expect(tell("connect") == "\(EADDRNOTAVAIL)")
            try fault.heal()
            try fault.heal()
            #expect(try field.lab.host("a").namespace.read("net.ipv4.ip_local_port_range") == former)
            #expect(tell("connect") == "0")
            #expect(try fault.hits() == 2)
        }

        @Test func `ports that nobody wanted are no hits, and other hosts have theirs`() throws {
            let before = try LabState(of: field.lab)
            let listener = try TestListener(in: field.namespace(of: "a"), port: 7200)
            let fault = try field.strike("no-ephemeral-ports", .host("a"), ["left": .count(1)])
            for _ in 0..<3 {
                _ = try TestConnection(from: field.namespace(of: "b"), to: field.lab.host("a").addresses[0], port: 7200)
                _ = try listener.accept()
            }
            try field.pass(.seconds(60))
            try fault.heal()
            #expect(try fault.hits() == 0)
            try expectSame(field.lab, as: before)
        }
    }
}
