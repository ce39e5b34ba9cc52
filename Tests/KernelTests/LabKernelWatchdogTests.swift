import Kernel
import Testing

@testable import LabKernel

extension KernelTests {
    @Suite struct WatchdogTests {
        private static let second: Int64 = 1_000_000_000

        /// Looks each second of wall time until something is to be done, at most `longest`; returns it, and when. The
        /// lab runs for `share` of the time.
        private func run(
            longest: Int64 = 1000, startedAt start: Int64? = 1, share: Double = 1, virtual: (Int64) -> Int64?,
            recorded: (Int64) -> Int64 = { _ in 0 }
        ) -> (action: Watchdog.Action, at: Int64) {
            var watchdog = Watchdog(bootedAt: 0)
            for second in 1...longest {
                let action = watchdog.looked(
                    .init(
                        wall: second * WatchdogTests.second,
                        processor: Int64(share * Double(second * WatchdogTests.second)), virtual: virtual(second),
                        recorded: recorded(second), hasStarted: start.map { second >= $0 } ?? false))
                if action != .wait { return (action, second) }
            }
            return (.wait, longest)
        }

        @Test func `a lab whose time goes on is left alone, however slow`() {
            #expect(run(virtual: { $0 * WatchdogTests.second / 20 }).action == .wait)
        }

        @Test func `a lab that never says that it runs is ended after 20 seconds`() {
            let (action, at) = run(startedAt: nil, virtual: { $0 * WatchdogTests.second })
            #expect(action == .askWhatRuns(.neverStarted(after: .seconds(20))))
            #expect(at == 20)
        }

        @Test func `a lab whose time stands still for 20 seconds is ended`() {
            let (action, at) = run(virtual: { min($0, 100) * WatchdogTests.second })
            #expect(action == .askWhatRuns(.stoodStill(at: .seconds(100), wall: .seconds(20))))
            #expect(at == 120)
        }

        @Test func `a lab at rest for a moment is not ended for it`() {
            #expect(run(virtual: { $0 / 19 * 19 * WatchdogTests.second }).action == .wait)
        }

        @Test func `a loop that waits for a clock crawls, and is ended after three minutes`() {
            let (action, at) = run(virtual: { 5 * WatchdogTests.second + $0 * 7_000_000 })
            #expect(
                action
                    == .askWhatRuns(
                        .crawled(by: .milliseconds(1260), to: .milliseconds(6267), wall: .seconds(180))))
            #expect(at == 181)
            // The same loop on a faster machine, and honest work a little above it.
            #expect(run(virtual: { 5 * WatchdogTests.second + $0 * 25_000_000 }).at == 181)
            #expect(run(virtual: { 5 * WatchdogTests.second + $0 * 45_000_000 }).action == .wait)
        }

        @Test func `a lab that other work keeps from running is given six times as long`() {
            let (action, at) = run(share: 0.3, virtual: { min($0, 100) * WatchdogTests.second })
            #expect(action == .askWhatRuns(.stoodStill(at: .seconds(100), wall: .seconds(120))))
            #expect(at == 220)
            #expect(run(startedAt: nil, share: 0, virtual: { _ in nil }).at == 120)
            #expect(
                run(longest: 1080, share: 0.3, virtual: { 5 * WatchdogTests.second + $0 * 7_000_000 }).action == .wait)
        }

        @Test func `a recording that grows is a sign of life only where time cannot be read`() {
            #expect(run(virtual: { _ in nil }, recorded: { $0 }).action == .wait)
            let (action, at) = run(virtual: { _ in nil }, recorded: { min($0, 50) })
            #expect(action == .askWhatRuns(.stoodStill(at: .zero, wall: .seconds(20))))
            #expect(at == 70)
            #expect(run(virtual: { _ in 0 }, recorded: { $0 }).at == 21)
        }

        @Test func `it says so once`() {
            var watchdog = Watchdog(bootedAt: 0)
            let actions = (1...200).map { second in
                watchdog.looked(
                    .init(
                        wall: second * WatchdogTests.second, processor: second * WatchdogTests.second, virtual: 0,
                        recorded: 0, hasStarted: true))
            }
            #expect(actions.count { $0 != .wait } == 1)
        }

        @Test func `the process that runs is read from what the kernel prints`() throws {
            let text = "sysrq: Show Regs\n\nPid: 47, comm: my (odd) name Not tainted 6.12.117 \nRIP: 0000:0x0\n"
            let running = try #require(GuestWatcher.running(in: text))
            #expect(running.pid == 47)
            #expect(running.name == "my (odd) name")
            #expect(GuestWatcher.running(in: "sysrq: Show Regs\n") == nil)
            #expect(GuestWatcher.running(in: "Pid: x, comm: y Not tainted") == nil)
        }

        @Test func `the report names what stood still, who ran, and the console's last lines`() {
            let report = StallReport(
                stall: .stoodStill(at: .milliseconds(77_640), wall: .seconds(20)),
                spinner: .init(pid: 47, name: "python3", share: 0.9), console: ["oops"])
            #expect(
                report.description == """
                    virtual time stood still at 77.6 s for 20.0 s of wall time: python3 (process 47 of the lab) \
                    was running at 90 % of the looks
                    Last on its console:
                    oops
                    """)
        }
    }
}
