import Glibc

/// Cuts a stream of bytes into lines, with bounded memory: a longer line is cut at the bound and its rest is dropped.
package struct LineSplitter {
    package struct Line: Equatable {
        package var bytes: [UInt8]
        /// How many bytes of it were dropped.
        package var dropped = 0
    }

    package let longest: Int
    private var pending = Line(bytes: [])

    /// 1 MiB: no driver has that much to say in one event, and every actor may hold so much of the lab's memory.
    package init(longest: Int = 1 << 20) { self.longest = longest }

    /// Nothing is waiting for its newline.
    package var isBetweenLines: Bool { pending.bytes.isEmpty }

    /// The lines that `bytes` completes, without their newline.
    package mutating func add(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var start = 0
        while let newline = bytes.firstPlace(of: 0x0A, from: start) {
            keep(bytes[start..<newline])
            lines.append(pending)
            pending = Line(bytes: [])
            start = newline + 1
        }
        keep(bytes[start...])
        return lines
    }

    /// What stands after the last newline, when the stream has ended.
    package mutating func end() -> Line? {
        defer { pending = Line(bytes: []) }
        return pending.bytes.isEmpty ? nil : pending
    }

    private mutating func keep(_ part: ArraySlice<UInt8>) {
        let kept = part.prefix(longest - pending.bytes.count)
        pending.bytes.append(contentsOf: kept)
        pending.dropped += part.count - kept.count
    }
}

extension [UInt8] {
    /// By the C library, which looks at many bytes at once: floods are a matter of gigabytes.
    func firstPlace(of byte: UInt8, from start: Int = 0) -> Int? {
        withUnsafeBytes { buffer in
            guard start < buffer.count,
                let found = memchr(buffer.baseAddress! + start, Int32(byte), buffer.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - buffer.baseAddress!
        }
    }
}
