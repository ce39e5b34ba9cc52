import Judging
import Testing

@testable import Scenarios

@Suite struct TLSTests {
    private func finding(
        _ parameters: [String: Value] = [:], _ tell: (inout Script) -> Void
    ) -> Finding {
        var script = Script.recorded("tls", ["version": .text("1.2")].merging(parameters) { $1 })
        script.connection(40001, from: 10, to: 100)
        tell(&script)
        return script.finding
    }

    @Test func `a good connection`() {
        let found = finding { $0.handshake(10.2, 40001) }
        #expect(found.verdict == .pass)
        #expect(found.measured == 0)
    }

    @Test(arguments: [("1.2", Verdict.pass), ("1.1", .fail), ("SSL 3.0", .fail)])
    func `the floor itself is good enough`(version: String, verdict: Verdict) {
        #expect(finding { $0.handshake(10.2, 40001, version: version) }.verdict == verdict)
    }

    @Test func `a client that offers too little fails without an answer`() {
        let found = finding { $0.tls(10.2, 40001, .clientHello(version: "1.1", name: nil)) }
        #expect(found.verdict == .fail)
        #expect(found.summary.contains("offers TLS 1.1"))
    }

    @Test func `a client that refuses an old server`() {
        func met(_ then: (inout Script) -> Void) -> Finding {
            finding { script in
                script.tls(10.2, 40001, .clientHello(version: "1.3", name: "broker"))
                script.tls(10.3, 40001, .serverHello(version: "1.0", cipher: "TLS_RSA_WITH_AES_128_CBC_SHA"))
                then(&script)
            }
        }
        let refused = met { $0.tls(10.4, 40001, .alert(name: "protocol_version")) }
        #expect(refused.verdict == .pass && refused.summary.contains("refused"))
        #expect(met { $0.tls(10.4, 40001, .finished) }.verdict == .fail)
        // One that waits for the rest of the handshake has agreed.
        #expect(met { _ in }.verdict == .fail)
        let beside = met { script in
            script.tls(10.4, 40001, .alert(name: "protocol_version"))
            script.connection(40002, from: 20, to: 90)
            script.handshake(20.2, 40002)
        }
        #expect(beside.verdict == .pass && beside.summary.contains("the last: 1.3"))
    }

    @Test(arguments: [(10.8, Verdict.pass), (12.0, .fail)])
    func `ending the connection at once is a refusal as well`(end: Double, verdict: Verdict) {
        var script = Script.recorded("tls", ["version": .text("1.2")])
        script.connection(40001, from: 10, to: end)
        script.tls(10.2, 40001, .clientHello(version: "1.3", name: "broker"))
        script.tls(10.3, 40001, .serverHello(version: "1.0", cipher: "TLS_RSA_WITH_AES_128_CBC_SHA"))
        #expect(script.finding.verdict == verdict)
    }

    @Test func `patterns of cipher suites`() {
        let cbc = "TLS_RSA_WITH_AES_128_CBC_SHA"
        let forbidden: [String: Value] = ["forbidden": .texts(["*_CBC_*", "*_RC4_*"])]
        #expect(finding(forbidden) { $0.handshake(10.2, 40001, version: "1.2", cipher: cbc) }.verdict == .fail)
        #expect(finding(forbidden) { $0.handshake(10.2, 40001) }.verdict == .pass)
        let allowed: [String: Value] = ["ciphers": .texts(["TLS_AES_*", "TLS_CHACHA20_POLY1305_SHA256"])]
        #expect(finding(allowed) { $0.handshake(10.2, 40001, version: "1.2", cipher: cbc) }.verdict == .fail)
        #expect(finding(allowed) { $0.handshake(10.2, 40001) }.verdict == .pass)
        #expect(finding(allowed) { $0.handshake(10.2, 40001, cipher: "XTLS_AES_1") }.verdict == .fail)
    }

    @Test(arguments: [("broker", Verdict.pass), ("other", .fail), (nil, .fail)] as [(String?, Verdict)])
    func `the server name`(name: String?, verdict: Verdict) {
        let found = finding(["server-name": .text("broker")]) { $0.handshake(10.2, 40001, name: name) }
        #expect(found.verdict == verdict)
    }

    @Test func `nothing to judge is void`() {
        #expect(finding { $0.tls(10.2, 40001, .plain(protocol: "http")) }.verdict == .void)
        #expect(finding { $0.tls(10.2, 40001, .clientHello(version: "1.3", name: nil)) }.verdict == .void)
        #expect(finding(["to": .text("home")]) { $0.handshake(10.2, 40001, version: "1.0") }.verdict == .void)
        let old = finding { script in
            script.records = []
            script.handshake(10.2, 40001)
        }
        #expect(old.verdict == .void && old.summary.contains("did not record"))
    }
}
