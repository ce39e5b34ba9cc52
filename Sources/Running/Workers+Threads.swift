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
