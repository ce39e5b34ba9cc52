import Faults
import Glibc
import Kernel
import Labs

@testable import Scenarios

/// A lab with actors of a test in it, for faults to strike.
final class TestField: FaultField {
    let lab: Lab
    let testActors = TestActors()
    let loop: EventLoop
    let seed: UInt64 = 1
    private var struck = 0
    /// What a fault did by itself while it lasted and could not.
    private(set) var failure: (any Error)?

    init(_ plan: LabPlan) throws {
        lab = try Lab(plan, seed: 1)
        loop = try EventLoop()
    }

    func after(_ delay: Duration, _ body: @escaping () throws -> Void) -> EventLoop.Token {
        loop.after(delay) { [unowned self] in do { try body() } catch { failure = failure ?? error } }
    }

    func watch(_ descriptor: Int32, _ body: @escaping () throws -> Void) throws -> EventLoop.Token {
        try loop.watch(descriptor) { [unowned self] in do { try body() } catch { failure = failure ?? error } }
    }

    func cancel(_ token: EventLoop.Token) { loop.cancel(token) }

    func moveClock(by step: Duration, _ change: () throws -> Void) throws { try change() }

    /// Lets that much time pass, with all that faults do in it.
    func pass(_ time: Duration) throws {
        _ = try loop.run(until: Clock.now + time.wholeNanoseconds) { false }
        if let failure { throw failure }
    }

    var actors: any ActorControl { testActors }
    func namespace(of host: String) -> Int32 { lab.host(host).namespace.raw }
    func link(_ name: String) -> Wire { lab.link(name) }
    func router(_ name: String) -> NATRouter { lab.router(name) }

    /// As the engine does it, from a checked plan.
    /// - Parameter place: in the timeline; counted when not given.
    func strike(
        _ kind: String, _ target: FaultTarget, _ parameters: [String: Value] = [:], at place: Int? = nil
    ) throws -> any ActiveFault {
        let plan = FaultPlan(
            index: place ?? struck, kind: kind, at: .zero, until: nil, target: target, parameters: parameters,
            position: "test")
        struck += 1
        return try FaultCatalog.make(plan).strike(in: self)
    }

    /// A connection between hosts to a listener of the test.
    func connect(
        from source: String, to listener: TestListener, on destination: String, port: Int = 7000
    ) throws -> (client: TestConnection, server: TestConnection) {
        let client = try TestConnection(
            from: namespace(of: source), to: lab.host(destination).addresses[0], port: port)
        return (client, try listener.accept())
    }
}

extension TestConnection {
    /// Both ends hear each other.
    func talks(to other: TestConnection, within time: Duration = .seconds(5)) -> Bool {
        say("one") && other.hear(within: time) == .bytes("one") && other.say("two")
            && hear(within: time) == .bytes("two")
    }

    /// What the kernel says of it: its state (1 is ESTABLISHED) and how many segments it sent again.
    var kernelInfo: (state: UInt8, retransmitted: UInt32) {
        var info = tcp_info()
        var size = socklen_t(MemoryLayout<tcp_info>.size)
        getsockopt(descriptor.raw, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
        return (info.tcpi_state, info.tcpi_total_retrans)
    }
}

/// How long it took, on the kernel's clock.
func elapsed(_ body: () throws -> Void) rethrows -> Duration {
    let start = Clock.now
    try body()
    return .nanoseconds(Clock.now - start)
}
