import Kernel
import Labs
import Netlink
import Scenarios

/// Something that the timeline does to a link, a router or an actor. One fault, one file, registered in `FaultCatalog`;
/// docs/add-a-fault.md shows how to add the next one.
package protocol Fault {
    /// What the checker and `halfopen explain` know of it: the single description of what it does.
    static var definition: FaultDefinition { get }

    /// Takes from the plan what it needs. The plan was checked against the definition: target and parameters are there.
    init(plan: FaultPlan)

    /// Acts, and returns when the kernel has acknowledged all of it. A fault that throws has undone what it had begun.
    func strike(in field: any FaultField) throws(FaultError) -> any ActiveFault
}

/// A fault that has struck: it proves that it acted, and it undoes what it did.
package protocol ActiveFault: AnyObject {
    /// How often it has acted so far, from the kernel's counters or tables. Never decreases; valid after `heal` as
    /// well.
    func hits() throws(FaultError) -> Int64

    /// Undoes it; a second call does nothing. Moments have nothing to undo.
    func heal() throws(FaultError)

    /// When it acted first (CLOCK_MONOTONIC, nanoseconds), where the kernel tells more exactly than sampling `hits`
    /// does.
    var firstHit: Int64? { get }

    /// Calls `body` when a moment is over that takes its time, such as an orderly restart; all others are over at once.
    /// Intervals are not asked.
    func whenOver(_ body: @escaping () -> Void)
}

extension ActiveFault {
    package var firstHit: Int64? { nil }
    package func whenOver(_ body: @escaping () -> Void) { body() }
}

/// A moment: all that it did was done when it struck.
final class PastFault: ActiveFault {
    private let count: Int64

    init(hits count: Int) { self.count = Int64(count) }

    func hits() -> Int64 { count }
    func heal() {}
}

/// A fault could not strike, be counted or be healed.
package struct FaultError: Error, CustomStringConvertible {
    /// Its kind, such as `blackhole`.
    package var fault: String
    /// What went wrong and on what, in words.
    package var reason: String
    /// This kernel lacks what the fault needs: the run is unsupported here, not in error.
    package var isUnsupported: Bool

    package init(_ fault: String, _ reason: String, isUnsupported: Bool = false) {
        self.fault = fault
        self.reason = reason
        self.isUnsupported = isUnsupported
    }

    package var description: String { "the fault \(fault) failed: \(reason)" }
}

extension Fault {
    /// Runs `body` and turns its error into one that names this fault. `missing` is what this kernel may lack, and the
    /// codes by which it says so.
    static func attempt<Result>(
        missing: (what: String, codes: [Int32])? = nil, _ body: () throws -> Result
    ) throws(FaultError) -> Result {
        do {
            return try body()
        } catch let error as FaultError {
            throw error
        } catch let error as LabError {
            throw FaultError(definition.name, error.description, isUnsupported: error.missing != nil)
        } catch let error as SystemError where missing?.codes.contains(error.code) ?? false {
            throw lacking(missing!.what, error)
        } catch let error as NetlinkError where missing?.codes.contains(error.code) ?? false {
            throw lacking(missing!.what, error)
        } catch {
            throw FaultError(definition.name, "\(error)")
        }
    }

    private static func lacking(_ what: String, _ error: any Error) -> FaultError {
        let reason = "\(error); this kernel lacks \(what), which the virtual lab (--lab virtual) has"
        return FaultError(definition.name, reason, isUnsupported: true)
    }
}
