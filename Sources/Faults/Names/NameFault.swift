import Labs

/// A rule that lies on a name for a while; every question answered by it is a hit.
final class NameFault: ActiveFault {
    private let server: NameServer
    private let rule: NameRule

    /// Lays it. A timeline with a fault of a name has given its lab a name server: none is our own bug.
    init(_ rule: NameRule, in field: any FaultField) {
        guard let server = field.lab.nameServer else { preconditionFailure("this lab has no name server") }
        self.server = server
        self.rule = rule
        server.lay(rule)
    }

    func hits() -> Int64 { rule.hits }
    func heal() { server.remove(rule) }
    var firstHit: Int64? { rule.firstHit }
}

extension NameFault {
    /// What every definition says of its mechanism.
    static let mechanism = """
        The lab's own name server, which listens at 127.0.0.53 in every host and is switched on by this fault: no \
        packet leaves a host for it, and no fault of a link is in its way. Programs that hold a name in a cache of \
        their own do not ask, and are not struck.
        """
}
