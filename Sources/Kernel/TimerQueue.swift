/// Timers in the order of their times; those of one moment in the order in which they were set.
///
/// A binary heap: one process may hold the timers of many thousand sessions. What is cancelled loses its handler at
/// once, and its place when it comes to the top or when most of the heap is such places.
struct TimerQueue {
    private struct Entry {
        var time: Int64
        /// Rises from timer to timer.
        var token: UInt64

        static func < (a: Entry, b: Entry) -> Bool { (a.time, a.token) < (b.time, b.token) }
    }

    private var heap: [Entry] = []
    private var handlers: [UInt64: () -> Void] = [:]

    mutating func add(_ time: Int64, token: UInt64, _ handler: @escaping () -> Void) {
        handlers[token] = handler
        heap.append(Entry(time: time, token: token))
        rise(from: heap.count - 1)
    }

    /// Fine for one that is not there.
    mutating func cancel(_ token: UInt64) {
        guard handlers.removeValue(forKey: token) != nil else { return }
        if heap.count > 64, heap.count > 4 * handlers.count { dropCancelled() }
    }

    /// When the next one is due; nil when there is none.
    mutating func first() -> Int64? {
        while let top = heap.first {
            if handlers[top.token] != nil { return top.time }
            removeTop()
        }
        return nil
    }

    /// Takes the next one out if its time has come.
    mutating func take(dueAt now: Int64) -> (() -> Void)? {
        guard let time = first(), time <= now else { return nil }
        return handlers.removeValue(forKey: removeTop().token)
    }

    @discardableResult
    private mutating func removeTop() -> Entry {
        heap.swapAt(0, heap.count - 1)
        let top = heap.removeLast()
        if !heap.isEmpty { sink(from: 0) }
        return top
    }

    private mutating func dropCancelled() {
        heap.removeAll { handlers[$0.token] == nil }
        // In order, which is a heap.
        heap.sort { $0 < $1 }
    }

    private mutating func rise(from place: Int) {
        var place = place
        while place > 0, heap[place] < heap[(place - 1) / 2] {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(from place: Int) {
        var place = place
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
