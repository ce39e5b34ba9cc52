import JSONLines
import Kernel
import Testing

@testable import ReferenceFeed

extension ShellTests {
    /// Both shells over the loopback, over each transport.
    @Suite struct TransportShellTests {
        private static func server(_ kind: TransportKind, _ files: TestCertificates.Files) -> [String] {
            ["--transport", kind.rawValue]
                + (kind.isEncrypted ? ["--certificate", files.certificate, "--key", files.key] : [])
        }

        private static func client(_ kind: TransportKind) -> [String] {
            ["--transport", kind.rawValue] + (kind.isEncrypted ? ["--ca", TestCertificates.authority] : [])
        }

        @Test(arguments: TransportKind.allCases)
        func everyMessageArrivesOnceAndInOrder(kind: TransportKind) throws {
            let stage = try Stage()
            try stage.startServer(Self.server(kind, TestCertificates.good))
            try stage.startClient(Self.client(kind))
            // Some heartbeats, and their pings.
            #expect(try stage.run(until: "received", 40))
            #expect(stage.states == ["connecting", "authenticating", "connected"])
            #expect(stage.received == Array(stage.received[0]..<(stage.received[0] + Int64(stage.received.count))))
            #expect(stage.all("error").isEmpty)
        }

        @Test(arguments: TransportKind.allCases)
        func manySessionsShareAProcess(kind: TransportKind) throws {
            let stage = try Stage()
            // Twenty handshakes on a busy machine take longer than the usual heartbeat here.
            try stage.startServer(Self.server(kind, TestCertificates.good) + ["--heartbeat", "500ms"])
            try stage.startSessions(20, Self.client(kind))
            #expect(try stage.run(until: "received", 200))
            #expect(Set(stage.all("connected").compactMap { $0["session"]?.string }).count == 20)
            #expect(stage.all("error").isEmpty)
        }

        @Test(arguments: TransportKind.allCases)
        func closingIsNoSurpriseToTheServer(kind: TransportKind) throws {
            let stage = try Stage()
            try stage.startServer(Self.server(kind, TestCertificates.good))
            try stage.startClient(Self.client(kind))
            #expect(try stage.run(until: "received", 2))
            #expect(stage.client?.obey(Array(#"{"command":"close"}"#.utf8)) == true)
            #expect(try stage.run(until: "note", 1))
            #expect(stage.all("note").map { $0["text"]?.string } == ["1 ended: goodbye"])
            #expect(stage.states.last == "disconnected")
            try stage.wait(milliseconds: 50)
            #expect(stage.all("error").isEmpty)
        }

        @Test func aWrongCertificateIsRefusedAgainAndAgain() throws {
            let stage = try Stage()
            try stage.startServer(Self.server(.tls, TestCertificates.otherName))
            try stage.startClient(Self.client(.tls))
            #expect(try stage.run(until: "refused", 3))
            let refused = stage.all("refused")
            #expect(refused.allSatisfy { $0["fatal"]?.bool == false })
            #expect(refused[0]["text"]?.string == "TLS: the certificate is refused: hostname mismatch")
            #expect(stage.all("connected").isEmpty && !stage.states.contains("authenticating"))
        }

        @Test func aServerThatGoesWithoutAWordIsReported() throws {
            for (kind, text) in [(TransportKind.tls, Transport.noNotify), (.ws, Transport.noCloseFrame)] {
                let stage = try Stage()
                // No heartbeat before the end: nobody waits for the close of a side that owes an answer to a ping.
                try stage.startServer(
                    Self.server(kind, TestCertificates.good)
                        + ["--heartbeat", "500ms", "--mutant", "server-closes-without-close-frame"])
                try stage.startClient(Self.client(kind))
                #expect(try stage.run(until: "received", 2))
                #expect(stage.client?.obey(Array(#"{"command":"close"}"#.utf8)) == true)
                #expect(try stage.run(until: "error", 1))
                #expect(stage.all("error").map { $0["text"]?.string } == [text])
            }
        }

        @Test func whoAnswersNoPingsIsThrownOut() throws {
            let stage = try Stage()
            try stage.startServer(Self.server(.ws, TestCertificates.good))
            try stage.startClient(Self.client(.ws) + ["--mutant", "never-answers-pings"])
            #expect(try stage.run(until: "error", 1))
            #expect(stage.all("note").contains { $0["text"]?.string?.hasSuffix("2 pings without an answer") ?? false })
        }
    }
}
