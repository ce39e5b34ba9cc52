import Recordings

/// Both ends of a connection.
package struct ConnectionEnds: Hashable, Sendable {
    var from: Endpoints.Place
    var to: Endpoints.Place
    var turned: ConnectionEnds { ConnectionEnds(from: to, to: from) }

    package func hash(into hasher: inout Hasher) { hasher.combine(from.index << 32 | to.index) }
}

/// One TCP connection of a client, or a try to make one, as the wire of its own host shows it.
struct Dial {
    let client: Endpoint
    let server: Endpoint
    let link: String
    /// Its first SYN; nil when the recording begins later.
    var attempted: Moment?
    var established: Moment?
    /// First payload of either side.
    var firstRequest: Moment?
    var firstResponse: Moment?
    /// The first FIN or RST of either side.
    var clientEnd: Ending?
    var serverEnd: Ending?

    struct Ending {
        var moment: Moment
        var isReset: Bool

        init(moment: Moment, isReset: Bool) {
            self.moment = moment
            self.isReset = isReset
        }

        init(_ seen: ConnectionInventory.Ending) { self.init(moment: seen.moment, isReset: seen.isReset) }
    }

    /// When it began, as far as is seen.
    var began: Moment? { attempted ?? established ?? firstRequest ?? firstResponse }
    /// The first end by either side.
    var ended: Ending? {
        [clientEnd, serverEnd].compactMap { $0 }.min {
            ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line)
        }
    }

    /// In the order in which they began.
    /// - Parameters:
    ///   - wire: in time order; what the client neither sends nor gets is left out.
    static func dials(
        _ wire: [RunView.Wire], sends: (RunView.Wire) -> Bool, gets: (RunView.Wire) -> Bool
    ) -> [Dial] {
        var dials: [Dial] = []
        var places: [ConnectionEnds: Int] = [:]
        for seen in wire {
            let sends = sends(seen)
            guard sends || gets(seen) else { continue }
            if seen.kind == .attempt && !sends { continue }
            let isNew = seen.kind == .attempt && !seen.isRepeated
            let ends = sends ? seen.ends : seen.ends.turned
            var place = isNew ? nil : places[ends]
            if place == nil {
                // What comes first from outside belongs to a connection that somebody else made.
                guard sends else { continue }
                place = dials.count
                places[ends] = place
                let (ours, theirs) = sends ? (seen.from, seen.to) : (seen.to, seen.from)
                dials.append(Dial(client: ours, server: theirs, link: seen.change.link))
            }
            if let place { dials[place].take(seen, sends: sends) }
        }
        return dials
    }

    /// One that is in the inventory, by its place there.
    init(_ connections: [ConnectionInventory.Connection], at place: Int) {
        // Never the whole of it at once: that would be copied, and most of it is not asked for.
        client = connections[place].from
        server = connections[place].to
        link = connections[place].link
        attempted = connections[place].began
        established = connections[place].established
        firstRequest = connections[place].firstRequest
        firstResponse = connections[place].firstResponse
        clientEnd = connections[place].endings.first(where: \.byInitiator).map(Ending.init)
        serverEnd = connections[place].endings.first { !$0.byInitiator }.map(Ending.init)
    }

    init(client: Endpoint, server: Endpoint, link: String) {
        self.client = client
        self.server = server
        self.link = link
    }

    private mutating func take(_ seen: RunView.Wire, sends: Bool) {
        let moment = seen.moment
        switch seen.kind {
        case .attempt: attempted = attempted ?? moment
        case .established: established = established ?? moment
        case .firstRequest: firstRequest = firstRequest ?? moment
        case .firstResponse: firstResponse = firstResponse ?? moment
        case .fin, .reset:
            let ending = Ending(moment: moment, isReset: seen.kind == .reset)
            if sends { clientEnd = clientEnd ?? ending } else { serverEnd = serverEnd ?? ending }
        case .data, .keepAlive: break
        }
    }
}
