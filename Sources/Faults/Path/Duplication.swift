import Glibc
import Labs
import Netlink
import Scenarios

/// Some packets arrive twice.
package struct Duplication: Fault {
    package static let definition = FaultDefinition(
        name: "duplication",
        summary: "A link delivers some packets twice, in one direction or both.",
        wire: """
            With this probability a packet is followed by a copy of itself, which takes the link's delay, jitter and \
            loss for itself. TCP drops the copy and answers it with a duplicate acknowledgement; datagrams arrive \
            twice. On a link that also loses packets, one that is to be lost and doubled arrives once.

            correlation is the kernel's: each random number is so much of the one before, which makes runs, and, \
            below 50 %, far fewer copies than stated (see loss).
            """,
        heals: "Packets cross the link once again; copies under way still arrive.",
        hit: "One for each copy that was made, whatever became of it.",
        mechanism: """
            netem's duplicate in the wire. The kernel does not count copies: they are the packets that netem had to \
            do with, less those that were handed to it, which an nftables counter at the device's egress hook counts. \
            In the host lab, where packets pass while counters are read, that may be out by one or two.
            """,
        target: .link, extent: .interval, labs: .hostNeeds("sch_netem"),
        parameters: [
            Parameter(
                "share", .fraction(0...1), required: true, "Probability with which each packet is doubled."),
            Parameter(
                "correlation", .fraction(0...1), default: .fraction(0),
                "How much of each random number is the one before."),
        ],
        example: "- { at: 5m, until: 8m, fault: duplication, between: [phone, home], share: 10%, correlation: 0% }")

    private let target: (name: String, from: String?)
    private let id: String
    private let share: Double
    private let correlation: Double

    package init(plan: FaultPlan) {
        target = plan.link
        id = "fault\(plan.index)"
        share = plan.fraction("share") ?? 0
        correlation = plan.fraction("correlation") ?? 0
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let wire = field.link(target.name)
        let (share, correlation) = (share, correlation)
        let counters = try EgressCounters(Self.self, id: id, on: wire, from: target.from)
        do throws(FaultError) {
            let overlay = try LinkOverlay(Self.self, id: id, on: wire, from: target.from) {
                $0.duplication = share
                $0.duplicationCorrelation = correlation
            } count: {
                $0.entered
            }
            return try Active(overlay, counters)
        } catch {
            try? counters.remove()
            throw error
        }
    }

    /// What enters the queues of the directions that are struck.
    private final class EgressCounters {
        private let kind: any Fault.Type
        private var counters: [EgressCounter] = []

        init(_ kind: any Fault.Type, id: String, on wire: Wire, from: String?) throws(FaultError) {
            self.kind = kind
            do throws(FaultError) {
                for (side, _) in wire.sides(from: from) {
                    let egress = side == wire.first ? wire.second : wire.first
                    let missing = (
                        what: "nftables' egress hook (CONFIG_NETFILTER_EGRESS)", codes: [EOPNOTSUPP, ENOENT]
                    )
                    counters.append(
                        try kind.attempt(missing: missing) {
                            try EgressCounter("halfopen-\(id)-\(egress.device)", on: egress.device, in: wire.namespace)
                        })
                }
            } catch {
                try? remove()
                throw error
            }
        }

        func count() throws(FaultError) -> Int64 {
            var total: Int64 = 0
            for counter in counters { total += try kind.attempt { try counter.count() } }
            return total
        }

        func remove() throws(FaultError) {
            while let counter = counters.popLast() { try kind.attempt { try counter.remove() } }
        }
    }

    private final class Active: ActiveFault {
        private let overlay: LinkOverlay
        private let counters: EgressCounters
        /// What had entered when the overlay was laid.
        private let before: Int64
        private var most: Int64 = 0
        private var isHealed = false

        init(_ overlay: LinkOverlay, _ counters: EgressCounters) throws(FaultError) {
            self.overlay = overlay
            self.counters = counters
            before = try counters.count()
        }

        func hits() throws(FaultError) -> Int64 {
            if isHealed { return most }
            // Whatever passes between two looks is counted by the later one only: at worst too few copies.
            let passed = try overlay.hits()
            most = max(most, passed - (try counters.count() - before))
            return most
        }

        func heal() throws(FaultError) {
            if isHealed { return }
            _ = try hits()
            isHealed = true
            try overlay.heal()
            try counters.remove()
        }
    }
}
