import CLinux
import CNetlink
import Glibc
import Kernel

/// The connection tracking of one namespace, over ctnetlink: what a NAT router remembers, and its changes.
///
/// Two sockets: one asks and is answered, the other (when events are wanted) only listens.
package final class Conntrack {
    private let requests: Descriptor
    private let events: Descriptor?
    /// Readable when events wait; -1 when this one does not listen.
    package let descriptor: Int32
    /// Named in errors.
    private let host: String

    /// Room for some 40,000 events between two reads: a storm of reconnecting clients fits.
    package static let eventBuffer: Int32 = 32 << 20

    /// Makes the kernel stamp entries (exact ends, however late they are read) and report on all of them. It holds for
    /// connections that begin later, so a router is prepared when it is built.
    package static func prepare(namespace: Int32, host: String) throws(SystemError) {
        for name in ["nf_conntrack_timestamp", "nf_conntrack_events"] {
            try System.call("set \(name) of", host) {
                halfopen_write_in(namespace, "/proc/sys/net/netfilter/\(name)", "1")
            }
        }
    }

    /// - Parameters:
    ///   - namespace: Descriptor of the network namespace; not kept.
    ///   - host: Its name, for errors.
    ///   - events: Whether to listen to changes from now on.
    ///   - buffer: Bytes of events that may wait; the kernel discards what comes beyond them.
    package init(
        namespace: Int32, host: String, events: Bool = false, buffer: Int32 = Conntrack.eventBuffer
    ) throws(SystemError) {
        self.host = host
        requests = Descriptor(
            owning: try System.call("reach the connection tracking of", host) {
                halfopen_conntrack_open(namespace, false, 0)
            })
        guard events else {
            self.events = nil
            descriptor = -1
            return
        }
        let listener = try System.call("listen to the connection tracking of", host) {
            halfopen_conntrack_open(namespace, true, buffer)
        }
        self.events = Descriptor(owning: listener)
        descriptor = listener
    }

    /// Every event that waits, in the kernel's order. Does not wait.
    ///
    /// An entry whose time is over is removed when a packet looks for it or when the kernel's collector comes by, up to
    /// a minute later; `entries()` removes them at once. The event's stamp is the true one all the same.
    package func read() throws(SystemError) -> ConntrackBatch {
        precondition(descriptor >= 0, "this Conntrack was not asked to listen")
        let clocks = (now: Clock.now, offset: Clock.realtimeOffset)
        var list = halfopen_conntrack_list()
        defer { free(list.items) }
        var batch = ConntrackBatch()
        while true {
            do throws(SystemError) {
                try System.call("read the connection tracking of", host) { halfopen_conntrack_read(descriptor, &list) }
                break
            } catch {
                if error.code != ENOBUFS { throw error }
                batch.lost += 1
            }
        }
        batch.events = (0..<list.count).map { ConntrackEvent(list.items[$0], now: clocks.now, offset: clocks.offset) }
        return batch
    }

    /// The whole table, oldest first as far as the kernel stamped them. Removes what has expired (see `read`).
    package func entries() throws(SystemError) -> [ConntrackEntry] {
        var list = halfopen_conntrack_list()
        defer { free(list.items) }
        let requests = requests.raw
        try System.call("list the connections tracked by", host) { halfopen_conntrack_dump(requests, &list) }
        // The kernel's order is that of a hash: not one to act in.
        return (0..<list.count).map { ConntrackEntry(list.items[$0]) }.sorted { $0.order < $1.order }
    }

    /// False when the entry had gone already.
    package func delete(_ entry: ConntrackEntry) throws(SystemError) -> Bool {
        let requests = requests.raw
        return try change("forget a connection tracked by") {
            withUnsafePointer(to: entry.raw) { halfopen_conntrack_delete(requests, $0) }
        }
    }

    /// The entry expires so long from now (whole seconds, rounded up), unless a packet comes first. False when it had
    /// gone already.
    package func setTimeout(of entry: ConntrackEntry, to timeout: Duration) throws(SystemError) -> Bool {
        let requests = requests.raw
        return try change("set the timeout of a connection tracked by") {
            withUnsafePointer(to: entry.raw) {
                halfopen_conntrack_set_timeout(requests, $0, timeout.wholeSecondsUp)
            }
        }
    }

    /// The entry's packets appear outside from another address and port from now on; answers find their way back. False
    /// when that address and port are taken.
    package func rebind(
        _ entry: ConntrackEntry, to address: IPv4Address, port: UInt16
    ) throws(SystemError) -> Bool {
        let requests = requests.raw
        do throws(SystemError) {
            try System.call("rebind a connection tracked by", host) {
                withUnsafePointer(to: entry.raw) {
                    halfopen_conntrack_rebind(requests, $0, address.networkOrder, port)
                }
            }
            return true
        } catch {
            if error.code == EEXIST { return false }
            throw error
        }
    }

    /// Deletes every entry.
    package func flush() throws(SystemError) {
        let requests = requests.raw
        try System.call("flush the connection tracking of", host) { halfopen_conntrack_flush(requests) }
    }

    private func change(_ attempt: String, _ body: () -> Int32) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try System.call(attempt, host, body)
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
    }
}

extension Duration {
    /// Never less than asked for; at most what the kernel's 32-bit seconds hold.
    fileprivate var wholeSecondsUp: UInt32 {
        let seconds = components.attoseconds > 0 ? components.seconds + 1 : components.seconds
        return UInt32(clamping: seconds)
    }
}
