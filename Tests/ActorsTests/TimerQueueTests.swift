import Testing

@testable import Kernel

@Suite struct TimerQueues {
    /// Held against a sorted list, over random settings, cancellations and takings.
    @Test func `takes what is due in order, whatever was cancelled`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var queue = TimerQueue()
            var model: [(time: Int64, token: UInt64)] = []
            var taken: [UInt64] = []
            for token in 1...300 as ClosedRange<UInt64> {
                let time = Int64.random(in: 0..<40, using: &random)
                queue.add(time, token: token) { taken.append(token) }
                model.append((time, token))
                if Bool.random(using: &random), let cancelled = model.randomElement(using: &random)?.token {
                    queue.cancel(cancelled)
                    model.removeAll { $0.token == cancelled }
                }
                if token % 7 == 0 {
                    model.sort { ($0.time, $0.token) < ($1.time, $1.token) }
                    let due = model.prefix { $0.time <= 5 }.map(\.token)
                    model.removeFirst(due.count)
                    taken = []
                    while let handler = queue.take(dueAt: 5) { handler() }
                    #expect(taken == due)
                    #expect(queue.first() == model.first?.time)
                }
            }
        }
    }

    @Test func `cancelling most of many leaves the others`() {
        var queue = TimerQueue()
        var taken: [UInt64] = []
        for token in 1...10_000 as ClosedRange<UInt64> {
            queue.add(Int64(token % 100), token: token) { taken.append(token) }
        }
        for token in 1...10_000 as ClosedRange<UInt64> where token % 1000 != 3 { queue.cancel(token) }
        while let handler = queue.take(dueAt: 100) { handler() }
        #expect(taken == (0..<10).map { $0 * 1000 + 3 })
        #expect(queue.first() == nil)
    }
}
