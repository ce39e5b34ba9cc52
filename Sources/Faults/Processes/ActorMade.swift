import JSONLines
import Scenarios

/// A fault that the struck actor makes itself when its driver is told to (docs/driver-protocol.md): what only a program
/// can do to its peers, in its own protocol.
final class ActorMade: ActiveFault {
    private let name: String
    private let actor: String
    private let field: any FaultField
    /// What it came to, once healed.
    private var total: Int64?

    init(
        _ kind: any Fault.Type, by actor: String, in field: any FaultField, _ fields: [JSON.Member]
    ) throws(FaultError) {
        name = kind.definition.name
        self.actor = actor
        self.field = field
        if let objection = field.actors.objection(of: actor, toFault: name) {
            throw FaultError(name, objection, isUnsupported: true)
        }
        field.actors.send(actor, fault: name, on: true, fields)
    }

    func hits() -> Int64 { total ?? field.actors.ownHits(of: actor, fault: name) }

    func heal() {
        if total != nil { return }
        total = hits()
        field.actors.send(actor, fault: name, on: false, [])
    }

    static let mechanism = """
        A line on the standard input of the actor's driver switches it on, and another one off \
        (docs/driver-protocol.md); its hello must name this fault, otherwise the run is unsupported. The reference \
        server knows it; for real servers there are reconfigure and signal.
        """
}

extension FaultPlan {
    /// The parameter as a field of a command, in nanoseconds; none when it was not given.
    func nanoseconds(_ parameter: String, as field: String) -> [JSON.Member] {
        duration(parameter).map { [JSON.Member(field, .integer($0.wholeNanoseconds))] } ?? []
    }
}
