import Recordings

/// The endpoints of a run, each once. Connections are looked up by theirs a million times: a place here is compared and
/// hashed in no time.
package struct Endpoints: Sendable {
    package struct Place: Hashable, Sendable {
        fileprivate let number: UInt32

        var index: Int { Int(number) }
    }

    private var all: [Endpoint] = []
    private var places: [Endpoint: Place] = [:]

    package subscript(_ place: Place) -> Endpoint { all[Int(place.number)] }

    var count: Int { all.count }

    /// The place of this one, which may be new.
    mutating func place(_ endpoint: Endpoint) -> Place {
        if let known = places[endpoint] { return known }
        let place = Place(number: UInt32(all.count))
        all.append(endpoint)
        places[endpoint] = place
        return place
    }

    /// Nil for one that was in no packet.
    func known(_ endpoint: Endpoint) -> Place? { places[endpoint] }

    /// Nil when either was in no packet.
    func ends(from: Endpoint, to: Endpoint) -> ConnectionEnds? {
        guard let from = known(from), let to = known(to) else { return nil }
        return ConnectionEnds(from: from, to: to)
    }
}

/// The two endpoints that were asked for last: of the ends of packets every second one is the same server's.
struct RecentEndpoints {
    private var (latest, other): ((Endpoint, Endpoints.Place)?, (Endpoint, Endpoints.Place)?)

    /// The place of this one among all, which may be new.
    mutating func place(_ endpoint: Endpoint, in all: inout Endpoints) -> Endpoints.Place {
        if let latest, latest.0 == endpoint { return latest.1 }
        if let other, other.0 == endpoint {
            (latest, self.other) = (other, latest)
            return other.1
        }
        let place = all.place(endpoint)
        (latest, other) = ((endpoint, place), latest)
        return place
    }
}
