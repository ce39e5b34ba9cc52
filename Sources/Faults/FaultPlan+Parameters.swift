import Scenarios

/// What faults read from their plan. The checker has been here: a value of another type is our own bug.
extension FaultPlan {
    func duration(_ name: String) -> Duration? {
        guard let value = parameters[name] else { return nil }
        guard case .duration(let duration) = value else { wrongType(name, value) }
        return duration
    }

    func fraction(_ name: String) -> Double? {
        guard let value = parameters[name] else { return nil }
        guard case .fraction(let fraction) = value else { wrongType(name, value) }
        return fraction
    }

    func rate(_ name: String) -> Int64? {
        guard let value = parameters[name] else { return nil }
        guard case .rate(let rate) = value else { wrongType(name, value) }
        return rate
    }

    func count(_ name: String) -> Int64? {
        guard let value = parameters[name] else { return nil }
        guard case .count(let count) = value else { wrongType(name, value) }
        return count
    }

    func size(_ name: String) -> Int64? {
        guard let value = parameters[name] else { return nil }
        guard case .size(let size) = value else { wrongType(name, value) }
        return size
    }

    func number(_ name: String) -> Double? {
        guard let value = parameters[name] else { return nil }
        guard case .number(let number) = value else { wrongType(name, value) }
        return number
    }

    func flag(_ name: String) -> Bool? {
        guard let value = parameters[name] else { return nil }
        guard case .flag(let flag) = value else { wrongType(name, value) }
        return flag
    }

    func text(_ name: String) -> String? {
        guard let value = parameters[name] else { return nil }
        guard case .text(let text) = value else { wrongType(name, value) }
        return text
    }

    var actor: String {
        guard case .actor(let name) = target else { wrongTarget() }
        return name
    }

    var connections: ConnectionChoice {
        guard case .connections(let choice) = target else { wrongTarget() }
        return choice
    }

    /// In the order in which they are to be struck.
    var actors: [String] {
        guard case .actors(let names) = target else { wrongTarget() }
        return names
    }

    var host: String {
        guard case .host(let name) = target else { wrongTarget() }
        return name
    }

    /// As programs look it up.
    var lookedUpName: String {
        guard case .name(let name) = target else { wrongTarget() }
        return name
    }

    var groups: [[String]] {
        guard case .groups(let groups) = target else { wrongTarget() }
        return groups
    }

    var router: String {
        guard case .host(let name) = target else { wrongTarget() }
        return name
    }

    /// The link and the host whose packets are struck; nil for both directions.
    var link: (name: String, from: String?) {
        guard case .link(let name, let from) = target else { wrongTarget() }
        return (name, from)
    }

    private func wrongType(_ name: String, _ value: Value) -> Never {
        preconditionFailure("the checker let a wrong type through: \(kind) \(name) \(value) at \(position)")
    }

    private func wrongTarget() -> Never {
        preconditionFailure("the checker let a wrong target through: \(kind) on \(target) at \(position)")
    }
}
