import Kernel
import Netlink
import Recordings

/// Watches a NAT router's memory: which TCP connections it maps, and how it forgets them.
package final class RouterProbe {
    package let router: String
    private let tracking: Conntrack
    private var established: Set<ConntrackFlow> = []

    package init(router: String, namespace: Int32) throws(SystemError) {
        self.router = router
        tracking = try Conntrack(namespace: namespace, host: router, events: true)
    }

    /// Readable when changes wait. New mappings carry no stamp of the kernel's, so they should be read at once.
    package var descriptor: Int32 { tracking.descriptor }

    /// Looks over the table, which makes the kernel drop (and report) what has expired, however long nobody asked.
    package func sweep() throws(SystemError) { _ = try tracking.entries() }

    /// Reads whatever has changed. Returns how many changes there were.
    @discardableResult
    package func drain(_ report: (Timestamp, Event.Body) -> Void) throws(SystemError) -> Int {
        let batch = try tracking.read()
        if batch.lost > 0 {
            let now = Timestamp(nanoseconds: Clock.now)
            report(now, .lost(LostEvents(probe: "mappings of \(router)", count: batch.lost)))
        }
        for event in batch.events where event.entry.isTCP {
            guard let change = change(of: event) else { continue }
            let (original, reply) = (event.entry.original, event.entry.reply)
            report(
                Timestamp(nanoseconds: event.time),
                .mapping(
                    MappingChange(
                        router: router, change, from: Endpoint(original.source), to: Endpoint(original.destination),
                        translated: Endpoint(reply.destination))))
        }
        return batch.events.count
    }

    private func change(of event: ConntrackEvent) -> MappingChange.Change? {
        switch event.change {
        case .new: return .new
        case .updated:
            let isNews = event.entry.isEstablished && established.insert(event.entry.original).inserted
            return isNews ? .established : nil
        case .destroyed(let reason):
            established.remove(event.entry.original)
            switch reason {
            case .expired: return .expired
            case .forgotten: return .forgotten
            case .closed: return .closed
            }
        }
    }
}

extension Endpoint {
    package init(_ address: TransportAddress) { self.init(address: address.address, port: address.port) }
}
