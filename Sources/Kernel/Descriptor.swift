import CLinux
import Glibc

/// A file descriptor that has one owner and is closed with it.
package struct Descriptor: ~Copyable {
    package let raw: Int32

    package init(owning raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// Gives the number away; whoever takes it closes it.
    package consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// Opens with O_CLOEXEC.
    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o644) throws(SystemError) -> Descriptor {
        Descriptor(owning: try System.call("open", path) { halfopen_open(path, flags, mode) })
    }

    /// Both ends of a pipe, close-on-exec; reading does not block. Whoever asked owns both: wrap them at once.
    package static func pipe() throws(SystemError) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        try System.call("make a pipe") { halfopen_pipe(&ends) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    package borrowing func setNonBlocking() throws(SystemError) {
        let raw = raw
        let flags = try System.call("read the flags of a descriptor") { fcntl(raw, F_GETFL) }
        try System.call("set a descriptor non-blocking") { fcntl(raw, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Up to `limit` bytes; empty at the end of the file, nil when it would block.
    package borrowing func read(limit: Int = 65536) throws(SystemError) -> [UInt8]? {
        try Kernel.read(raw, limit: limit)
    }

    /// Up to as many bytes as there is room for; 0 at the end of the file. Not of a descriptor that would block.
    package borrowing func read(into room: UnsafeMutableBufferPointer<UInt8>) throws(SystemError) -> Int {
        let raw = raw
        return try System.call("read") { Glibc.read(raw, room.baseAddress, room.count) }
    }

    /// Writes all of it, waiting when it must.
    package borrowing func write(_ bytes: [UInt8], to subject: String = "") throws(SystemError) {
        try Kernel.write(raw, bytes, to: subject)
    }
}

/// Up to `limit` bytes; empty at the end of the file, nil when it would block.
package func read(_ descriptor: Int32, limit: Int = 65536) throws(SystemError) -> [UInt8]? {
    var failure: SystemError?
    // Not filled with zeros first: `count` says how much of it read(2) has written.
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        count = 0
        do throws(SystemError) {
            count = try System.attempt("read") { Glibc.read(descriptor, buffer.baseAddress, limit) } ?? -1
        } catch {
            failure = error
        }
        // An array cannot have -1 elements; would-block is told apart below.
        if count < 0 {
            count = 0
            failure = SystemError("read", code: EAGAIN)
        }
    }
    if let failure {
        if failure.code == EAGAIN { return nil }
        throw failure
    }
    return bytes
}

/// Writes all of it, waiting when it must.
package func write(_ descriptor: Int32, _ bytes: [UInt8], to subject: String = "") throws(SystemError) {
    var offset = 0
    while offset < bytes.count {
        let written = try System.attempt("write to", subject) {
            bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset) }
        }
        if let written {
            offset += written
        } else {
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            try System.call("wait to write to", subject) { poll(&wait, 1, -1) }
        }
    }
}
