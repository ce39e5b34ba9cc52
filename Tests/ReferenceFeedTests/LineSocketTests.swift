import CLinux
import Glibc
import Kernel
import Testing

@testable import ReferenceFeed

/// A line socket with the test at its other end.
private final class Wire {
    let loop: EventLoop
    let far: Descriptor
    private(set) var socket: LineSocket?
    private(set) var received: [String] = []
    private(set) var lost: [String] = []
    var whenReceived: (String) -> Void = { _ in }

    init(outputLimit: Int = 1 << 20) throws {
        loop = try EventLoop()
        var ends: [Int32] = [0, 0]
        try System.call("make a pair of sockets") { socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) }
        far = Descriptor(owning: ends[1])
        let near = Descriptor(owning: ends[0])
        try near.setNonBlocking()
        try far.setNonBlocking()
        socket = try LineSocket(
            near, on: loop, outputLimit: outputLimit,
            LineSocket.Handlers(
                received: { [unowned self] in
                    received.append(String(decoding: $0, as: UTF8.self))
                    whenReceived(received.last ?? "")
                }, lost: { [unowned self] in lost.append($0) }))
    }

    func say(_ text: String) throws { try far.write(Array(text.utf8)) }
    func drop() { socket = nil }

    /// Lets everything happen that is due now.
    func turn() throws {
        _ = try loop.run(until: Clock.now + 1_000_000) { false }
    }
}

@Suite struct LineSocketTests {
    @Test func linesComeWholeHoweverTheyAreCut() throws {
        let wire = try Wire()
        for piece in ["on", "e\ntwo\n\nth", "ree", "\n"] {
            try wire.say(piece)
            try wire.turn()
        }
        #expect(wire.received == ["one", "two", "", "three"])
        #expect(wire.lost.isEmpty)
    }

    @Test func theOtherSidesEndIsALossAfterItsLastLine() throws {
        let wire = try Wire()
        try wire.say("last\nhalf")
        shutdown(wire.far.raw, Int32(SHUT_WR))
        try wire.turn()
        try wire.turn()
        #expect(wire.received == ["last"])
        #expect(wire.lost == ["the other side closed"])
    }

    @Test func aLineWithoutEndIsALoss() throws {
        let wire = try Wire()
        for _ in 0..<3 where wire.lost.isEmpty {
            try wire.say(String(repeating: "x", count: 30000))
            try wire.turn()
        }
        #expect(wire.received.isEmpty)
        #expect(wire.lost == ["a line of more than 65536 bytes"])
    }

    @Test func whatTheKernelDoesNotTakeIsSentLaterInItsOrder() throws {
        let wire = try Wire(outputLimit: 64 << 20)
        let lines = (0..<200).map { Array("\($0) \(String(repeating: "x", count: 10000))\n".utf8) }
        lines.forEach { wire.socket?.send($0) }
        var arrived: [UInt8] = []
        while arrived.count < lines.joined().count {
            while let bytes = try wire.far.read() { arrived += bytes }
            try wire.turn()
        }
        #expect(arrived == Array(lines.joined()))
        // And it still hears.
        try wire.say("heard\n")
        try wire.turn()
        #expect(wire.received == ["heard"] && wire.lost.isEmpty)
    }

    @Test func aPeerThatReadsNothingIsLostAtTheLimit() throws {
        let wire = try Wire(outputLimit: 100_000)
        let line = [UInt8](repeating: 0x78, count: 50000)
        for _ in 0..<100 { wire.socket?.send(line) }
        #expect(wire.lost.isEmpty, "never from inside send")
        try wire.turn()
        #expect(wire.lost == ["the other side does not read what it is sent"])
    }

    @Test func sendingToOneThatIsGoneIsALossAndNoSignal() throws {
        let wire = try Wire()
        shutdown(wire.far.raw, Int32(SHUT_RD))
        wire.socket?.send(Array("x\n".utf8))
        #expect(wire.lost.isEmpty)
        try wire.turn()
        #expect(wire.lost.count == 1)
    }

    @Test func nothingIsToldAfterClose() throws {
        let wire = try Wire()
        wire.whenReceived = { [unowned wire] _ in wire.socket?.close() }
        try wire.say("one\ntwo\n")
        try wire.turn()
        #expect(wire.received == ["one"])
        shutdown(wire.far.raw, Int32(SHUT_RDWR))
        try wire.turn()
        #expect(wire.lost.isEmpty)
    }

    @Test func aLossThatIsDueIsNotToldAfterClose() throws {
        let wire = try Wire()
        shutdown(wire.far.raw, Int32(SHUT_RD))
        wire.socket?.send(Array("x\n".utf8))
        wire.socket?.close()
        try wire.turn()
        #expect(wire.lost.isEmpty)
    }

    @Test func itMayBeClosedAndDroppedFromItsOwnHandler() throws {
        let wire = try Wire()
        wire.whenReceived = { [unowned wire] _ in
            wire.socket?.close()
            wire.drop()
        }
        try wire.say("one\ntwo\n")
        try wire.turn()
        #expect(wire.received == ["one"] && wire.lost.isEmpty)
    }
}
