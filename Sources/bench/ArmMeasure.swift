import Faults
import Glibc
import Kernel
import LabKernel

/// Every fault of the way in the host lab: how long it takes to arm.
enum ArmMeasure {
    private static let rounds = 50

    static func run(_ keeper: Keeper) throws {
        Bench.title("arming in the host lab, all directions and links, median of \(rounds)")
        let options = GuestOptions(program: try Files.resolve("/proc/self/exe"), arguments: ["arm"])
        let guest = try HostLab.boot(options, keeper: keeper)
        while guest.awaitConsole() {}
        guest.waitForEnd()
        defer { guest.cleanUp() }
        let reports = guest.takeReports().filter { $0.hasPrefix("@arm ") }
        guard !reports.isEmpty else {
            throw SystemError("measure in the host lab: \(guest.consoleTail().joined(separator: " / "))", code: EIO)
        }
        for report in reports {
            let parts = report.dropFirst(5).split(separator: "\t").map(String.init)
            guard parts.count == 2 else { continue }
            if let time = Double(parts[1]) {
                // Whoever lists a router's mappings waits while the kernel looks through the whole machine's table.
                let isRouters = FaultCatalog.definitions.contains { $0.name == parts[0] && $0.target == .router }
                Bench.row(
                    parts[0], "\(Bench.text(time / 1000, digits: 0)) us", isRouters ? "" : "1000 us or less")
            } else {
                Bench.row(parts[0], parts[1])
            }
        }
    }

    static func inLab() throws {
        for (name, outcome) in try ArmBench(rounds: rounds).results {
            switch outcome {
            case .success(let times): GuestInit.tell("@arm \(name)\t\(DropBench.median(times))")
            case .failure(let error): GuestInit.tell("@arm \(name)\tunsupported here: \(error.reason)")
            }
        }
    }
}
