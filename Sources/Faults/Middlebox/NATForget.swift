import Glibc
import Kernel
import Netlink
import Scenarios

/// The router loses its memory, as when it restarts or its table overflows.
package struct NATForget: Fault {
    package static let definition = FaultDefinition(
        name: "nat-forget",
        summary: "A NAT router forgets every mapping at once, as after a restart.",
        wire: """
            Nothing is sent to anybody. From then on a packet of an old connection, from either side, belongs to no \
            mapping: the router treats it as its on-expiry setting says (drop: in silence; reset: answered by RST). \
            Both ends still hold the connection for established: half-open. New connections get a new mapping and work.
            """,
        heals: "Nothing to heal: what is forgotten stays forgotten.",
        hit: "One for each mapping of an established TCP connection that was deleted.",
        mechanism: """
            The router's connection tracking table is listed over ctnetlink and every entry deleted by its own id, so \
            that each deletion is acknowledged and counted.
            """,
        target: .router, extent: .moment,
        example: "- { at: 20m, fault: nat-forget, on: home }")

    private let router: String

    package init(plan: FaultPlan) { router = plan.router }

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let missing = (what: "connection tracking over netlink (CONFIG_NF_CT_NETLINK)", codes: [EPROTONOSUPPORT])
        return PastFault(
            hits: try Self.attempt(missing: missing) {
                let table = try Conntrack(namespace: field.namespace(of: router), host: router)
                var count = 0
                for entry in try table.entries() {
                    let wasThere = try table.delete(entry)
                    if wasThere && entry.isEstablished { count += 1 }
                }
                return count
            })
    }
}
