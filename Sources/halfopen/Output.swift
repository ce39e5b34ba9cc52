import Glibc
import Kernel

/// Results go to standard output, progress and prose to standard error.
enum Output {
    static func print(_ text: String) { put(1, Array((text.hasSuffix("\n") ? text : text + "\n").utf8)) }
    static func note(_ text: String) { put(2, Array((text.hasSuffix("\n") ? text : text + "\n").utf8)) }

    /// A document as it is, to standard output.
    static func put(_ bytes: [UInt8]) { put(1, bytes) }

    /// Without a newline of its own; for a line that is written over.
    static func raw(_ text: String) { put(2, Array(text.utf8)) }

    /// Colours only where a person looks.
    static var hasColour: Bool { isatty(1) == 1 && getenv("NO_COLOR") == nil }
    static var isInteractive: Bool { isatty(2) == 1 }

    private static func put(_ descriptor: Int32, _ bytes: [UInt8]) {
        do {
            try Kernel.write(descriptor, bytes, to: "standard output")
        } catch {
            // Whoever read it has gone; there is nobody to tell.
            exit(error.code == EPIPE ? 141 : ExitCode.software.rawValue)
        }
    }
}
