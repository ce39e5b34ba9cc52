import Glibc
import JSONLines
import Kernel
import LabKernel
import Labs
import Scenarios

/// The first process of a lab, virtual or on the host: the same code in both.
package enum GuestHalf {
    /// The first argument of the orders that ask for a run.
    package static let playWord = "play"
    /// The one that asks what this kernel has.
    package static let examineWord = "examine"

    /// - Parameter arguments: the kind of lab and its private folder.
    package static func main(_ arguments: [String]) -> Never {
        do {
            let orders = try GuestInit.start(arguments)
            switch orders.arguments.first {
            case ExecGuest.word: ExecGuest.run(orders)
            case playWord:
                do {
                    try play()
                } catch let error as SystemError where [ENOSPC, EDQUOT, EFBIG].contains(error.code) {
                    GuestInit.tell("@no-room \(String(cString: strerror(error.code)))")
                } catch {
                    GuestInit.tell("@failed \(error)")
                }
            case examineWord: examine()
            default: GuestInit.tell("@failed unknown orders: \(orders.arguments)")
            }
            GuestInit.end(orders)
        } catch {
            GuestInit.tell("@failed \(error)")
            exit(70)
        }
    }

    /// 100 ms: far more than what comes before a run takes.
    private static let startStep: Int64 = 100_000_000

    /// Says what this kernel has of what labs may need.
    private static func examine() {
        for capability in Capability.allCases {
            let isPresent = (try? capability.isPresent()) ?? false
            GuestInit.tell("@capability \(isPresent ? "yes" : "no") \(capability.rawValue)")
        }
    }

    private static func play() throws {
        let folder = GuestInit.runFolder
        let text = try Files.read("\(folder)/\(RunRequest.fileName)")
        guard let request = RunRequest(try JSON(parsing: text)) else {
            throw SystemError("understand", RunRequest.fileName, code: EINVAL)
        }
        let loaded = try ScenarioLoader.standard.load(sources: request.sources, name: request.scenario)
        let loop = try EventLoop()
        if request.lab == RunOptions.LabKind.host.rawValue { loop.wakesEarlierBy = 250_000 }
        // What came before (mounts, reading the scenario) read the clock more or less often, and in virtual time every
        // reading counts: the run begins at a round moment.
        if request.lab == LabKind.virtual.rawValue {
            _ = try loop.run(until: (Clock.now / startStep + 1) * startStep) { false }
        }
        // Not below /tmp: of a scenario that stands directly in the host's /tmp the lab sees all of that, read-only.
        let engine = try Engine(
            loaded: loaded, request: request, folders: RunFolders(run: folder, work: "/run/actors"), loop: loop,
            reaper: try Reaper(loop: loop), kernel: kernelRelease, say: GuestInit.tell)
        try engine.play()
    }

    private static var kernelRelease: String {
        (Files.text("/proc/sys/kernel/osrelease") ?? "unknown").filter { $0 != "\n" }
    }
}
