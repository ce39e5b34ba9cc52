// `make bench`: measures what the design promises, as ratios within one run where there is something to compare with.
import Glibc
import Kernel
import LabKernel

let words = Array(CommandLine.arguments.dropFirst())
do {
    if words.first == "guest" { try DropMeasure.inLab(Array(words.dropFirst())) }
    if words.first == "backoff" { exit(try BackoffMeasures.run() ? 0 : 1) }
    guard words.count == 1 else { throw SystemError("measure without the path of the halfopen binary", code: EINVAL) }
    let halfopen = Subject(binary: try Files.resolve(words[0]))
    let keeper = try Keeper()
    try DropMeasure.run(halfopen, keeper)
    try VirtualMeasures.run(halfopen)
    _ = try BackoffMeasures.run()
} catch {
    Bench.row("failed", "\(error)")
    exit(70)
}
