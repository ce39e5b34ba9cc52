import Glibc
import Kernel
import Netlink

/// A lab, or a change to it, that could not be made: which part of it, and why.
package struct LabError: Error, CustomStringConvertible {
    package enum Reason: Sendable {
        /// This kernel lacks something, or we lack a privilege: `sch_netem`.
        case unsupported(missing: String)
        /// The kernel refused; its own words.
        case refused(String)
    }
    /// `link phone-home`, `host phone`.
    package var subject: String
    package var reason: Reason

    package init(_ subject: String, _ reason: Reason) {
        self.subject = subject
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .unsupported(let missing):
            "this kernel cannot make \(subject): it lacks \(missing); the virtual lab (--lab virtual) has it"
        case .refused(let words): "cannot make \(subject): \(words)"
        }
    }

    /// What is missing; nil when the kernel has all that is needed.
    package var missing: String? {
        if case .unsupported(let missing) = reason { missing } else { nil }
    }

    /// Runs `body` on behalf of `subject`, whatever it throws.
    static func of<Result>(_ subject: String, _ body: () throws -> Result) throws(LabError) -> Result {
        do {
            return try body()
        } catch let error as LabError {
            throw error
        } catch let error as SystemError where error.code == EPERM || error.code == EACCES {
            throw LabError(subject, .unsupported(missing: "the privilege to \(error.attempt) \(error.subject)"))
        } catch {
            throw LabError(subject, .refused("\(error)"))
        }
    }
}
