import Glibc
import Kernel
import LabKernel
import Labs
import Recordings
import Running
import Scenarios

/// Blackhole in the host lab: from due time to the kernel's acknowledgement, against starting `nft` or `tc`.
enum DropMeasure {
    private static let rounds = 100

    static func run(_ halfopen: Subject, _ keeper: Keeper) throws {
        Bench.title("blackhole in the host lab, median")
        let due = try lateness(halfopen)
        let options = GuestOptions(program: try Files.resolve("/proc/self/exe"), arguments: ["drop"])
        let guest = try HostLab.boot(options, keeper: keeper)
        while guest.awaitConsole() {}
        guest.waitForEnd()
        defer { guest.cleanUp() }
        let figures = guest.takeReports().compactMap { line -> [Double]? in
            let words = line.split(separator: " ")
            return words.first == "@drop" ? words.dropFirst().compactMap { Double($0) } : nil
        }
        guard let medians = figures.first, medians.count == 3 else {
            throw SystemError("measure in the host lab: \(guest.consoleTail().joined(separator: " / "))", code: EIO)
        }
        Bench.row("from due time to acknowledgement", "\(Bench.text(due / 1000, digits: 1)) us", "200 us or less")
        Bench.row("the change alone", "\(Bench.text(medians[0] / 1000, digits: 1)) us")
        for (index, program) in ["nft", "tc"].enumerated() {
            let time = medians[index + 1]
            let ratio = Bench.text(time / due, digits: 1)
            Bench.row(
                "starting \(program) for the same change",
                "\(Bench.text(time / 1000, digits: 1)) us, \(ratio) times as long",
                "10 times or more")
        }
    }

    /// The engine's own figures: a real run with many blackholes, too short to hit a packet each.
    private static func lateness(_ halfopen: Subject) throws -> Double {
        return try halfopen.run(scenario, options: ["--lab", "host"], mayBeVoid: true) { outcome in
            let bytes = try Files.read("\(outcome.reports)/bench/seed-1-host/recording.jsonl")
            let late = try RecordingDecoder.decode(bytes).events.compactMap { event -> Double? in
                guard case .fault(let fault) = event.body, case .applied(let late) = fault.change else { return nil }
                return Double(late)
            }
            guard late.count == rounds else { throw SystemError("strike \(rounds) times", code: EIO) }
            return Bench.median(late)
        }
    }

    private static var scenario: String {
        let faults = (0..<rounds).map { round in
            "  - { at: \(100 + round * 50)ms, until: \(120 + round * 50)ms, fault: blackhole, "
                + "between: [left, right] }\n"
        }
        return """
            format: 1
            name: bench
            summary: Many blackholes.
            lab: { hosts: { left: {}, right: {} }, links: [{ between: [left, right] }] }
            actors:
              feed: { role: server, on: right, run: [halfopen, feed, server, --port, "7000"], ready: { port: 7000 } }
              client: { role: client, on: left, run: [halfopen, feed, client, --to, feed, --port, "7000"] }
            timeline:
            \(faults.joined())  - { end: \(200 + rounds * 50)ms }
            expect:
              - { connects: client, within: 10s }
            """
    }

    /// The first process of the host lab.
    static func inLab(_ arguments: [String]) throws -> Never {
        let orders = try GuestInit.start(arguments)
        do {
            let source = SourceFile(path: "bench.yaml", text: scenario)
            let loaded = try ScenarioLoader.standard.load(sources: [source], name: "bench")
            let lab = try Lab(loaded.scenario.lab, seed: 1)
            let bench = try DropBench(on: lab.link("left-right"), rounds: rounds)
            let medians = [bench.ours, bench.nft, bench.tc].map { String(DropBench.median($0)) }
            GuestInit.tell("@drop \(medians.joined(separator: " "))")
        } catch {
            GuestInit.tell("\(error)")
        }
        GuestInit.end(orders)
    }
}
