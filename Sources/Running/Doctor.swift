import Kernel
import LabKernel
import Labs

/// What this machine can do, one line each.
package enum Doctor {
    package struct Check: Sendable {
        package var name: String
        package var isFine: Bool
        /// What was found, or what to do.
        package var text: String
        /// Without it no scenario can be played at all.
        package var isNeeded: Bool
    }

    package static func examine() throws(SystemError) -> [Check] {
        let keeper = try Keeper()
        return [labKernel, memory(keeper)] + hostLab(keeper) + programs
    }

    private static var labKernel: Check {
        let (text, isUsable) = KernelCommand.statusText()
        let first = text.split(separator: "\n").first.map(String.init) ?? ""
        return Check(
            name: "lab kernel", isFine: isUsable, text: isUsable ? first : "\(first); run: halfopen kernel build",
            isNeeded: true)
    }

    private static func memory(_ keeper: Keeper) -> Check {
        do {
            let folder = try PrivateFolder(memory: GuestOptions.defaultMemory, keeper: keeper)
            defer { folder.remove() }
            let place = Files.parent(of: folder.path)
            return Check(name: "guest memory", isFine: true, text: "\(place) has room and may execute", isNeeded: true)
        } catch {
            return Check(name: "guest memory", isFine: false, text: "\(error)", isNeeded: true)
        }
    }

    /// Asks a host lab itself: what a user may do shows only in namespaces of that user.
    private static func hostLab(_ keeper: Keeper) -> [Check] {
        do {
            var options = GuestOptions(program: try Files.resolve("/proc/self/exe"), arguments: [GuestHalf.examineWord])
            options.processor = nil
            let guest = try HostLab.boot(options, keeper: keeper)
            while guest.awaitConsole() {}
            guest.waitForEnd()
            defer { guest.cleanUp() }
            return guest.takeReports().compactMap { line in
                let words = line.split(separator: " ", maxSplits: 2).map(String.init)
                guard words.count == 3, words[0] == "@capability" else { return nil }
                let isFine = words[1] == "yes"
                let text = words[2] + (isFine ? "" : ": not in this kernel; the virtual lab has it")
                return Check(name: "host lab", isFine: isFine, text: text, isNeeded: false)
            }
        } catch {
            return [Check(name: "host lab", isFine: false, text: "\(error)", isNeeded: false)]
        }
    }

    /// Servers and interpreters of the shipped scenarios.
    private static var programs: [Check] {
        [
            ("mosquitto", "mosquitto"), ("redis-server", "redis-server"), ("python3", "python3"),
        ].map { program, package in
            let path = try? ChildProcess.locate(program, folder: nil)
            return Check(
                name: program, isFine: path != nil,
                text: path ?? "not found; the shipped scenarios that use it need: apt install \(package)",
                isNeeded: false)
        }
    }
}
