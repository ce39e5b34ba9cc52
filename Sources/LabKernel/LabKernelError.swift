/// Why the lab kernel cannot be had, or a guest did not do as it should. The description says what to do.
package struct LabKernelError: Error, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The machine lacks something that can be installed or built.
        case missing
        /// The guest or the build failed.
        case failed
    }

    package var kind: Kind
    package var description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// As in sysexits.h: EX_UNAVAILABLE, EX_SOFTWARE.
    package var exitCode: Int32 {
        switch kind {
        case .missing: 69
        case .failed: 70
        }
    }
}
