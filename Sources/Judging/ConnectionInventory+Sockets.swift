import Recordings

// What the sockets of a host say of its connections, where the wire does not.
extension ConnectionInventory {
    /// States of a socket that a program still holds.
    private static let held: Set<String> = ["ESTABLISHED", "CLOSE_WAIT"]

    /// A FIN stays behind data that nobody acknowledges: a connection that was closed into a silence stands on the wire
    /// for as long as the silence lasts. The kernel knows better. Where a host that only dials has fewer sockets that a
    /// program holds than connections stand on its wire, those that have heard nothing for longest were let go of, at
    /// the earliest when its sockets were last counted with them.
    mutating func takeSockets(_ run: RunView, _ host: String) {
        let isServed = run.scenario.actors.contains { $0.host == host && $0.role == .server }
        guard !isServed, let tables = run.sockets[host], !tables.isEmpty else { return }
        let own = connections.indices.filter { connections[$0].host == host && connections[$0].established != nil }
        let ups = own.compactMap { connections[$0].established?.time }.sorted()
        var downs = own.compactMap { connections[$0].released?.time }.sorted()
        var (up, down) = (0, 0)
        var before = run.play ?? run.stop
        for (moment, table) in tables {
            while up < ups.count, ups[up] <= moment.time { up += 1 }
            while down < downs.count, downs[down] <= moment.time { down += 1 }
            let held = table.states.filter { Self.held.contains($0.state) }.reduce(0) { $0 + $1.count }
            if up - down > held {
                letGo(up - down - held, of: own, Moment(time: before, line: moment.line), at: moment.time, run)
                downs = own.compactMap { connections[$0].released?.time }.sorted()
                down = downs.firstIndex { $0 > moment.time } ?? downs.count
            }
            before = moment.time
        }
    }

    private mutating func letGo(
        _ count: Int, of own: [Int], _ since: Moment, at time: Timestamp, _ run: RunView
    ) {
        let open = own.filter { place in
            (connections[place].established?.time).map { $0 <= time } ?? false && connections[place].isOpen(at: time)
        }
        // A FIN that is on its way to the wire as the sockets are counted is none that is kept back.
        let staying = open.filter { connections[$0].isOpen(at: time + .seconds(1)) }
        let silent = staying.map { (place: $0, heard: heard($0, by: time, run)) }.sorted {
            ($0.heard, $0.place) < ($1.heard, $1.place)
        }
        for (place, heard) in silent.prefix(max(0, count - (open.count - staying.count))) {
            connections[place].releasedUnseen(Moment(time: max(since.time, heard), line: since.line))
        }
    }

    /// When the other side was last heard on a connection.
    private func heard(_ place: Int, by time: Timestamp, _ run: RunView) -> Timestamp {
        let connection = connections[place]
        let wire = run.wire[connection.host] ?? []
        let last = connection.places.last { wire[$0].moment.time <= time && wire[$0].from == connection.to }
        return last.map { wire[$0].moment.time } ?? connection.began.time
    }
}
