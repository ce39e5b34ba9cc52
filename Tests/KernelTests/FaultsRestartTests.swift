import Faults
import Glibc
import Kernel
import Testing

@testable import Scenarios

extension KernelTests {
    /// Programs that go and come back: restart, slow-start, rolling-restart, signal; and those that show their clients
    /// the door in time: hang-up-after.
    @Suite struct FaultsRestart {
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

        /// The errno of a refusal.
        private func knock(port: Int = 7000) -> Result<TestConnection, SystemError> {
            do {
                return .success(
                    try TestConnection(
                        from: field.namespace(of: "a"), to: field.lab.host("b").addresses[0], port: port))
            } catch {
                return .failure(error as! SystemError)
            }
        }

        private func isRefused(port: Int = 7000) -> Bool {
            if case .failure(let error) = knock(port: port) { error.code == ECONNREFUSED } else { false }
        }

        private func connect(port: Int = 7000) throws -> TestConnection {
            let connection = try knock(port: port).get()
            #expect(connection.echoes("hello"))
            return connection
        }

        @Test func `restart ends the program, and starts it again when the time is over`() throws {
            let peer = try connect()
            let former = field.testActors.running["broker"]!.process.pid
            let fault = try field.strike("restart", broker, ["down-for": .duration(.seconds(10))])
            var isOver = false
            fault.whenOver { isOver = true }
            try field.pass(.milliseconds(100))
            #expect(peer.hear(within: .zero) == .end)
            #expect(try fault.hits() == 1)
            #expect(field.testActors.expectedEnds == ["broker"])
            try field.pass(.milliseconds(9800))
            #expect(isRefused() && !isOver)
            try field.pass(.milliseconds(200))
            #expect(isOver)
            #expect(field.testActors.running["broker"]!.process.pid != former)
            _ = try connect()
            try fault.heal()
            #expect(try fault.hits() == 1)
            _ = try connect()
        }

        @Test(arguments: [("kept", true), ("lost", false)])
        func `a restart leaves the work folder or empties it`(state: String, isKept: Bool) throws {
            let work = "/tmp/halfopen-restart-\(state)"
            try Files.makeFolder("\(work)/queue")
            try Files.write("\(work)/queue/1", "a message")
            try Files.write("\(work)/offset", "17")
            field.testActors.folders["broker"] = .init(folder: "/", work: work, log: "/tmp/halfopen-restart.log")
            let fault = try field.strike(
                "restart", broker, ["down-for": .duration(.seconds(1)), "state": .text(state)])
            try field.pass(.milliseconds(900))
            #expect(try Files.list(work) == ["offset", "queue"], "not before its time")
            try field.pass(.seconds(1))
            #expect(try Files.list(work) == (isKept ? ["offset", "queue"] : []))
            #expect(Files.exists("\(work)/queue/1") == isKept)
            try fault.heal()
            _ = try connect()
        }

        @Test func `restart of a program that is dead has no hits`() throws {
            _ = try field.strike("kill", broker)
            let fault = try field.strike("restart", broker)
            try field.pass(.seconds(1))
            #expect(try fault.hits() == 0)
        }

        @Test func `a restart that is cut short stays down`() throws {
            let fault = try field.strike("restart", broker, ["down-for": .duration(.seconds(10))])
            try field.pass(.seconds(1))
            try fault.heal()
            try field.pass(.seconds(20))
            #expect(isRefused())
        }

        @Test func `slow-start refuses everyone until it listens, with its process there`() throws {
            let fault = try field.strike(
                "slow-start", broker, ["takes": .duration(.seconds(30)), "before": .text("listening")])
            var isOver = false
            fault.whenOver { isOver = true }
            try field.pass(.milliseconds(100))
            #expect(field.testActors.state(of: "broker") == "T")
            let process = field.testActors.running["broker"]!.process.pid
            // Not one page of the program itself was touched: the dynamic loader has not begun.
            let maps = Files.text("/proc/\(process)/maps") ?? ""
            #expect(maps.contains("python3") && !maps.contains("libc.so"), "\(maps)")
            try field.pass(.milliseconds(29_800))
            #expect(isRefused() && !isOver)
            try field.pass(.milliseconds(200))
            #expect(isOver)
            _ = try connect()
            #expect(try fault.hits() == 1)
        }

        @Test func `slow-start lets everyone in until it answers`() throws {
            let fault = try field.strike(
                "slow-start", broker, ["takes": .duration(.seconds(30)), "before": .text("answering")])
            try field.pass(.milliseconds(100))
            let peer = try knock().get()
            #expect(peer.say("ready?"))
            try field.pass(.milliseconds(29_800))
            #expect(peer.hear(within: .zero) == .silence)
            try field.pass(.milliseconds(200))
            #expect(peer.hear(within: .zero) == .bytes("ready?"))
            #expect(try fault.hits() == 1)
        }

