import Glibc
import Kernel
import Labs
import Netlink

/// Somebody else who answers at an actor's ports: a listener in each wire of its host, to which attempts are led.
/// Nobody stands between client and server: the client speaks with the impostor, and the server never hears of it.
final class Impostor: ActiveFault {
    /// What it says to somebody new at once; and to the first that it hears, nil to go on listening.
    struct Manners {
        var greeting: [UInt8] = []
        var answer: ([UInt8]) -> [UInt8]?
        /// Whether it hangs up when it has answered.
        var hangsUp: Bool
    }

    /// What a kernel may lack.
    static let translation = "nf_nat with nf_conntrack and redirect"

    private let kind: any Fault.Type
    private let field: any FaultField
    private let manners: Manners
    private var listeners: [Listener] = []
    private var redirect: FilterFault?
    private var count: Int64 = 0
    private(set) var firstHit: Int64?

    private final class Listener {
        let descriptor: Descriptor
        let port: Int
        var watch: EventLoop.Token?
        var peers: [Int32: EventLoop.Token] = [:]
        /// Of these, who has been told something.
        var told: Set<Int32> = []
        init(_ descriptor: consuming Descriptor, port: Int) {
            self.descriptor = descriptor
            self.port = port
        }
    }

    /// Takes its place on all wires of the actor's host, or on none.
    init(
        _ kind: any Fault.Type, id: String, at served: ServedPorts, in field: any FaultField, _ manners: Manners
    ) throws(FaultError) {
        self.kind = kind
        self.field = field
        self.manners = manners
        do throws(FaultError) {
            var tables: [FilterFault.Table] = []
            for wire in served.wires {
                let listener = try kind.attempt { try listen(in: wire.namespace) }
                // Connection tracking begins with this table, and takes what it first sees of a connection for its
                // beginning: only attempts are led away.
                let rules: [[PacketFilter.Expression]] = served.requests(on: wire).map {
                    $0 + [.flags([.syn], of: [.syn, .ack]), .redirect(port: listener.port)]
                }
                tables.append(
                    FilterFault.Table(
                        namespace: wire.namespace, hits: [],
                        chains: [.init("prerouting", .prerouting, isTranslation: true, rules: rules)]))
            }
            redirect = try FilterFault(kind, id: id, missing: (Self.translation, [ENOENT, EOPNOTSUPP]), tables)
        } catch {
            try? heal()
            throw error
        }
    }

    private func listen(in namespace: NetworkNamespace) throws -> Listener {
        let socket = try namespace.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue))
        let raw = socket.raw
        try System.call("listen in", namespace.owner) { Glibc.listen(raw, 1024) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try System.call("learn a port of", namespace.owner) {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &size) }
            }
        }
        let listener = Listener(socket, port: Int(UInt16(bigEndian: address.sin_port)))
        listeners.append(listener)
        listener.watch = try field.watch(raw) { [unowned self, unowned listener] in try welcome(at: listener) }
        return listener
    }

    private func welcome(at listener: Listener) throws {
        while true {
            let peer = accept(listener.descriptor.raw, nil, nil)
            guard peer >= 0 else { return }
            _ = fcntl(peer, F_SETFL, O_NONBLOCK)
            _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
            if !manners.greeting.isEmpty { say(manners.greeting, to: peer, at: listener) }
            listener.peers[peer] = try field.watch(peer) { [unowned self, unowned listener] in
                hear(peer, at: listener)
            }
        }
    }

    private func hear(_ peer: Int32, at listener: Listener) {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard let some = try Kernel.read(peer) else { return }
            bytes = some
        } catch {
            bytes = []
        }
        // A reset is an end as well.
        if bytes.isEmpty { return leave(peer, at: listener) }
        guard let answer = manners.answer(bytes) else { return }
        say(answer, to: peer, at: listener)
        if manners.hangsUp { leave(peer, at: listener) }
    }

    /// One hit for each connection to which something was said.
    private func say(_ bytes: [UInt8], to peer: Int32, at listener: Listener) {
        guard send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0, listener.told.insert(peer).inserted else {
            return
        }
        count += 1
        firstHit = firstHit ?? Clock.now
    }

    private func leave(_ peer: Int32, at listener: Listener) {
        if let watch = listener.peers.removeValue(forKey: peer) { field.cancel(watch) }
        listener.told.remove(peer)
        close(peer)
    }

    func hits() -> Int64 { count }

    /// Who is still being spoken to sees a FIN, as long as the way back is there.
    func heal() throws(FaultError) {
        for listener in listeners {
            for peer in listener.peers.keys.sorted() { leave(peer, at: listener) }
            if let watch = listener.watch { field.cancel(watch) }
        }
        listeners = []
        try redirect?.heal()
    }
}
