import Judging
import Kernel

extension Workers {
    /// A second thread for one of two pieces of work; on a machine that gives none, one after the other.
    static let threads = Workers { one, other in
        withoutActuallyEscaping(one) { one in
            // It is done before this returns, and neither piece changes what the other one looks at.
            nonisolated(unsafe) let one = one
            let helper = try? Helper { one() }
            other()
            if let helper { helper.result() } else { one() }
        }
    }
}

/// A large thing that nobody needs any more. To give a million events back takes a tenth of the time that it took to
/// judge them: a thread does it, and nobody waits for that.
enum Leftover {
    // Unchecked, because whoever filled it never looks at it again.
    private final class Held<Thing>: @unchecked Sendable {
        var thing: Thing?
        init(_ thing: consuming Thing) { self.thing = thing }
    }

    /// - Parameter thing: given away with `consume`, as otherwise the caller gives it back after all.
    static func giveBack<Thing: Sendable>(_ thing: consuming Thing) {
        let held = Held(consume thing)
        (try? Helper { held.thing = nil })?.leave()
    }
}
