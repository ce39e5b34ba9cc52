import Faults
import Kernel
import LabKernel
import Labs
import Running
import Scenarios

/// How long every fault of the way takes to arm: from the decision to the kernel's last acknowledgement, all directions
/// and links included. For `make bench`, on the host's kernel.
struct ArmBench {
    /// Of each fault, in the order of the catalog: nanoseconds of each round, or why this kernel cannot do it.
    private(set) var results: [(name: String, outcome: Result<[Int64], FaultError>)] = []

    /// Beside the examples of the definitions.
    private static let others = [
        ("blackhole of everything", "- { at: 1m, until: 2m, fault: blackhole, between: [phone, home] }"),
        (
            "blackhole of what is established",
            "- { at: 1m, until: 2m, fault: blackhole, between: [phone, home], connections: established }"
        ),
        (
            "partition, two hosts from two",
            "- { at: 1m, until: 2m, fault: partition, groups: [[phone, home], [cloud, shop]] }"
        ),
    ]

    init(rounds: Int) throws {
        let definitions = FaultCatalog.definitions.filter { [.link, .router, .groups].contains($0.target) }
        let lines = Self.others + definitions.map { ($0.name, $0.example) }
        for (name, line) in lines {
            let scenario = try Self.load(line)
            let field = try BenchField(scenario.lab)
            do throws(FaultError) {
                results.append((name, .success(try Self.times(scenario.faults[0], field, rounds: rounds))))
            } catch {
                guard error.isUnsupported else { throw error }
                results.append((name, .failure(error)))
            }
        }
    }

    private static func times(
        _ plan: FaultPlan, _ field: BenchField, rounds: Int
    ) throws(FaultError) -> [Int64] {
        var times: [Int64] = []
        for _ in 0..<rounds {
            let fault = FaultCatalog.make(plan)
            let before = Clock.now
            let active = try fault.strike(in: field)
            times.append(Clock.now - before)
            try active.heal()
        }
        return times
    }

    private static func load(_ line: String) throws -> Scenario {
        let text = """
            format: 1
            name: arm
            summary: A fault of the way.
            lab:
              hosts: { phone: {}, home: { nat: {} }, cloud: {}, shop: {} }
              links:
                - { between: [phone, home] }
                - { between: [home, cloud] }
                - { between: [cloud, shop] }
            actors:
              broker: { role: server, on: cloud, run: [server] }
              subscriber: { role: client, on: phone, run: [client] }
            timeline:
              \(line)
              - { end: 40m }
            expect:
              - { connects: subscriber, within: 10s }
            """
        let source = SourceFile(path: "arm.yaml", text: text)
        return try ScenarioLoader.standard.load(sources: [source], name: "arm").scenario
    }
}

/// A lab without actors.
private final class BenchField: FaultField {
    let lab: Lab
    let seed: UInt64 = 1
    private let loop: EventLoop
    private let nobody = Nobody()

    init(_ plan: LabPlan) throws {
        lab = try Lab(plan, seed: seed)
        loop = try EventLoop()
    }

    var actors: any ActorControl { nobody }
    func namespace(of host: String) -> Int32 { lab.host(host).namespace.raw }
    func link(_ name: String) -> Wire { lab.link(name) }
    func router(_ name: String) -> NATRouter { lab.router(name) }
    func after(_ delay: Duration, _ body: @escaping () throws -> Void) -> EventLoop.Token {
        loop.after(delay) { try? body() }
    }
    func watch(_ descriptor: Int32, _ body: @escaping () throws -> Void) throws -> EventLoop.Token {
        try loop.watch(descriptor) { try? body() }
    }
    func cancel(_ token: EventLoop.Token) { loop.cancel(token) }

    private final class Nobody: ActorControl {
        func processes(of actor: String) -> [Int32] { [] }
        func host(of actor: String) -> String { "" }
        func signal(_ actor: String, _ signal: Int32) {}
        func expectEnd(of actor: String) {}
        func restart(_ actor: String, after delay: Duration) {}
    }
}
