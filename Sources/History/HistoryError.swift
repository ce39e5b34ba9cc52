/// A history that cannot be read or written; the message says why, and what to do.
package struct HistoryError: Error, Equatable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// There is no such file.
        case missing
        /// Something in it is no more what was written.
        case damaged
        /// It is a file of something else.
        case foreign
        /// A later version of this program wrote it.
        case newer
        /// Others have been writing for longer than we wait.
        case busy
        /// It cannot be opened or written: permissions, no space.
        case unwritable
    }

    package var code: Code
    package var path: String
    /// What SQLite said, verbatim.
    package var detail: String

    package init(_ code: Code, _ path: String, _ detail: String) {
        (self.code, self.path, self.detail) = (code, path, detail)
    }

    package var description: String {
        switch code {
        case .missing: "\(path): there is no history here; halfopen run writes one, and --history FILE names another"
        case .damaged:
            "the history \(path) is damaged (\(detail)); move it away and the next run begins a new one. "
                + "halfopen history add FOLDER stores runs again whose folders are left"
        case .foreign: "\(path) is no history of runs (\(detail)); it is left as it is"
        case .newer: "the history \(path) was written by a later version of halfopen (\(detail)); use that one"
        case .busy: "the history \(path) cannot be written, as others do not stop writing (\(detail))"
        case .unwritable: "the history \(path) cannot be opened or written: \(detail)"
        }
    }
}
