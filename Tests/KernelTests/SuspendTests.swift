import Faults
import Glibc
import Kernel
import Testing

@testable import Scenarios

extension KernelTests {
    /// A laptop with two programs on it, and a server elsewhere that listens to it.
    @Suite struct SuspendTests {
        let field: TestField
        private let before: LabState
        private let listener: TestListener

        init() throws {
            field = try TestField(TestLab.pair())
            before = try LabState(of: field.lab)
            listener = try TestListener(in: field.namespace(of: "b"), port: 7100)
        }

        /// Says how late it is on its monotonic and on its wall clock, every second.
        private func start(_ name: String, connects: Bool = true) throws {
            let target = field.lab.host("b").addresses[0]
            let text = """
                import socket, time
                peer = socket.create_connection(("\(target)", 7100)) if \(connects ? "True" : "False") else None
                print("ready", flush=True)
                begin, date = time.monotonic(), time.time()
                while True:
                    time.sleep(1)
                    line = "%.1f %.1f" % (time.monotonic() - begin, time.time() - date)
                    print(line, flush=True)
                    if peer: peer.sendall(line.encode())
                """
            try field.testActors.start(name, on: "a", in: field.namespace(of: "a"), ["/usr/bin/python3", "-c", text])
        }

        @Test func `a sleeping host is silent, and its programs find that time has passed`() throws {
            try start("browser")
            try start("editor", connects: false)
            let peer = try listener.accept()
            try field.pass(.seconds(2.5))
            _ = peer.hear()
            let fault = try field.strike("suspend", .host("a"))
            _ = peer.hear(within: .zero)
            for name in ["browser", "editor"] { #expect(field.testActors.state(of: name) == "T") }
            #expect(peer.say("anybody there?"))
            #expect(peer.hear(within: .seconds(600)) == .silence)
            #expect(peer.kernelInfo.retransmitted > 3, "not even its kernel answers")
            #expect(throws: SystemError.self) {
                try TestConnection(from: field.namespace(of: "b"), to: field.lab.host("a").addresses[0], port: 7000)
            }
            #expect(try fault.hits() == 1)
            _ = field.testActors.lines(of: "editor", within: .zero)
            try fault.heal()
            try fault.heal()
            let line = try #require(field.testActors.lines(of: "editor", within: .seconds(0.5)).first)
            let clocks = line.split(separator: " ").compactMap { Double($0) }
            // Both clocks have gone on, and the timer fires at once.
            #expect(clocks.count == 2 && clocks[0] == clocks[1] && clocks[0] > 600, "\(line)")
            guard case .bytes = peer.hear() else {
                Issue.record("it says nothing after waking")
                return
            }
            #expect(try fault.hits() == 1)
            try expectSame(field.lab, as: before)
        }

        @Test func `suspend of a host without a connection has no hits`() throws {
            try start("editor", connects: false)
            let fault = try field.strike("suspend", .host("a"))
            try field.pass(.seconds(60))
            try fault.heal()
            #expect(try fault.hits() == 0)
            #expect(field.testActors.state(of: "editor") != "T")
            try expectSame(field.lab, as: before)
        }
    }
}
