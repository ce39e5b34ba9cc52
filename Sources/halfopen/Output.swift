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

    enum Stream: Int32 { case standardOutput = 1, standardError = 2 }

    /// Colours only where a person looks: https://no-color.org
    static var hasColour: Bool { hasColour(on: .standardOutput) }

    static func hasColour(on stream: Stream) -> Bool {
        isatty(stream.rawValue) == 1 && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
    }

    /// Somebody sits before a terminal that can take lines back. CI services that have one for their jobs keep what is
    /// written to it in a log; they all set CI.
    static var isWatched: Bool {
        let isService = !["", "false", "0"].contains(variable("CI") ?? "")
        return isatty(2) == 1 && variable("TERM") != "dumb" && !isService
    }

    /// Columns and lines of the terminal; 80 and 24 when it does not say.
    static var terminalSize: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func put(_ descriptor: Int32, _ bytes: [UInt8]) {
        do {
            try Kernel.write(descriptor, bytes, to: "standard output")
        } catch {
            // Whoever read it has gone; there is nobody to tell.
            exit(error.code == EPIPE ? 141 : ExitCode.software.rawValue)
        }
    }
}
