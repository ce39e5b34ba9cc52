import JSONLines

/// Faults that the server makes when it is told to, by their names in a scenario.
package enum ServerFault: String, CaseIterable, Sendable {
    case rejectAuthentication = "reject-authentication"
    case overload
    case drain
}

/// What the server is told: to make a fault, or to make it no longer.
package enum ServerFaultOrder: Equatable, Sendable {
    /// Everyone who says hello is refused; `retry`: coming again may help.
    case rejectAuthentication(retry: Bool)
    /// While `capacity` sessions stand, nobody else is let in.
    case overload(capacity: Int, pause: Duration?)
    /// Everyone is sent away, and nobody let in.
    case drain(pause: Duration?)
    case off(ServerFault)

    /// From a line of the driver protocol; nil for any other.
    ///
    ///     {"command":"fault","name":"overload","on":true,"capacity":100,"retry_after":5000000000}
    package init?(parsing line: [UInt8]) {
        guard let json = try? JSON(parsing: line), json["command"]?.string == "fault",
            let fault = json["name"]?.string.flatMap(ServerFault.init), let isOn = json["on"]?.bool
        else { return nil }
        guard isOn else {
            self = .off(fault)
            return
        }
        let pause = json["retry_after"]?.integer
        if let pause, !FeedMessage.pauses.contains(pause) { return nil }
        switch fault {
        case .rejectAuthentication: self = .rejectAuthentication(retry: json["refusal"]?.string != "permanent")
        case .overload:
            guard let capacity = json["capacity"]?.integer, capacity >= 0 else { return nil }
            self = .overload(capacity: Int(capacity), pause: pause.map { .nanoseconds($0) })
        case .drain: self = .drain(pause: pause.map { .nanoseconds($0) })
        }
    }
}

/// The faults that are on, and how often each has hit since.
struct ServerFaults {
    private var orders: [ServerFault: ServerFaultOrder] = [:]
    private var hits: [ServerFault: Int64] = [:]

    mutating func take(_ order: ServerFaultOrder) {
        switch order {
        case .rejectAuthentication: switchOn(.rejectAuthentication, order)
        case .overload: switchOn(.overload, order)
        case .drain: switchOn(.drain, order)
        case .off(let fault): orders[fault] = nil
        }
    }

    private mutating func switchOn(_ fault: ServerFault, _ order: ServerFaultOrder) {
        orders[fault] = order
        hits[fault] = 0
    }

    /// One more hit; how many there are now.
    mutating func count(_ fault: ServerFault) -> Int64 {
        hits[fault, default: 0] += 1
        return hits[fault, default: 0]
    }

    /// What somebody is told who says hello while so many sessions stand; nil when nothing is wrong.
    func refusal(sessions: @autoclosure () -> Int) -> (ServerFault, ServerMessage)? {
        if case .drain(let pause)? = orders[.drain] {
            return (.drain, .refused(reason: "this server is being drained", retry: true, after: pause))
        }
        if case .rejectAuthentication(let retry)? = orders[.rejectAuthentication] {
            let reason = retry ? "nobody can be authenticated now" : "this key was revoked"
            return (.rejectAuthentication, .refused(reason: reason, retry: retry))
        }
        if case .overload(let capacity, let pause)? = orders[.overload], sessions() >= capacity {
            return (.overload, .refused(reason: "overloaded", retry: true, after: pause))
        }
        return nil
    }
}
