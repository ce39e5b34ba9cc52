import Foundation
import JSONLines
import Testing

/// What the timeline tells a driver reaches it, and what it cannot be told ends the run.
@Suite struct TellTests {
    /// Names the commands of its arguments in its hello, unless they are `silent`; says each that it gets as a note,
    /// with half a line on standard error before it.
    private static let driver = """
        import json, os, socket, sys, threading, time

        def say(event, **more):
            print(json.dumps({"event": event, "t": time.monotonic_ns(), **more}), flush=True)

        def listen():
            for line in sys.stdin:
                os.write(2, b"half a line, ")
                say("note", text=line.strip())

        commands = sys.argv[1:]
        if commands != ["silent"]:
            say("hello", library="told", version="1", commands=[c for c in commands if c != "deaf"])
        if "deaf" in commands:
            os.close(0)
        else:
            threading.Thread(target=listen, daemon=True).start()
        say("attempt")
        with socket.create_connection(("server", 7000)) as peer:
            say("connected")
            for line in peer.makefile():
                say("received", stream="ticks", seq=int(line))
        """

    private struct Run {
        var outcome: Halfopen.Outcome
        var verdict: String?
        var events: [JSON]

        /// Zero of the timeline, nanoseconds.
        var zero: Int64 { events.first { $0["phase"]?.string == "play" }?["t"]?.integer ?? 0 }

        func events(_ event: String, _ what: String) -> [JSON] {
            events.filter { $0["event"]?.string == event && $0["what"]?.string == what }
        }

        /// From zero, seconds.
        func time(_ event: JSON) -> Double { Double((event["t"]?.integer ?? 0) - zero) / 1e9 }
    }

    private func run(client: String, timeline: [String]) throws -> Run {
        let text = TestScenario.text(client: "[python3, told.py\(client)", timeline: timeline)
        let folder = try TestScenario.folder(text)
        _ = try folder.write("told.py", Self.driver)
        let outcome = try Halfopen.run(["run", "test.yaml", "--format", "json"], in: folder.path)
        let line = try #require(outcome.output.split(separator: "\n").last, "\(outcome.all)")
        let run = try #require(try JSON(parsing: String(line))["runs"]?.array?.first, "\(outcome.all)")
        let path = try #require(run["recording"]?.string, "\(outcome.all)")
        let recording = try String(contentsOfFile: path, encoding: .utf8)
        return Run(
            outcome: outcome, verdict: run["verdict"]?.string,
            events: try recording.split(separator: "\n").map { try JSON(parsing: String($0)) })
    }

    @Test func everyInstanceIsToldAtItsTime() throws {
        let run = try run(
            client: ", publish, drain], count: 2",
            timeline: [
                "{ at: 30s, tell: client, command: publish, with: { stream: orders, seq: 4, last: true, key: '7' } }",
                "{ at: 40s, tell: client, command: drain }",
            ])
        #expect(run.outcome.status == 0, "\(run.outcome.all)")
        let publish = #"{"command":"publish","stream":"orders","seq":4,"last":true,"key":"7"}"#
        let drain = #"{"command":"drain"}"#
        for index in 0...1 {
            func ours(_ event: JSON) -> Bool { event["index"]?.integer == Int64(index) }
            let told = run.events("actor", "told").filter(ours)
            #expect(told.map { $0["command"]?.string } == ["publish", "drain"])
            #expect(told.allSatisfy { $0["refused"] == nil }, "\(told.map(\.line))")
            // Half a line on standard error breaks no event.
            let heard = run.events("driver", "note").filter(ours)
            #expect(heard.map { $0["text"]?.string } == [publish, drain])
            #expect(heard.allSatisfy { $0["stamp"]?.string == "driver" })
            for (event, due) in zip(told + heard, [30, 40, 30, 40]) {
                #expect((0...0.000_01).contains(run.time(event) - Double(due)), "\(event.line)")
            }
        }
    }

    @Test(arguments: [
        (", close, cancel]", "the hello of its driver names only cancel, close", 0),
        ("]", "the hello of its driver names no command", 0),
        // Its hello may still come, until the moment of the command.
        (", silent]", "its driver has said no hello, which would name the commands that it knows", 1),
    ])
    func aDriverThatDoesNotKnowTheCommandCannotPlay(_ client: String, _ reason: String, _ plays: Int) throws {
        let run = try run(client: client, timeline: ["{ at: 30s, tell: client, command: drain }"])
        #expect(run.outcome.status == 2, "\(run.outcome.all)")
        #expect(run.verdict == "unsupported")
        let sentence = "test.yaml:14:5: client cannot be told \"drain\": \(reason)"
        #expect(run.events.last?["message"]?.string == sentence)
        #expect(run.events("actor", "told").isEmpty)
        #expect(run.events.count { $0["phase"]?.string == "play" } == plays)
    }

    @Test(arguments: [
        (", deaf, drain]", [], "it has closed its standard input"),
        (", drain]", ["{ at: 20s, fault: kill, of: client }"], "it is not running"),
    ])
    func theRecordingSaysWhoGotNothing(_ client: String, _ faults: [String], _ refused: String) throws {
        let run = try run(client: client, timeline: faults + ["{ at: 30s, tell: client, command: drain }"])
        #expect(run.outcome.status == 0, "\(run.outcome.all)")
        let told = run.events("actor", "told")
        #expect(told.map { $0["refused"]?.string } == [refused], "\(told.map(\.line))")
        #expect(run.events.last?["reason"]?.string == "finished")
    }
}
