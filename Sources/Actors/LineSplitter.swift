/// Cuts a stream of bytes into lines, with bounded memory: a longer line is cut at the bound and its rest is dropped.
package struct LineSplitter {
    package let longest: Int
    private var pending: [UInt8] = []
    private var isOverlong = false

    package init(longest: Int = 65536) { self.longest = longest }

    /// Nothing is waiting for its newline.
    package var isBetweenLines: Bool { pending.isEmpty }

    /// The lines that `bytes` completes, without their newline.
    package mutating func add(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: 0x0A) {
            keep(rest[..<newline])
            lines.append(pending)
            pending.removeAll(keepingCapacity: true)
            isOverlong = false
            rest = rest[(newline + 1)...]
        }
        keep(rest)
        return lines
    }

    /// What stands after the last newline, when the stream has ended.
    package mutating func end() -> [UInt8]? {
        defer { pending = [] }
        return pending.isEmpty ? nil : pending
    }

    private mutating func keep(_ part: ArraySlice<UInt8>) {
        guard !isOverlong else { return }
        let room = longest - pending.count
        pending.append(contentsOf: part.prefix(room))
        isOverlong = part.count > room
    }
}
