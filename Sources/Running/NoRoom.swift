import Glibc
import Kernel

/// The reports folder takes nothing more: a full disk, a quota, a read-only mount, no permission.
package struct NoRoom: Error, CustomStringConvertible {
    /// The folder as the user named it.
    package var folder: String
    package var reason: String

    package var description: String {
        "\(folder) cannot take the run: \(reason). Make room there, or name another folder with --reports; "
            + "runs that were there are kept."
    }

    /// Nil for an error that has nothing to do with the folder.
    init?(_ error: SystemError, folder: String) {
        guard [ENOSPC, EDQUOT, EROFS, EACCES, EPERM, EFBIG].contains(error.code) else { return nil }
        self.init(folder: folder, reason: error.description)
    }

    init(folder: String, reason: String) {
        self.folder = folder
        self.reason = reason
    }

    /// Does `body`, and says what is wrong with the folder if that is what keeps it from being done.
    static func unless<T>(_ folder: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as SystemError {
            throw NoRoom(error, folder: folder) ?? error
        }
    }
}
