import CLinux
import Glibc
import Kernel
import Scenarios

/// A process that has run out of descriptors.
package struct DescriptorLimit: Fault {
    package static let definition = FaultDefinition(
        name: "descriptor-limit",
        summary: "The running processes of an actor may open no more descriptors: socket, accept and open fail.",
        wire: """
            socket(2), accept(2), open(2) and pipe(2) fail with EMFILE; what is open stays open and works. A server's \
            listener goes on completing handshakes in its kernel that the program cannot accept, and a careless one \
            spins on it. A client that lost its connection cannot make another.

            The limit is of numbers, not of how many: no descriptor can get the number `limit` or a higher one. What \
            was open below it and is closed can be opened again: with a limit of 3 nothing but the standard \
            descriptors remains, and a client that closes its socket does not get it back. (poll(2) refuses to watch \
            more descriptors than the limit.)
            """,
        heals: """
            The limits are as before, soft and hard, of children born meanwhile too. Processes that were started anew \
            never had it.
            """,
        hit: """
            One for each process that was seen at its limit: every number below it in use, as /proc lists them, so \
            that the next socket or accept fails.
            """,
        mechanism: "prlimit(2) with RLIMIT_NOFILE, the soft limit only, for every process of every instance.",
        target: .actor, extent: .interval,
        parameters: [
            Parameter(
                "limit", .count(1...1_000_000),
                "The number that no new descriptor can reach; each process's lowest free one when left out.")
        ],
        example: "- { at: 5m, until: 9m, fault: descriptor-limit, of: subscriber, limit: 3 }")

    private let actor: String
    private let limit: UInt64?

    package init(plan: FaultPlan) {
        actor = plan.actor
        limit = plan.count("limit").map { UInt64($0) }
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let active = Active(actor: actor, field: field)
        do throws(FaultError) {
            try Self.attempt { for process in field.actors.processes(of: actor) { try active.strike(process, limit) } }
            _ = active.hits()
        } catch {
            try? active.heal()
            throw error
        }
        return active
    }

    private final class Active: ActiveFault {
        private struct Struck {
            var process: Int32
            /// When it was started: another process may have its number later.
            var birth: Substring?
            var limit: UInt64
            /// Soft and hard.
            var former: [UInt64]
            var isAtLimit = false
        }
        private let actor: String
        private let field: any FaultField
        private var struck: [Struck] = []
        private var isHealed = false

        init(actor: String, field: any FaultField) {
            self.actor = actor
            self.field = field
        }

        func strike(_ process: Int32, _ limit: UInt64?) throws(SystemError) {
            var former: [UInt64] = [0, 0]
            guard halfopen_descriptor_limit(process, nil, &former) == 0 else { return }
            let limit = min(limit ?? Self.lowestFree(of: process), former[0])
            struck.append(Struck(process: process, birth: Self.birth(of: process), limit: limit, former: former))
            try set(process, [limit, former[1]])
        }

        /// One that has ended meanwhile has no limit.
        private func set(_ process: Int32, _ limits: [UInt64]) throws(SystemError) {
            do throws(SystemError) {
                _ = try System.call("limit the descriptors of the process", "\(process)") {
                    halfopen_descriptor_limit(process, limits, nil)
                }
            } catch {
                if error.code != ESRCH { throw error }
            }
        }

        private static func lowestFree(of process: Int32) -> UInt64 {
            let used = Set(((try? Files.list("/proc/\(process)/fd")) ?? []).compactMap { UInt64($0) })
            return (0...).first { !used.contains($0) }!
        }

        /// Field 22 of proc_pid_stat(5).
        private static func birth(of process: Int32) -> Substring? {
            guard let text = Files.text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
            let fields = text[text.index(after: end)...].split(separator: " ")
            return fields.count > 19 ? fields[19] : nil
        }

        func hits() -> Int64 {
            if !isHealed {
                for index in struck.indices where !struck[index].isAtLimit {
                    let (process, limit) = (struck[index].process, struck[index].limit)
                    let isAlive = struck[index].birth != nil && Self.birth(of: process) == struck[index].birth
                    struck[index].isAtLimit = isAlive && Self.lowestFree(of: process) >= limit
                }
            }
            return Int64(struck.count { $0.isAtLimit })
        }

        func heal() throws(FaultError) {
            if isHealed { return }
            _ = hits()
            isHealed = true
            try DescriptorLimit.attempt {
                for one in struck where Self.birth(of: one.process) == one.birth { try set(one.process, one.former) }
                try healChildren()
            }
        }

        /// They were born with their parent's limit.
        private func healChildren() throws(SystemError) {
            for process in field.actors.processes(of: actor) where !struck.contains(where: { $0.process == process }) {
                var current: [UInt64] = [0, 0]
                guard halfopen_descriptor_limit(process, nil, &current) == 0 else { continue }
                let parent = struck.first { current == [$0.limit, $0.former[1]] }
                if let parent { try set(process, parent.former) }
            }
        }
    }
}
