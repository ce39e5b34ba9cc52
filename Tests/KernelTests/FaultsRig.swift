import Faults
import Glibc
import Kernel
import Labs

@testable import Scenarios

/// A lab with actors of a test in it, for faults to strike.
final class TestField: FaultField {
    let lab: Lab
    let testActors = TestActors()
    private var struck = 0

    init(_ plan: LabPlan) throws { lab = try Lab(plan, seed: 1) }

    var actors: any ActorControl { testActors }
    func namespace(of host: String) -> Int32 { lab.host(host).namespace.raw }
    func link(_ name: String) -> Wire { lab.link(name) }
    func router(_ name: String) -> NATRouter { lab.router(name) }

    /// As the engine does it, from a checked plan.
    func strike(
        _ kind: String, _ target: FaultTarget, _ parameters: [String: Value] = [:]
    ) throws -> any ActiveFault {
        let plan = FaultPlan(
            index: struck, kind: kind, at: .zero, until: nil, target: target, parameters: parameters, position: "test")
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
