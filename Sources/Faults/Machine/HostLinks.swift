import Kernel
import Labs
import Netlink
import Scenarios

/// What faults on a host's own machine need to know of its links.
enum HostLinks {
    static let parameter = Parameter("link", .text, "The link by its name; the host's first one when left out.")

    /// Why the plan's host is not on the link that it names.
    static func misfit(_ plan: FaultPlan, _ lab: LabPlan) -> String? {
        let links = lab.links.filter { $0.end(of: plan.host) != nil }.map(\.name)
        if links.isEmpty { return "host \"\(plan.host)\" has no link for \(plan.kind) to strike" }
        guard let name = plan.text("link"), !links.contains(name) else { return nil }
        return "host \"\(plan.host)\" is not on a link \"\(name)\"; it is on \(links.joined(separator: ", "))"
    }

    /// The link that the plan names, or the host's first.
    static func interface(_ plan: FaultPlan, in field: any FaultField) -> LabHost.Interface {
        let interfaces = field.lab.host(plan.host).interfaces
        return interfaces.first { $0.link == plan.text("link") } ?? interfaces[0]
    }

    /// The plan's own, which is four numbers with points.
    static func freshAddress(_ plan: FaultPlan) -> IPv4Address { IPv4Address(plan.freshAddress)! }

    /// The host's established TCP connections from this address, by their cookies.
    static func connections(of host: String, from address: String, in field: any FaultField) throws -> Set<UInt64> {
        let diagnosis = try SocketDiagnosis(namespace: field.namespace(of: host), host: host)
        let sockets = try diagnosis.sockets(in: [.established])
        return Set(
            sockets.filter { $0.local.address == address || $0.local.address == "::ffff:\(address)" }.map(\.cookie))
    }
}
