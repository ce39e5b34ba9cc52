import Foundation
import JSONLines
import Testing

/// Actors that misbehave: a clear message, the right verdict and exit code, recording and logs kept.
@Suite struct MisbehavingActorsTests {
    /// An actor with one bad habit, and what its run comes to.
    struct Habit: CustomTestStringConvertible, Sendable {
        var what: String
        var client: String?
        var server: String?
        var ready: String?
        var serverReady = "{ port: 7000 }"
        var verdict: String
        var messages: [String]
        var testDescription: String { what }

        /// As DESIGN.md has it.
        var status: Int32 { verdict == "pass" ? 0 : verdict == "fail" ? 1 : 2 }
    }

    private func play(_ habit: Habit) throws -> (Played, Scratch) {
        let scratch = try TestScenario.folder(
            TestScenario.text(
                client: habit.client, server: habit.server, ready: habit.ready, serverReady: habit.serverReady))
        let played = try Played.play(scratch, ["--patience", "4"])
        #expect(played.verdict == habit.verdict, "\(played.outcome.all)")
        #expect(played.outcome.status == habit.status, "\(played.outcome.all)")
        for message in habit.messages { #expect(played.told.contains(message), "\(played.outcome.all)") }
        played.expectKept(in: scratch)
        return (played, scratch)
    }

    @Test(arguments: [
        Habit(
            what: "no such program", client: "[no-such-program]", verdict: "void",
            messages: ["The client client did not come up", "cannot find the program no-such-program"]),
        Habit(
            what: "no such file", server: "[./no-such-file]", verdict: "void",
            messages: ["The server server did not come up", "./no-such-file: No such file"]),
        Habit(
            what: "no program at all", client: "[./pair.py]", verdict: "void",
            messages: ["The client client did not come up", "./pair.py: Permission denied"]),
        Habit(
            what: "exits at once", client: #"["true"]"#, verdict: "void",
            messages: ["client ended before the run was healthy (exit status 0; it said nothing)"]),
        Habit(
            what: "dies at once", client: "[python3, actors.py, dies-before]", verdict: "void",
            messages: [#"(exit status 3; the last it said: \"no route to mars\")"#]),
        Habit(
            what: "server exits at once", server: #"["false"]"#, verdict: "void",
            messages: ["server ended before it was ready (exit status 1"]),
        Habit(
            what: "never listens", server: "[sleep, '1000']", verdict: "void",
            messages: ["server was not ready in time: nothing listens on port 7000 of right; it said nothing"]),
        Habit(
            what: "never says the line", server: "[sh, -c, 'echo starting; sleep 1000']",
            serverReady: "{ log: up and running }", verdict: "void",
            messages: [#"no line of its output contains \"up and running\"; the last it said: \"starting\""#]),
        Habit(
            what: "never says the event", client: "[sleep, '1000']", ready: "{ event: connected }", verdict: "void",
            messages: [#"its driver said no \"connected\" event"#]),
        Habit(
            what: "never gets healthy", client: "[sleep, '1000']", verdict: "void",
            messages: ["not healthy within 1m: client said nothing"]),
        Habit(
            what: "unsupported",
            client: #"[sh, -c, 'echo "{{\"event\": \"unsupported\", \"text\": \"no TLS\"}}"; sleep 9']"#,
            verdict: "unsupported", messages: ["client cannot play this scenario: no TLS"]),
        Habit(
            what: "exits with 127", client: "[sh, -c, 'exit 127']", verdict: "unsupported",
            messages: ["client cannot play this scenario: the driver exited with 127"]),
    ])
    func `keeps a run from beginning`(_ habit: Habit) throws { _ = try play(habit) }

    @Test(arguments: ["flood-lines", "flood-blob"]) func `a gigabyte of output is survived`(_ way: String) throws {
        let (played, scratch) = try play(
            Habit(
                what: way, client: "[python3, actors.py, \(way)]", verdict: "pass",
                messages: ["note: the log of client ends after 1048576 bytes"]))
        #expect(scratch.bytes("reports/test/seed-1/logs/client.log").count == 1 << 20)
        #expect(played.changes("client", "log-truncated").count == 1)
        // The rest of the run went on as if nothing were.
        #expect(played.said("server", "sent").count > 50)
    }

    @Test(arguments: ["yes", "flood-events"]) func `an endless flood is ended`(_ way: String) throws {
        let (played, _) = try play(
            Habit(
                what: way, client: "[python3, actors.py, \(way)]", verdict: "fail",
                messages: ["fail: conduct: client", "It flooded its output"]))
        #expect(played.changes("client", "runaway").count == 1)
        #expect(played.findings("conduct: client").first?["verdict"] == "fail")
    }

    @Test func `binary garbage is a log like any other`() throws {
        let (played, scratch) = try play(
            Habit(what: "binary", client: "[python3, actors.py, binary]", verdict: "pass", messages: []))
        let log = scratch.bytes("reports/test/seed-1/logs/client.log")
        #expect(log.starts(with: (0...255).map { UInt8($0) }))
        #expect(log.suffix(5) == Data("\u{1B}[2J\n".utf8))
        #expect(played.said("client", "note").isEmpty)
    }

    @Test func `SIGTERM ignored is SIGKILL, and recorded as that`() throws {
        let (played, _) = try play(
            Habit(what: "deaf", client: "[python3, actors.py, deaf]", verdict: "pass", messages: []))
        #expect(played.changes("client", "stopped").first?["killed"] == true)
        #expect(played.changes("server", "stopped").first?["killed"] == false)
    }

    @Test func `children that outlive their parent end with the run`() throws {
        for lab in ["virtual", "host"] {
            let marker = Int.random(in: 1_000_000...9_000_000)
            let text = TestScenario.text(
                client: "[sh, -c, 'python3 actors.py daemon \(marker)']", end: "3s",
                expect: ["{ connects: client, within: 2s }"], link: "delay: 0ms")
            let scratch = try TestScenario.folder(text)
            let played = try Played.play(scratch, ["--lab", lab])
            #expect(played.outcome.status == 0, "\(played.outcome.all)")
            let folder = lab == "host" ? "seed-1-host" : "seed-1"
            #expect(scratch.text("reports/test/\(folder)/logs/client.log").contains("daemon in session"))
            #expect(!ProcessTable.commandLines().contains { $0.contains("actors.py daemon \(marker)") })
        }
    }

    @Test func `a client that ends well in the middle has ended all the same`() throws {
        let (played, _) = try play(
            Habit(
                what: "daemon-left", client: "[python3, actors.py, daemon-left]", verdict: "fail",
                messages: ["client ended by itself at ", "with exit status 0"]))
        #expect(played.changes("client", "exited").count == 1)
    }

    @Test(arguments: [("crashes", "killed by signal 11"), ("raises", "with exit status 1")])
    func `a crash in the middle fails`(_ way: String, _ how: String) throws {
        let (played, scratch) = try play(
            Habit(
                what: way, client: "[python3, actors.py, \(way)]", verdict: "fail",
                messages: ["fail: conduct: client", "client ended by itself at ", how]))
        let evidence = played.findings("conduct: client").first?["evidence"]?.array?.first
        #expect((evidence?["at"]?.number ?? 0).rounded() == 20)
        if way == "raises" { #expect(scratch.text("reports/test/seed-1/logs/client.log").contains("boom")) }
    }

    /// Not by name: both actors are Python.
    @Test func `a busy loop fails, and names who spins`() throws {
        let (played, _) = try play(
            Habit(
                what: "spins", client: "[python3, actors.py, spins]", verdict: "fail",
                messages: [
                    "fail: conduct: client", "It ran without a pause: virtual time stood still at 5.",
                    "python3 (process",
                    "a retry loop without a delay",
                ]))
        #expect(played.changes("client", "runaway").count == 1)
    }

    @Test func `a server that spins says nothing about the client`() throws {
        _ = try play(
            Habit(
                what: "spins", server: "[sh, -c, 'while :; do :; done']", verdict: "void",
                messages: ["The server server ran away and was ended"]))
    }

    @Test func `odd events are taken for what they are`() throws {
        let (played, scratch) = try play(
            Habit(what: "odd", client: "[python3, actors.py, odd-events]", verdict: "pass", messages: []))
        let start = played.changes("client", "started").first?["t"]?.integer ?? .max
        let stopped = played.changes("client", "stopped").first?["t"]?.integer ?? 0
        let said = played.events.filter { $0["event"] == "driver" && $0["actor"] == "client" }
        #expect(said.allSatisfy { ($0["t"]?.integer ?? 0) > start && ($0["t"]?.integer ?? .max) < stopped })
        #expect(played.said("client", "connected").count == 6)
        #expect(played.said("client", "connected").filter { $0["stamp"] == "reader" }.count == 5)
        #expect(played.said("client", "note").contains { $0["text"]?.string?.count == 100_000 })
        #expect(played.said("client", "note").contains { $0["extra"]?["event"] == "zoom" })
        // A number that is none is kept, and not taken for a sequence number.
        #expect(played.said("client", "received").map { $0["seq"] } == [nil, nil])
        #expect(played.said("client", "received").map { $0["extra"]?["seq"] } == ["7", 1.5])
        let log = scratch.text("reports/test/seed-1/logs/client.log")
        #expect(log.hasSuffix("the end of the odd ones\n"))
        #expect(log.contains(#"{"event": "received", "seq":"#) && log.contains(#"{"event": 7}"#))
    }

    @Test func `an event too long to keep voids the run`() throws {
        _ = try play(
            Habit(
                what: "huge", client: "[python3, actors.py, huge-event]", verdict: "void",
                messages: ["driver of client, in a line that is too long"]))
    }
}
