import Recordings
import Testing

@testable import Probes

/// Bursts of payload, keep-alive probes, totals.
@Suite struct ConnectionFactsTests {
    private let client = Endpoint(address: "10.77.1.1", port: 40000)
    private let server = Endpoint(address: "10.77.2.6", port: 1883)
    private var tracker = ConnectionTracker(link: "phone-home", tellsPayload: true, own: [IPAddress("10.77.1.1")])

    private mutating func saw(
        _ second: Double, _ from: Endpoint, _ flags: ConnectionTracker.Flags, _ sequence: UInt32,
        ack: UInt32 = 0, payload: Int = 0
    ) -> [Event.Body] {
        let packet = ConnectionTracker.Packet(
            from: from, to: from == client ? server : client, flags: flags, sequence: sequence, acknowledgement: ack,
            payload: payload)
        return tracker.saw(packet, at: Timestamp(nanoseconds: Int64((second * 1e9).rounded())))
    }

    private func wire(_ bodies: [Event.Body]) -> [WireChange] {
        bodies.compactMap { if case .wire(let change) = $0 { change } else { nil } }
    }

    private func data(_ bodies: [Event.Body]) -> [WireChange] { wire(bodies).filter { $0.change == .data } }

    private mutating func handshake(at second: Double = 0, first: UInt32 = 100) {
        _ = saw(second, client, .syn, first)
        _ = saw(second, server, [.syn, .ack], 500, ack: first + 1)
        _ = saw(second, client, .ack, first + 1, ack: 501)
    }

    @Test mutating func `a burst begins after 100 ms without new payload in its direction`() {
        handshake()
        let first = data(saw(1, client, .ack, 101, ack: 501, payload: 10))
        #expect(first.map(\.quiet) == [nil])
        #expect(first.map(\.bytes) == [10])
        #expect(data(saw(1.0999, client, .ack, 111, ack: 501, payload: 10)).isEmpty)
        #expect(data(saw(1.1999, client, .ack, 121, ack: 501, payload: 10)).map(\.quiet) == [100_000_000])
        // The other direction has pauses of its own.
        #expect(data(saw(1.2, server, .ack, 501, ack: 131, payload: 5)).map(\.quiet) == [nil])
        #expect(data(saw(61.2, server, .ack, 506, ack: 131, payload: 5)).map(\.quiet) == [60_000_000_000])
    }

    @Test mutating func `what is sent again is no news, and told as that`() {
        handshake()
        _ = saw(1, client, .ack, 101, ack: 501, payload: 10)
        #expect(data(saw(1.05, client, .ack, 101, ack: 501, payload: 10)).isEmpty)
        let again = data(saw(1.3, client, .ack, 101, ack: 501, payload: 10))
        #expect(again.map(\.repeated) == [true])
        #expect(again.map(\.quiet) == [250_000_000])
        // Since the last new payload, not since it was sent again.
        #expect(data(saw(2, client, .ack, 111, ack: 501, payload: 10)).map(\.quiet) == [1_000_000_000])
    }

    @Test mutating func `a probe of keep-alive is known by its sequence number`() {
        handshake()
        _ = saw(1, client, .ack, 101, ack: 501, payload: 10)
        // Not while something is unacknowledged: that would be sent again.
        #expect(wire(saw(2, client, .ack, 110, ack: 501)).isEmpty)
        _ = saw(2, server, .ack, 501, ack: 111)
        #expect(wire(saw(60, client, .ack, 110, ack: 501)).map(\.change) == [.keepAlive])
        #expect(wire(saw(120, client, .ack, 110, ack: 501, payload: 1)).map(\.change) == [.keepAlive])
        #expect(wire(saw(121, client, .ack, 111, ack: 501)).isEmpty)
        #expect(wire(saw(122, server, .ack, 500, ack: 111)).map(\.change) == [.keepAlive])
    }

    @Test mutating func `nothing of it unless it is asked for`() {
        tracker = ConnectionTracker(link: "phone-home", own: [IPAddress("10.77.1.1")])
        handshake()
        #expect(wire(saw(1, client, .ack, 101, ack: 501, payload: 10)).map(\.change) == [.firstRequest])
        _ = saw(1, server, .ack, 501, ack: 111)
        #expect(wire(saw(9, client, .ack, 110, ack: 501)).isEmpty)
    }

    @Test mutating func `sequence numbers go round`() {
        handshake(first: .max - 4)
        _ = saw(1, client, .ack, .max - 3, ack: 501, payload: 10)
        let next = data(saw(2, client, .ack, 6, ack: 501, payload: 4))
        #expect(next.map(\.repeated) == [false])
        #expect(data(saw(3, client, .ack, .max - 3, ack: 501, payload: 10)).map(\.repeated) == [true])
    }

    private func totals(_ bodies: [Event.Body]) -> [ConnectionTotals] {
        bodies.compactMap { if case .connection(let totals) = $0 { totals } else { nil } }
    }

    @Test mutating func `totals are told once both sides have closed`() throws {
        handshake()
        _ = saw(1, client, .ack, 101, ack: 501, payload: 10)
        _ = saw(1.3, client, .ack, 101, ack: 501, payload: 10)
        _ = saw(2, server, .ack, 501, ack: 111, payload: 700)
        _ = saw(3, server, [.fin, .ack], 1201, ack: 111)
        #expect(totals(saw(4, client, [.fin, .ack], 111, ack: 1202)).isEmpty)
        let told = try #require(totals(saw(4.1, server, .ack, 1202, ack: 112)).first)
        #expect(told.ending == .closed)
        #expect(told.from == client)
        #expect(told.sent == .init(packets: 5, bytes: 10, retransmitted: 1))
        #expect(told.received == .init(packets: 4, bytes: 700, retransmitted: 0))
        #expect(totals(tracker.stop(at: Timestamp(nanoseconds: 9_000_000_000))).isEmpty)
    }

    @Test mutating func `totals of a reset, of one that is replaced, and of one that stays`() {
        handshake()
        #expect(totals(saw(3, server, [.reset, .ack], 501, ack: 101)).map(\.ending) == [.reset])
        #expect(totals(saw(3, server, [.reset, .ack], 501, ack: 101)).isEmpty)
        handshake(at: 5, first: 200)
        #expect(totals(saw(6, client, .syn, 300)).map(\.ending) == [.replaced])
        // Never answered: it was no connection.
        #expect(totals(saw(7, client, .syn, 400)).isEmpty)
        handshake(at: 8, first: 500)
        let open = totals(tracker.stop(at: Timestamp(nanoseconds: 20_000_000_000)))
        #expect(open.map(\.ending) == [.open])
        #expect(open.map(\.quiet) == [12_000_000_000])
    }

    @Test mutating func `totals are told at the host that began, not in the middle`() {
        tracker = ConnectionTracker(link: "home-cloud", own: [IPAddress("10.77.2.6")])
        handshake()
        #expect(totals(saw(3, server, [.reset, .ack], 501, ack: 101)).isEmpty)
    }
}
