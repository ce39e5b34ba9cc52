import Glibc
import Kernel

/// A lab's private folder on the host: the guest's memory file (without a name), the management socket, the orders.
/// The keeper removes it when this process cannot.
package final class PrivateFolder {
    package let path: String
    private let keeper: Keeper

    /// In the first of /dev/shm, XDG_RUNTIME_DIR, TMPDIR and /tmp that has room for `memory` bytes and may execute:
    /// the guest's memory is a file there, and the guest's programs are executed from it.
    package init(memory: Int64, keeper: Keeper) throws {
        self.keeper = keeper
        var reasons: [String] = []
        for place in PrivateFolder.places {
            let path = "\(place)/halfopen-\(PrivateFolder.randomName())"
            if let reason = PrivateFolder.make(path, in: place, memory: memory, keeper: keeper) {
                reasons.append("\(place): \(reason)")
            } else {
                self.path = path
                return
            }
        }
        throw LabKernelError(
            .missing,
            "no folder for the lab's memory (\(memory >> 20) MiB): \(reasons.joined(separator: "; ")). "
                + "Name one in the environment variable TMPDIR.")
    }

    package func remove() {
        Files.remove(path)
        keeper.forget(path)
    }

    /// Those whose names can stand on a kernel's command line and in the keeper's lines. A socket's path has 108 bytes.
    private static var places: [String] {
        var all = ["/dev/shm"]
        for name in ["XDG_RUNTIME_DIR", "TMPDIR"] {
            if let value = getenv(name) { all.append(String(cString: value)) }
        }
        all.append("/tmp")
        return all.filter { $0.hasPrefix("/") && $0.utf8.count <= 60 && $0.utf8.allSatisfy(isPlain) }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 32 && byte < 127 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: ",")
    }

    private static func randomName() -> String {
        let number = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - number.count) + number
    }

    /// Nil when it was made, or the reason why not.
    private static func make(_ path: String, in place: String, memory: Int64, keeper: Keeper) -> String? {
        var room = statvfs()
        guard statvfs(place, &room) == 0 else { return "is not there" }
        guard Int64(room.f_bavail) * Int64(room.f_frsize) >= memory else { return "has no room" }
        keeper.remove(path)
        guard mkdir(path, 0o700) == 0 else {
            keeper.forget(path)
            return "cannot be written to"
        }
        guard mayExecute(in: path) else {
            Files.remove(path)
            keeper.forget(path)
            return "does not allow execution"
        }
        return nil
    }

    private static func mayExecute(in folder: String) -> Bool {
        let path = "\(folder)/try"
        defer { unlink(path) }
        guard let file = try? Descriptor.open(path, O_RDWR | O_CREAT), ftruncate(file.raw, 4096) == 0,
            let page = mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, file.raw, 0), page != MAP_FAILED
        else { return false }
        munmap(page, 4096)
        return true
    }
}
