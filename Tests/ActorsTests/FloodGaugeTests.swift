import Testing

@testable import Actors

@Suite struct FloodGaugeTests {
    private let second: Int64 = 1_000_000_000

    @Test func muchIsToldOnceAndTooMuchAlways() {
        var gauge = FloodGauge()
        gauge.muchBytes = 10
        gauge.mostBytes = 1 << 20
        #expect(gauge.came(bytes: 10, events: 0, at: 5) == nil)
        #expect(gauge.came(bytes: 1, events: 0, at: 6) == .much)
        #expect(gauge.came(bytes: 1, events: 0, at: 7) == nil)
        #expect(gauge.came(bytes: 1 << 20, events: 0, at: 8) == .tooMuch("more than 1 MiB"))
        #expect(gauge.came(bytes: 1, events: 0, at: 9) == .tooMuch("more than 1 MiB"))
    }

    @Test func whatComesOverTimeIsNoFlood() {
        var gauge = FloodGauge()
        gauge.mostEvents = 10
        for moment in 0..<100 { #expect(gauge.came(bytes: 1, events: 10, at: Int64(moment) * second) == nil) }
        #expect(gauge.came(bytes: 1, events: 1, at: 99 * second + second - 1) == .tooMuch("more than 10 events"))
        #expect(gauge.came(bytes: 1, events: 10, at: 100 * second + second) == nil)
    }

    /// What the defaults are for: a gigabyte is survived, an endless flood is not.
    @Test func aGigabyteIsTaken() {
        var gauge = FloodGauge()
        for part in 0..<1024 where gauge.came(bytes: 1 << 20, events: 0, at: Int64(part)) != nil {
            #expect(part < 1024 / 2)
        }
        var parts = 1024
        while gauge.came(bytes: 1 << 20, events: 0, at: Int64(parts)) == nil { parts += 1 }
        #expect(parts == 2048)
    }
}
