import CLinux
import Glibc

/// Whole files. Reports are never half written: `replace` writes a temporary name and renames.
package enum Files {
    package static func read(_ path: String, limit: Int = .max) throws(SystemError) -> [UInt8] {
        let file = try Descriptor.open(path, O_RDONLY)
        var bytes: [UInt8] = []
        // Small at first: most files are, and a large buffer costs a mapping each time.
        var step = 8191
        // One byte beyond the limit shows that there is more; `limit` may be all there is, and 1 more would overflow.
        while bytes.count <= limit, let part = try file.read(limit: min(step, limit - bytes.count) + 1), !part.isEmpty {
            bytes += part
            step = min(step * 4, 1 << 18)
            if bytes.count > limit { throw SystemError("read more than \(limit) bytes of", path, code: EFBIG) }
        }
        return bytes
    }

    /// At most so many bytes from a place on; fewer at the end of the file.
    package static func read(_ path: String, from place: Int64, count: Int) throws(SystemError) -> [UInt8] {
        let file = try Descriptor.open(path, O_RDONLY)
        let raw = file.raw
        try System.call("go to a place in", path) { Int32(clamping: lseek(raw, Int(place), SEEK_SET)) }
        var bytes: [UInt8] = []
        while bytes.count < count, let part = try file.read(limit: min(1 << 18, count - bytes.count)), !part.isEmpty {
            bytes += part
        }
        return bytes
    }

    /// A small text file such as those of /proc; nil when it is not there or cannot be read.
    package static func text(_ path: String) -> String? {
        guard let bytes = try? read(path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The old file or the new one, never half. Where the file system knows files without a name, the new one has none
    /// until it is whole: whoever is killed over it leaves nothing behind.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = "\(path).\(getpid()).tmp"
        let folder = parent(of: path)
        let unnamed = halfopen_open_unnamed(folder.isEmpty ? "." : folder, 0o644)
        do throws(SystemError) {
            var isWritten = false
            if unnamed >= 0 {
                let file = Descriptor(owning: unnamed)
                try file.write(bytes, to: path)
                unlink(temporary)
                isWritten = halfopen_name(file.raw, temporary) == 0
            }
            // Some file systems have such files, and give them no name.
            if !isWritten {
                try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC).write(bytes, to: temporary)
            }
            try System.call("rename to", path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    package static func write(_ path: String, _ text: String) throws(SystemError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        try file.write(Array(text.utf8), to: path)
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Bytes; 0 for a file that is not there.
    package static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes the folder and those above it; fine when it stands already.
    package static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        if path.isEmpty || isFolder(path) { return }
        try makeFolder(parent(of: path), mode: mode)
        do throws(SystemError) {
            try System.call("make the folder", path) { mkdir(path, mode) }
        } catch {
            if error.code != EEXIST || !isFolder(path) { throw error }
        }
    }

    /// Names in a folder, sorted, without "." and "..".
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let folder = opendir(path) else { throw SystemError("list", path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file or a folder with all in it; never follows a symbolic link. Fine when it is not there.
    package static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in (try? list(path)) ?? [] { remove(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// `a/b` of `a/b/c`; empty for a bare name, `/` for `/a`.
    package static func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "" }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// `c` of `a/b/c`.
    package static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Without symbolic links and "..".
    package static func resolve(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw SystemError("find", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
