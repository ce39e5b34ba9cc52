import Glibc
import Testing

@testable import Running

@Suite struct LeftoverTests {
    private final class Large: Sendable {
        let ended: @Sendable (pthread_t) -> Void
        init(_ ended: @escaping @Sendable (pthread_t) -> Void) { self.ended = ended }
        deinit { ended(pthread_self()) }
    }

    @Test func `what nobody needs any more is given back by a thread of its own`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        let large = Large { thread in
            var thread = thread
            write(writing, &thread, MemoryLayout<pthread_t>.size)
        }
        Leftover.giveBack(consume large)
        var thread = pthread_self()
        let count = read(reading, &thread, MemoryLayout<pthread_t>.size)
        #expect(count == MemoryLayout<pthread_t>.size && pthread_equal(thread, pthread_self()) == 0)
        close(reading)
        close(writing)
    }
}
