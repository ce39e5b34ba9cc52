import Kernel
import Labs
import Recordings

extension NameLookup {
    /// As the name server tells it.
    init(_ lookup: NameServer.Lookup) {
        let answer = lookup.answer
        let (what, addresses): (Answer, [String]) =
            switch answer.outcome {
            case .addresses(let addresses): (.addresses, addresses)
            case .empty: (.empty, [])
            case .noSuchName: (.noSuchName, [])
            case .serverFailure: (.serverFailure, [])
            case .refused: (.refused, [])
            case .truncated: (.truncated, [])
            case .silence: (.silence, [])
            case .hangUp: (.hangUp, [])
            }
        self.init(
            host: lookup.host, name: lookup.name, type: lookup.kind, what, addresses: addresses,
            ttl: what == .addresses ? answer.ttl.components.seconds : nil,
            delay: answer.delay.wholeNanoseconds)
    }
}
