import Netlink

/// A host of a lab: a network namespace with an interface for each of its links.
package final class LabHost {
    package struct Interface: Equatable, Sendable {
        /// The link's name.
        package var link: String
        /// `eth0`, `eth1`... in the order of the links.
        package var device: String
        package var index: Int32
        package var address: String
    }

    package let name: String
    package let namespace: NetworkNamespace
    /// In the order of the links.
    package internal(set) var interfaces: [Interface] = []

    /// The first is what the host's name resolves to; a host without links has only loopback.
    package var addresses: [String] { interfaces.map(\.address) }

    let routes: RouteSocket

    init(name: String, namespace: NetworkNamespace, routes: RouteSocket) {
        self.name = name
        self.namespace = namespace
        self.routes = routes
    }
}
