import CLinux
import Glibc
import Kernel

/// A run's folder on disk: filled under a temporary name, put in place when the run is over, so that a reader finds the
/// old run or the new one, whole.
struct RunFolder {
    /// Where the run writes.
    let temporary: String
    /// `REPORTS/SCENARIO/seed-N`.
    let final: String

    init(reports: String, scenario: String, seed: UInt64, lab: RunOptions.LabKind) {
        let suffix = lab == .host ? "-host" : ""
        final = "\(reports)/\(scenario)/seed-\(seed)\(suffix)"
        temporary = "\(reports)/\(scenario)/.seed-\(seed)\(suffix).\(getpid())"
    }

    func make() throws(SystemError) {
        try Files.makeFolder(temporary)
        try Files.makeFolder(temporary + "/logs")
    }

    /// Old and new change places in one step; then the old goes.
    func putInPlace() throws(SystemError) {
        if Files.exists(final) {
            try System.call("put a run in place at", final) { halfopen_exchange(temporary, final) }
            Files.remove(temporary)
        } else {
            try System.call("put a run in place at", final) { rename(temporary, final) }
        }
    }
}
