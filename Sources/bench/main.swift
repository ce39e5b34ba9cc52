// `make bench`: measures what the design promises, as ratios within one run where there is something to compare with.
// A second argument names one part: judging, drop, virtual.
import Glibc
import Kernel
import LabKernel

let words = Array(CommandLine.arguments.dropFirst())
do {
    if words.first == "guest" { try DropMeasure.inLab(Array(words.dropFirst())) }
    if words.first == "backoff" { exit(try BackoffMeasures.run() ? 0 : 1) }
    guard (1...2).contains(words.count) else {
        throw SystemError("measure without the path of the halfopen binary", code: EINVAL)
    }
    let halfopen = Subject(binary: try Files.resolve(words[0]))
    let keeper = try Keeper()
    let parts: [(name: String, run: () throws -> Void)] = [
        ("judging", { try JudgingMeasures.run(halfopen) }), ("drop", { try DropMeasure.run(halfopen, keeper) }),
        ("virtual", { try VirtualMeasures.run(halfopen) }),
    ]
    for part in parts where words.count == 1 || words[1] == part.name { try part.run() }
    if words.count == 1 { _ = try BackoffMeasures.run() }
} catch {
    Bench.row("failed", "\(error)")
    exit(70)
}
