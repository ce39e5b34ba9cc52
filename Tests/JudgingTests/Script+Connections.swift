import Recordings

@testable import Scenarios

// Connections of a synthetic run, as the phone's link shows them.
extension Script {
    static func port(_ number: Int) -> Endpoint { Endpoint(address: "10.77.1.1", port: number) }

    /// An expectation that the subscriber owes.
    static func owed(_ kind: String, _ parameters: [String: Value] = [:]) -> ExpectationPlan {
        ExpectationPlan(
            index: 0, kind: kind, subject: .actor("subscriber"), parameters: parameters, position: "sample.yaml:1:1",
            text: "\(kind): subscriber")
    }

    /// A run that records everything, with this expectation.
    static func recorded(
        _ kind: String, _ parameters: [String: Value] = [:], faults: [FaultPlan] = [], count: Int = 1
    ) -> Script {
        var script = Script.healthy(faults: faults, expect: [owed(kind, parameters)], count: count)
        script.records = Header.Record.allCases
        return script
    }

    /// From its SYN to its FIN; `to` nil: it is left.
    mutating func connection(
        _ number: Int, from: Double, to: Double? = nil, server: Endpoint = Script.broker, reset: Bool = false
    ) {
        let end = Script.port(number)
        at(from, Script.wire(.attempt, end, server))
        at(from + 0.1, Script.wire(.established, end, server))
        if let to { at(to, Script.wire(reset ? .reset : .fin, end, server)) }
    }

    mutating func data(
        _ second: Double, _ number: Int, fromServer: Bool = false, quiet: Double? = nil, repeated: Bool = false
    ) {
        let ends = fromServer ? (Script.broker, Script.port(number)) : (Script.port(number), Script.broker)
        at(
            second,
            .wire(
                WireChange(
                    link: "phone-home", .data, from: ends.0, to: ends.1, repeated: repeated, bytes: 10,
                    quiet: quiet.map { Int64($0 * 1e9) })))
    }

    mutating func tls(_ second: Double, _ number: Int, _ change: TLSChange.Change, server: Endpoint = Script.broker) {
        let isServers = if case .serverHello = change { true } else { false }
        let ends = isServers ? (server, Script.port(number)) : (Script.port(number), server)
        at(second, .tls(TLSChange(link: "phone-home", change, from: ends.0, to: ends.1)))
    }

    /// A whole handshake, and data behind it unless it is given up.
    mutating func handshake(
        _ second: Double, _ number: Int, version: String = "1.3", cipher: String = "TLS_AES_256_GCM_SHA384",
        name: String? = "broker", data: Bool = true
    ) {
        tls(second, number, .clientHello(version: version, name: name))
        tls(second + 0.1, number, .serverHello(version: version, cipher: cipher))
        tls(second + 0.2, number, data ? .finished : .alert(name: "bad_certificate"))
        if data { tls(second + 0.4, number, .data) }
    }

    mutating func sockets(_ second: Double, established: Int, finWait: Int = 0) {
        let states = [
            SocketTable.StateCount("ESTABLISHED", established), SocketTable.StateCount("FIN_WAIT1", finWait),
        ]
        at(second, .sockets(SocketTable(host: "phone", states: states)))
    }

    mutating func sample(
        _ second: Double, descriptors: Int = 10, threads: Int = 1, memory: Int = 20, closeWait: Int = 0,
        wakeups: Int64 = 0
    ) {
        let sample = ProcessSample(
            Script.client, cpu: 0, memory: Int64(memory) << 20, descriptors: descriptors, threads: threads,
            wakeups: wakeups)
        let states = [SocketTable.StateCount("ESTABLISHED", 1), SocketTable.StateCount("CLOSE_WAIT", closeWait)]
        at(second, .sockets(SocketTable(host: "phone", states: states)), .process(sample))
    }
}
