import Glibc
import Kernel
import Testing

@testable import Actors

/// What reading an actor's output costs, counted in the kernel's own count of calls: nothing is timed.
@Suite(.enabled(if: access("/proc/thread-self/io", R_OK) == 0, "this kernel does not count calls of read"))
struct OutputReaderTests {
    @Test func drainingEndsWithTheFirstRefusal() throws {
        let ends = try Descriptor.pipe()
        let writer = Descriptor(owning: ends.writer)
        let path = "/tmp/halfopen-drain-\(getpid()).log"
        defer { Files.remove(path) }
        let log = try LogFile(path: path, limit: 1 << 20)
        var lines = 0
        let reader = try OutputReader(
            descriptor: ends.reader, log: log, loop: try EventLoop(),
            event: { _, _ in
                lines += 1
                return true
            }, notice: { _ in })
        #expect(try readCalls { reader.drain() } == 1)
        try writer.write(Array("one\ntwo\n".utf8), to: "the pipe")
        // One that reads, and one that is refused.
        #expect(try readCalls { reader.drain() } == 2)
        #expect(lines == 2)
    }

    /// By this thread; what it takes to ask is taken off.
    private func readCalls(_ body: () -> Void) throws -> Int {
        func count() throws -> Int {
            let text = try #require(Files.text("/proc/thread-self/io"))
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("syscr: ") })
            return try #require(Int(line.dropFirst(7)))
        }
        let before = try count()
        let asking = try count() - before
        let start = try count()
        body()
        return try count() - start - asking
    }
}
