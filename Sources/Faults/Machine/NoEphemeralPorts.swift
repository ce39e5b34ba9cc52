import Kernel
import Labs
import Netlink
import Scenarios

/// A host from which nobody can go out any more.
package struct NoEphemeralPorts: Fault {
    package static let definition = FaultDefinition(
        name: "no-ephemeral-ports",
        summary: "A host has only so many local ports left for new connections, as after a storm of short ones.",
        wire: """
            Whoever connects gets one of the ports that are left. Once they are taken connect(2) fails at once with \
            EADDRNOTAVAIL, for every program of the host, and nothing is sent; a port comes back when its connection \
            has ended, which for the side that closed first takes the 60 s of TIME_WAIT. Connections that stand go \
            on. UDP sockets without a port of their own draw from the same range: name lookups fail too.

            A port can serve several connections when they go to different servers; so this bites one server's \
            clients.
            """,
        heals: "The range is as before. Connections keep the ports that they have.",
        hit: """
            One for each port that was left and was seen taken by a TCP connection, TIME_WAIT included, counted once \
            all of them are: only then has the fault struck anybody.
            """,
        mechanism: """
            The host's net.ipv4.ip_local_port_range is set to so many ports from 61000 on that no socket of the host \
            has.
            """,
        target: .host, extent: .interval,
        parameters: [
            Parameter("left", .count(1...4000), default: .count(1), "How many ports are left for new connections.")
        ],
        example: "- { at: 5m, until: 9m, fault: no-ephemeral-ports, on: phone, left: 1 }")

    private let host: String
    private let left: Int

    package init(plan: FaultPlan) {
        host = plan.host
        left = Int(plan.count("left") ?? 1)
    }

    private static let setting = "net.ipv4.ip_local_port_range"

    package func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault {
        let namespace = field.lab.host(host).namespace
        return try Self.attempt {
            let diagnosis = try SocketDiagnosis(namespace: namespace.raw, host: host)
            let used = Set(try diagnosis.sockets().map(\.local.port))
            let first = (61_000...(65_536 - left)).first { first in
                (first..<(first + left)).allSatisfy { !used.contains($0) }
            }
            guard let first else {
                throw FaultError(Self.definition.name, "\(host) has no \(left) free ports in a row from 61000 on")
            }
            let former = try namespace.read(Self.setting)
            let ports = first..<(first + left)
            try namespace.write(Self.setting, "\(first) \(first + left - 1)")
            return Active(namespace: namespace, diagnosis: diagnosis, former: former, ports: ports)
        }
    }

    private final class Active: ActiveFault {
        private let namespace: NetworkNamespace
        private let diagnosis: SocketDiagnosis
        private let former: String
        private let ports: Range<Int>
        private var count: Int64 = 0
        private var isHealed = false

        init(namespace: NetworkNamespace, diagnosis: SocketDiagnosis, former: String, ports: Range<Int>) {
            self.namespace = namespace
            self.diagnosis = diagnosis
            self.former = former
            self.ports = ports
        }

        func hits() throws(FaultError) -> Int64 {
            if isHealed || count > 0 { return count }
            let taken = Set(
                try NoEphemeralPorts.attempt { try diagnosis.sockets().map(\.local.port) }.filter(ports.contains))
            if taken.count == ports.count { count = Int64(taken.count) }
            return count
        }

        func heal() throws(FaultError) {
            if isHealed { return }
            _ = try? hits()
            isHealed = true
            try NoEphemeralPorts.attempt { try namespace.write(NoEphemeralPorts.setting, former) }
        }
    }
}
