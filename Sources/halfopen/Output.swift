import Glibc
import Kernel

/// Results go to standard output, progress and prose to standard error.
enum Output {
    static func print(_ text: String) { put(1, text.hasSuffix("\n") ? text : text + "\n") }
    static func note(_ text: String) { put(2, text.hasSuffix("\n") ? text : text + "\n") }

    /// Without a newline of its own; for a line that is written over.
    static func raw(_ text: String) { put(2, text) }

    /// Colours only where a person looks.
    static var hasColour: Bool { isatty(1) == 1 && getenv("NO_COLOR") == nil }
    static var isInteractive: Bool { isatty(2) == 1 }

    private static func put(_ descriptor: Int32, _ text: String) {
        do {
            try Kernel.write(descriptor, Array(text.utf8), to: "standard output")
        } catch {
            // Whoever read it has gone; there is nobody to tell.
            exit(error.code == EPIPE ? 141 : ExitCode.software.rawValue)
        }
    }
}
