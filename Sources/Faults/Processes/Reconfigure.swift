import Glibc
import Kernel
import Scenarios

/// Somebody changes a server's settings under its clients.
package struct Reconfigure: Fault {
    package static let definition = FaultDefinition(
        name: "reconfigure",
        summary: "A file that an actor reads is replaced by another, and the actor gets a signal to read it again.",
        wire: """
            Whatever the program does with the other file: with another password file a broker refuses its clients by \
            its own protocol, with another configuration it may drop them, limit them or listen elsewhere. A real \
            server's refusal, word for word.
            """,
        heals: "The former file is back, the very same, and the program gets the signal again.",
        hit: """
            One for each line with the text of `says` in the actor's log since it struck: the program's own word that \
            it acted. (Lines of the driver protocol are not part of the log.)
            """,
        mechanism: """
            The other file is mounted over the first (a bind mount, which the lab alone sees), so that a file which \
            nobody may write can be replaced too; kill(2) to the first process of each instance.
            """,
        target: .actor, extent: .interval,
        parameters: [
            Parameter(
                "file", .text, required: true,
                "The file: absolute, or relative to the actor's work folder or to the folder that it starts in."),
            Parameter(
                "with", .text, required: true, "What takes its place, relative to the folder that it starts in."),
            Parameter(
                "signal", .choice(Signal.allCases.map(\.rawValue)), default: .text("HUP"),
                "The signal by which the actor reads it again."),
            Parameter("says", .text, required: true, "A text that the actor logs each time that the change bites."),
        ],
        example: """
            - { at: 5m, until: 9m, fault: reconfigure, of: broker, file: /etc/passwd, with: /dev/null, signal: CONT, \
            says: denied }
            """)

    private let actor: String
    private let file: String
    private let other: String
    private let signal: Signal
    private let text: [UInt8]

    package init(plan: FaultPlan) {
        actor = plan.actor
        file = plan.text("file") ?? ""
        other = plan.text("with") ?? ""
        signal = plan.text("signal").flatMap(Signal.init) ?? .HUP
        text = Array((plan.text("says") ?? "").utf8)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(self, field: field)
        do throws(FaultError) {
            for place in field.actors.places(of: actor) { try active.replace(in: place) }
        } catch {
            try? active.heal()
            throw error
        }
        _ = signal.send(to: actor, in: field)
        return active
    }

    private final class Active: ActiveFault {
        private let plan: Reconfigure
        private let field: any FaultField
        /// Mounted over, by us.
        private var replaced: [String] = []
        /// Of each log, where it ended when we struck, and how often it has said it since then.
        private var logs: [(path: String, offset: Int, count: Int64)] = []
        private var isHealed = false

        init(_ plan: Reconfigure, field: any FaultField) {
            self.plan = plan
            self.field = field
        }

        func replace(in place: ActorPlaces) throws(FaultError) {
            logs.append((place.log, Int(Files.size(place.log)), 0))
            let source = Self.absolute(plan.other, in: place.folder)
            let inWork = Self.absolute(plan.file, in: place.work)
            let target = Files.exists(inWork) ? inWork : Self.absolute(plan.file, in: place.folder)
            // Instances may share it.
            if replaced.contains(target) { return }
            try Reconfigure.attempt {
                // Two mounts on one file would have to be undone in the order of a stack.
                if Self.isMounted(target) {
                    throw FaultError(Reconfigure.definition.name, "\(target) is replaced by another fault already")
                }
                try System.call("put \(source) in the place of", target) {
                    mount(source, target, nil, UInt(MS_BIND), nil)
                }
            }
            replaced.append(target)
        }

        private static func absolute(_ path: String, in folder: String) -> String {
            path.hasPrefix("/") ? path : "\(folder)/\(path)"
        }

        private static func isMounted(_ path: String) -> Bool {
            let table = Files.text("/proc/self/mountinfo") ?? ""
            return table.split(separator: "\n").contains { line in
                let fields = line.split(separator: " ")
                return fields.count > 4 && fields[4] == path
            }
        }

        func hits() throws(FaultError) -> Int64 {
            if !isHealed { try Reconfigure.attempt { try look() } }
            return logs.reduce(0) { $0 + $1.count }
        }

        /// Whole lines only: the rest of the last one is read when it is there.
        private func look() throws(SystemError) {
            // The actors' output is in the logs by then.
            _ = field.actors.places(of: plan.actor)
            for index in logs.indices where Files.size(logs[index].path) > logs[index].offset {
                let bytes = try Files.read(logs[index].path).dropFirst(logs[index].offset)
                guard let end = bytes.lastIndex(of: 0x0A) else { continue }
                let lines = bytes[...end].split(separator: 0x0A)
                logs[index].count += Int64(lines.count { $0.firstRange(of: plan.text) != nil })
                logs[index].offset = end + 1
            }
        }

        func heal() throws(FaultError) {
            if isHealed { return }
            _ = try? hits()
            isHealed = true
            for path in replaced.reversed() {
                try Reconfigure.attempt {
                    // The program may have it open.
                    _ = try System.call("put back", path) { umount2(path, Int32(MNT_DETACH)) }
                }
            }
            replaced = []
            _ = plan.signal.send(to: plan.actor, in: field)
        }
    }
}
