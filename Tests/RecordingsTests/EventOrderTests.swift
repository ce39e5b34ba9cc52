import Recordings
import Testing

@Suite struct EventOrdering {
    private func note(_ time: Int64, _ text: String) -> Event {
        Event(Timestamp(nanoseconds: time), .driver(DriverReport(Instance("a"), .note, text: text)))
    }

    private func texts(_ events: [Event]) -> [String] {
        events.map { event in
            guard case .driver(let report) = event.body else { return "?" }
            return "\(event.time.nanoseconds)\(report.text ?? "")"
        }
    }

    @Test func mergesBatchesByTimeAndThenByArrival() {
        var order = EventOrder()
        order.add(note(30, "a"), source: "x")
        order.add(note(10, "b"), source: "y")
        order.add(note(10, "c"), source: "x")
        order.add(note(20, "d"), source: "y")
        #expect(texts(order.flush(upTo: Timestamp(nanoseconds: 20))) == ["10b", "10c", "20d"])
        order.add(note(25, "e"), source: "x")
        #expect(!order.isEmpty)
        #expect(texts(order.flushAll()) == ["25e", "30a"])
        #expect(order.isEmpty)
        #expect(order.flushAll().isEmpty)
        #expect(order.late.isEmpty)
    }

    /// A recording's times never go back, and nothing is thrown away.
    @Test func whatComesTooLateIsKeptAndCounted() {
        var order = EventOrder()
        _ = order.flush(upTo: Timestamp(nanoseconds: 100))
        order.add(note(90, "late"), source: "capture")
        order.add(note(100, "just"), source: "capture")
        #expect(texts(order.flush(upTo: Timestamp(nanoseconds: 50))) == ["100late", "100just"])
        order.add(note(101, "next"), source: "capture")
        #expect(texts(order.flushAll()) == ["101next"])
        #expect(order.late == ["capture": 1])
    }

    @Test func stampsFromTheFutureAreNotBelieved() {
        var order = EventOrder()
        order.add(note(.max, "liar"), source: "driver", arrived: Timestamp(nanoseconds: 7))
        order.add(note(.min, "liar"), source: "driver", arrived: Timestamp(nanoseconds: 8))
        #expect(texts(order.flush(upTo: Timestamp(nanoseconds: 7))) == ["0liar", "7liar"])
    }

    @Test func flushedBatchesFollowEachOther() {
        var random = SeededGenerator(state: 3)
        var order = EventOrder()
        var all: [Event] = []
        for step in 0..<200 {
            for _ in 0..<Int.random(in: 0..<5, using: &random) {
                order.add(note(Int64(step * 10) + Int64.random(in: -15..<30, using: &random), "n"), source: "x")
            }
            all += order.flush(upTo: Timestamp(nanoseconds: Int64(step * 10)))
        }
        all += order.flushAll()
        #expect(all.count > 100)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.time <= $1.time })
    }
}