        @Test func `slow-start that is cut short goes on at once`() throws {
            let fault = try field.strike(
                "slow-start", broker, ["takes": .duration(.seconds(30)), "before": .text("answering")])
            try field.pass(.seconds(1))
            try fault.heal()
            _ = try connect()
        }

        @Test func `rolling-restart takes one after another, with a gap`() throws {
            try start("standby", port: 7001)
            let peers = [try connect(), try connect(port: 7001)]
            let fault = try field.strike(
                "rolling-restart", .actors(["broker", "standby"]),
                ["gap": .duration(.seconds(30)), "down-for": .duration(.seconds(5))])
            var isOver = false
            fault.whenOver { isOver = true }
            try field.pass(.seconds(1))
            #expect(peers[0].hear(within: .zero) == .end)
            #expect(peers[1].echoes("still here"))
            #expect(isRefused() && !isRefused(port: 7001))
            #expect(try fault.hits() == 1)
            // Back after 5 s, and 30 s more.
            try field.pass(.seconds(33))
            #expect(peers[1].echoes("still here"))
            #expect(try connect().echoes("back"))
            try field.pass(.seconds(2))
            #expect(peers[1].hear(within: .zero) == .end)
            #expect(!isRefused() && isRefused(port: 7001) && !isOver)
            try field.pass(.seconds(5))
            #expect(isOver)
            _ = try connect(port: 7001)
            #expect(try fault.hits() == 2)
        }

        // MARK: signal

        @Test func `signal reaches the first process of an actor, and what has ended comes back`() throws {
            let program = """
                import signal, sys, time
                signal.signal(signal.SIGUSR2, lambda *_: print("lame", flush=True))
                signal.signal(signal.SIGHUP, lambda *_: print("well", flush=True))
                print("ready", flush=True)
                while True: time.sleep(1)
                """
            try field.testActors.start(
                "bus", on: "b", in: field.namespace(of: "b"), ["/usr/bin/python3", "-c", program])
            let lame = try field.strike("signal", .actor("bus"), ["signal": .text("USR2"), "then": .text("HUP")])
            #expect(field.testActors.lines(of: "bus", until: "lame") == ["lame"])
            #expect(try lame.hits() == 1)
            try lame.heal()
            try lame.heal()
            #expect(field.testActors.lines(of: "bus", within: .seconds(2)) == ["well"])
            let quit = try field.strike("signal", .actor("bus"), ["signal": .text("QUIT")])
            try field.pass(.milliseconds(100))
            #expect(field.testActors.state(of: "bus") == "Z")
            #expect(try quit.hits() == 1)
            let none = try field.strike("signal", .actor("bus"), ["signal": .text("TERM")])
            #expect(try none.hits() == 0, "there is nobody to take it")
            try none.heal()
            try quit.heal()
            #expect(field.testActors.lines(of: "bus", until: "ready") == ["ready"])
        }

        // MARK: hang-up-after

        @Test func `hang-up-after ends each connection at its age, by FIN, and no other actor's`() throws {
            try start("other", port: 7001)
            let bystander = try connect(port: 7001)
            let old = try connect()
            let fault = try field.strike("hang-up-after", broker, ["age": .duration(.seconds(60))])
            #expect(fault.firstHit == nil)
            let struck = Clock.now
            try field.pass(.seconds(10))
            let young = try connect()
            try field.pass(.seconds(49.99))
            #expect(old.echoes("still here", within: .milliseconds(5)))
            try field.pass(.milliseconds(10))
            #expect(old.hear(within: .zero) == .end)
            #expect(try fault.hits() == 1)
            let firstHit = try #require(fault.firstHit) - struck
            #expect((60_000_000_000...60_001_000_000).contains(firstHit), "\(firstHit)")
            try field.pass(.seconds(9.97))
            #expect(young.echoes("still here", within: .milliseconds(5)))
            try field.pass(.milliseconds(40))
            #expect(young.hear(within: .zero) == .end)
            #expect(try fault.hits() == 2)
            #expect(bystander.echoes("still here"))
            try fault.heal()
            let late = try connect()
            try field.pass(.seconds(120))
            #expect(late.echoes("for ever"))
            #expect(try fault.hits() == 2)
        }

        @Test func `hang-up-after without a connection has no hits`() throws {
            let fault = try field.strike("hang-up-after", broker, ["age": .duration(.seconds(1))])
            try field.pass(.seconds(60))
            try fault.heal()
            #expect(try fault.hits() == 0)
            #expect(fault.firstHit == nil)
        }
    }
}
