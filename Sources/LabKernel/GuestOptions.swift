import Glibc
import Kernel

/// What a lab starts with, in either kernel.
package struct GuestOptions {
    /// The guest half: the program that is the lab's first process. It must be readable by whoever runs the lab.
    package var program: String
    /// What `GuestInit.start` gives it as `arguments`. Any text, of any length that memory holds.
    package var arguments: [String]
    /// A folder of the host that the lab sees at `GuestInit.runFolder` and may write to. Nil: one in the lab's private
    /// folder, gone with it (`Guest.runFolder`).
    package var runFolder: String?
    /// Folders of the host that must stay visible, read-only, where the lab has private ones (below /tmp, /run,
    /// /var/tmp).
    package var visibleFolders: [String] = []
    /// Folders of the host that the lab may write to, at their own paths.
    package var writableFolders: [String] = []
    /// A folder of the host that the lab sees at `GuestInit.projectFolder`, read-only: wherever it stands outside, what
    /// is played sees the same paths.
    package var projectFolder: String?
    package var seed: UInt64 = 0
    /// What the lab's wall clock shows at its start: nanoseconds since 1970. The virtual lab's only.
    package var startDate: Int64 = GuestOptions.defaultStartDate
    /// Bytes; the virtual lab's only. Taken from the machine as the lab uses it.
    package var memory: Int64 = GuestOptions.defaultMemory
    /// The processor to stay on; nil: any. Without one a virtual lab takes about three times as long.
    package var processor: Int32?

    /// 1 January 2026, 00:00:00 UTC.
    package static let defaultStartDate: Int64 = 1_767_225_600_000_000_000
    package static let defaultMemory: Int64 = 512 << 20

    package init(program: String, arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }
}

/// Which kernel a lab runs on.
package enum LabKind: String, Sendable {
    /// The lab kernel's, in virtual time.
    case virtual
    /// The host's, in real time.
    case host
}

/// What the host half tells the guest half to do: a file in the lab's private folder, since a kernel's
/// command line is short. Fields end with a zero byte, so that they may hold any text.
package struct GuestOrders: Equatable {
    package var lab: LabKind
    /// Of the host.
    package var runFolder: String
    package var arguments: [String]
    package var visibleFolders: [String]
    package var writableFolders: [String]
    package var projectFolder: String?

    package var encoded: [UInt8] {
        var fields = ["run=\(runFolder)"]
        fields += arguments.map { "argument=\($0)" } + visibleFolders.map { "visible=\($0)" }
        fields += writableFolders.map { "writable=\($0)" }
        if let projectFolder { fields.append("project=\(projectFolder)") }
        return fields.flatMap { Array($0.utf8) + [0] }
    }

    /// Nil for anything that `encoded` cannot have made.
    package static func decode(_ bytes: [UInt8], lab: LabKind) -> GuestOrders? {
        var orders = GuestOrders(lab: lab, runFolder: "", arguments: [], visibleFolders: [], writableFolders: [])
        for field in bytes.split(separator: 0) {
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            let value = String(decoding: parts[1], as: UTF8.self)
            switch String(decoding: parts[0], as: UTF8.self) {
            case "run": orders.runFolder = value
            case "argument": orders.arguments.append(value)
            case "visible": orders.visibleFolders.append(value)
            case "writable": orders.writableFolders.append(value)
            case "project": orders.projectFolder = value
            default: return nil
            }
        }
        return !orders.runFolder.isEmpty && bytes.last == 0 ? orders : nil
    }
}
