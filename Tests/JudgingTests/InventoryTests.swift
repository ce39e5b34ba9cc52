import Recordings
import Scenarios
import Testing

@testable import Judging

@Suite struct InventoryTests {
    private func connection(_ port: Int) -> Endpoint { Endpoint(address: "10.77.1.1", port: port) }

    private func view(_ script: Script) -> RunView {
        RunView(script.recording, scenario: script.scenario, catalog: Script.catalog)
    }

    private func life(_ script: inout Script, _ port: Int, from: Double, to: Double?) {
        let end = connection(port)
        script.at(from, Script.wire(.attempt, end, Script.broker))
        script.at(from + 0.1, Script.wire(.established, end, Script.broker))
        if let to { script.at(to, Script.wire(.fin, end, Script.broker)) }
    }

    @Test func `a connection from its SYN to its totals`() throws {
        var script = Script.healthy(expect: [.connects(.seconds(5))])
        life(&script, 40001, from: 10, to: 100)
        script.at(
            10.2,
            .tls(TLSChange(link: "phone-home", .plain(protocol: "mqtt"), from: connection(40001), to: Script.broker)))
        script.at(100, Script.wire(.fin, Script.broker, connection(40001)))
        script.at(
            100.1,
            .connection(
                ConnectionTotals(
                    link: "phone-home", .closed, from: connection(40001), to: Script.broker,
                    sent: .init(packets: 4, bytes: 99), received: .init(), quiet: 0)))
        let run = view(script)
        let found = try #require(run.inventory.connections.first)
        #expect(run.inventory.connections.count == 1)
        #expect(found.owner == Script.client)
        #expect(found.destination == "broker")
        #expect(found.endings.map(\.byInitiator) == [true, false])
        #expect(found.encryption.map(\.change) == [.plain(protocol: "mqtt")])
        #expect(found.totals?.totals.sent.bytes == 99)
        #expect(!found.isOpen(at: Script.time(101)) && found.isOpen(at: Script.time(99)))
    }

    @Test func `the same port again is another connection`() {
        var script = Script.healthy(expect: [.connects(.seconds(5))])
        life(&script, 40001, from: 10, to: 20)
        life(&script, 40001, from: 30, to: nil)
        let connections = view(script).inventory.connections
        #expect(connections.map(\.began.time) == [Script.time(10), Script.time(30)])
        #expect(connections.map { $0.released == nil } == [false, true])
    }

    @Test func `several on one host are told apart by their owners`() {
        var script = Script.healthy(expect: [.connects(.seconds(5))], count: 2)
        script.records = [.connections]
        for (index, port) in [(0, 40001), (1, 40002)] {
            script.at(
                10,
                .owner(ConnectionOwner(Instance("subscriber", index), from: connection(port), to: Script.broker)))
            life(&script, port, from: 10, to: 20)
        }
        let run = view(script)
        for (index, port) in [(0, 40001), (1, 40002)] {
            let wire = run.ownWire(of: Instance("subscriber", index)) ?? []
            #expect(wire.map(\.change.change) == [.attempt, .established, .fin])
            #expect(wire.allSatisfy { $0.change.from.port == port })
        }
    }

    @Test func `a recording of before does not tell them apart`() {
        var script = Script.healthy(expect: [.connects(.seconds(5))], count: 2)
        life(&script, 40001, from: 10, to: 20)
        #expect(view(script).ownWire(of: Instance("subscriber", 1)) == nil)
    }

    @Test func `sessions are tied to connections by their own end`() {
        var script = Script.healthy(expect: [.connects(.seconds(5))])
        for (session, port) in [("a", 40001), ("b", 40002)] {
            life(&script, port, from: 10, to: 20)
            script.at(
                10.3,
                .driver(
                    DriverReport(
                        Script.client, .connected, session: session,
                        extra: [.init("local", .string("10.77.1.1:\(port)"))])))
        }
        let run = view(script)
        let wire = run.wire(of: .init(instance: Script.client, session: "b")) ?? []
        #expect(wire.count == 3 && wire.allSatisfy { $0.change.from.port == 40002 })
        #expect(run.wire(of: .init(instance: Script.client, session: "c"))?.isEmpty == true)
    }
}
