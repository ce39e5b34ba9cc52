import Glibc
import Testing

@testable import Kernel

@Suite struct EventLoops {
    /// Both ends of a connection, neither of which blocks.
    private final class Pair {
        let near: Descriptor
        let far: Descriptor

        init() throws {
            var ends: [Int32] = [0, 0]
            try System.call("make a pair of sockets") { socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) }
            near = Descriptor(owning: ends[0])
            far = Descriptor(owning: ends[1])
            try near.setNonBlocking()
        }
    }

    /// When two things were handled that came 2 and 10 ms after a first one, which began a turn: since that.
    private func turns(coalescing: Int64) throws -> [Int64] {
        let loop = try EventLoop()
        loop.coalescing = coalescing
        let pair = try Pair()
        try pair.far.write([1])
        var times: [Int64] = []
        let token = try loop.watch(pair.near.raw) {
            _ = try? pair.near.read()
            let began = loop.now
            for later: Int64 in [2_000_000, 10_000_000] { loop.at(began + later) { times.append(loop.now - began) } }
        }
        #expect(try loop.run(until: Clock.now + 5_000_000_000) { times.count == 2 })
        loop.cancel(token)
        return times
    }

    @Test func `what comes within a moment is handled together, and no later`() throws {
        let together = try turns(coalescing: 40_000_000)
        #expect(together[0] == together[1])
        #expect(together[0] >= 40_000_000)
        let apart = try turns(coalescing: 0)
        #expect(apart[0] < apart[1])
    }

    @Test func `a watch can be changed, and tells what is broken`() throws {
        let loop = try EventLoop()
        let pair = try Pair()
        var told: [String] = []
        let token = try loop.watch(pair.near.raw, for: .writable, telling: { told.append("writable, broken: \($0)") })
        func turn() throws { _ = try loop.run(until: Clock.now + 20_000_000) { !told.isEmpty } }
        try turn()
        #expect(told == ["writable, broken: false"])
        told = []
        try loop.change(token, for: .readable) { told.append("readable") }
        try turn()
        #expect(told == [])
        try pair.far.write([1])
        try turn()
        #expect(told == ["readable"])
        loop.cancel(token)
    }

    @Test func `a connection that is hung up is told so`() throws {
        let loop = try EventLoop()
        let pair = try Pair()
        var told: [Bool] = []
        let token = try loop.watch(pair.near.raw, for: .readable, telling: { told.append($0) })
        shutdown(pair.far.raw, Int32(SHUT_RDWR))
        #expect(try loop.run(until: Clock.now + 1_000_000_000) { !told.isEmpty })
        #expect(told.first == true)
        loop.cancel(token)
    }

    @Test func `what is to be said last is said behind every timer that is due`() throws {
        let loop = try EventLoop()
        var said: [String] = []
        loop.at(1) {
            loop.beforeWaiting { said.append("last") }
            said.append("first")
        }
        loop.at(2) { said.append("second") }
        #expect(try loop.run(until: Clock.now + 1_000_000_000) { said.count == 3 })
        #expect(said == ["first", "second", "last"])
    }
}
