import Recordings
import Testing

@testable import Probes

@Suite struct ConnectionTrackerTests {
    private let client = Endpoint(address: "10.77.1.1", port: 40000)
    private let server = Endpoint(address: "10.77.2.6", port: 1883)
    private var tracker = ConnectionTracker(link: "phone-home")

    private mutating func saw(
        _ from: Endpoint, _ flags: ConnectionTracker.Flags, sequence: UInt32 = 0, payload: Int = 0
    ) -> [WireChange.Change] {
        let to = from == client ? server : client
        return saw(.init(from: from, to: to, flags: flags, sequence: sequence, payload: payload)).map(\.change)
    }

    private mutating func saw(_ packet: ConnectionTracker.Packet) -> [WireChange] {
        tracker.saw(packet, at: Timestamp(nanoseconds: 0)).compactMap { body in
            if case .wire(let change) = body { change } else { nil }
        }
    }

    private mutating func handshake(sequence: UInt32 = 1) {
        _ = saw(client, .syn, sequence: sequence)
        _ = saw(server, [.syn, .ack])
        _ = saw(client, .ack)
    }

    @Test mutating func tellsALifeFromSYNToFIN() {
        #expect(saw(client, .syn, sequence: 1) == [.attempt])
        #expect(saw(server, [.syn, .ack]) == [])
        #expect(saw(client, .ack) == [.established])
        #expect(saw(client, .ack, payload: 10) == [.firstRequest])
        #expect(saw(server, .ack, payload: 4) == [.firstResponse])
        #expect(saw(server, .ack, payload: 4) == [])
        #expect(saw(server, [.fin, .ack]) == [.fin])
        #expect(saw(server, [.fin, .ack]) == [])
        #expect(saw(client, [.fin, .ack]) == [.fin])
    }

    @Test mutating func tellsARepeatedSYNFromANewConnection() {
        let syn = ConnectionTracker.Packet(from: client, to: server, flags: .syn, sequence: 9)
        #expect(saw(syn).map(\.repeated) == [false])
        #expect(saw(syn).map(\.repeated) == [true])
        let next = ConnectionTracker.Packet(from: client, to: server, flags: .syn, sequence: 10)
        #expect(saw(next).map(\.repeated) == [false])
    }

    @Test mutating func doesNotCallAnUnansweredAttemptEstablished() {
        _ = saw(client, .syn, sequence: 1)
        #expect(saw(client, .ack) == [])
    }

    @Test mutating func tellsOneResetForEachSide() {
        handshake()
        #expect(saw(server, .reset) == [.reset])
        #expect(saw(server, .reset) == [])
        #expect(saw(client, [.reset, .ack]) == [.reset])
    }

    @Test mutating func forgetsTheOldConnectionWhenItsPortsAreUsedAgain() {
        handshake(sequence: 1)
        _ = saw(server, .reset)
        handshake(sequence: 2)
        #expect(saw(server, .reset) == [.reset])
    }

    @Test mutating func seesAConnectionWhoseBeginningItMissed() {
        #expect(saw(server, .reset) == [.reset])
        #expect(saw(client, .syn, sequence: 3) == [.attempt])
    }
}
