import Glibc
import Kernel
import Labs
import Netlink
import Scenarios

/// The router forgets whoever is silent for too long.
package struct NATIdleTimeout: Fault {
    package static let definition = FaultDefinition(
        name: "nat-idle-timeout",
        summary: "A NAT router forgets TCP connections that were idle for so long.",
        wire: """
            Nothing is sent to anybody when a mapping expires. The next packet of that connection, from either side, \
            belongs to no mapping: with on-expiry drop it vanishes, with reset it is answered by RST. Both ends still \
            hold the connection for established: half-open. RFC 5382 asks for at least 2 h 4 min; home routers and \
            carriers are known to take from 30 s to an hour.

            Mappings that stand when it strikes are clipped: each has at most the new timeout left. Any packet, in \
            either direction, starts the time anew: a heartbeat more often than that keeps a connection alive.
            """,
        heals: """
            The router has its former timeout and on-expiry again, and mappings that still stand get the difference \
            back. What has expired stays forgotten.
            """,
        hit: """
            One for each mapping of an established TCP connection that expired while the fault held, reported by the \
            kernel. It strikes the client at the first one, not when it is applied.
            """,
        mechanism: """
            The router's nf_conntrack_tcp_timeout settings, and ctnetlink for the entries that stand. Expiry is told \
            by the kernel's DESTROY events, whose stamp is the moment at which the time was over, to the kernel's \
            tick of 10 ms. Timeouts are whole seconds.
            """,
        target: .router, extent: .interval, strike: .firstHit,
        parameters: [
            Parameter(
                "timeout", .duration(.seconds(1) ... .seconds(432_000)), required: true,
                "After this long without a packet a mapping is forgotten; rounded up to whole seconds."),
            Parameter(
                "on-expiry", .choice(NATPlan.OnExpiry.allCases.map(\.rawValue)),
                "What becomes of a packet of a forgotten connection; the router's own when left out."),
        ],
        example: "- { at: 5m, until: 30m, fault: nat-idle-timeout, on: home, timeout: 30s, on-expiry: drop }")

    private let router: String
    private let timeout: Duration
    private let onExpiry: NATPlan.OnExpiry?

    package init(plan: FaultPlan) {
        router = plan.router
        timeout = plan.duration("timeout") ?? .seconds(1)
        onExpiry = plan.text("on-expiry").flatMap(NATPlan.OnExpiry.init)
    }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let router = field.router(router)
        let tracking = try Self.attempt {
            try Conntrack(namespace: router.namespace.raw, host: router.name, events: true)
        }
        let active = Active(router: router, tracking: tracking)
        do throws(FaultError) {
            try Self.attempt {
                // The listing ends what had expired before, unnoticed: that is no hit.
                let standing = try tracking.entries()
                _ = try tracking.read()
                if let onExpiry { try router.setOnExpiry(onExpiry) }
                try router.setIdleTimeout(timeout)
                for entry in standing where entry.isEstablished && entry.timeout >= timeout {
                    _ = try tracking.setTimeout(of: entry, to: timeout)
                }
            }
        } catch {
            try? active.heal()
            throw error
        }
        return active
    }

    private final class Active: ActiveFault {
        private let router: NATRouter
        private let tracking: Conntrack
        private let former: (timeout: Duration, onExpiry: NATPlan.OnExpiry)
        private var count: Int64 = 0
        private(set) var firstHit: Int64?
        private var isHealed = false

        init(router: NATRouter, tracking: Conntrack) {
            self.router = router
            self.tracking = tracking
            former = (router.idleTimeout, router.onExpiry)
        }

        func hits() throws(FaultError) -> Int64 {
            if !isHealed { _ = try NATIdleTimeout.attempt { try look() } }
            return count
        }

        /// The listing makes the kernel report what has expired; see `Conntrack.read`.
        private func look() throws(SystemError) -> [ConntrackEntry] {
            let standing = try tracking.entries()
            for event in try tracking.read().events
            where event.change == .destroyed(.expired) && event.entry.isEstablished {
                count += 1
                firstHit = min(firstHit ?? event.time, event.time)
            }
            return standing
        }

        func heal() throws(FaultError) {
            if isHealed { return }
            isHealed = true
            try NATIdleTimeout.attempt {
                let standing = try look()
                let gained = former.timeout - router.idleTimeout
                try router.setOnExpiry(former.onExpiry)
                try router.setIdleTimeout(former.timeout)
                for entry in standing where entry.isEstablished {
                    _ = try tracking.setTimeout(of: entry, to: max(.zero, entry.timeout + gained))
                }
            }
        }
    }
}
