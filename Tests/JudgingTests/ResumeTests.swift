import JSONLines
import Judging
import Recordings
import Testing

@testable import Scenarios

@Suite struct ResumeExpectation {
    /// Gone from 600 to 620; `resumed` as said, the backlog from `from` on.
    private func run(
        _ parameters: [String: Value] = [:], ok: Bool? = true, from: Int? = 600, again: Bool = false
    ) -> Script {
        var script = Script.healthy(faults: [.hangUp(600)], expect: [.client("resume", parameters)])
        script.messages(-5, 1800, lost: 600..<620)
        script.strike(0, "hang-up", from: 600)
        script.at(600.1, Script.state("reconnecting"))
        script.at(619.8, Script.says(.attempt))
        if let ok { script.at(619.9, Script.says(.resumed, fields: [("ok", .bool(ok))])) }
        script.at(619.9, Script.says(.connected))
        if let from { for second in from..<620 { script.at(619.95, Script.received(Int64(second))) } }
        return script
    }

    @Test func `it goes on where it was`() {
        #expect(run().judgement().verdict == .pass)
        #expect(run().finding.measured == 0)
        #expect(run().finding.evidence.map(\.text) == ["subscriber was back; its resume was confirmed"])
    }

    @Test func `off by one, either way`() {
        let skipped = run(from: 601).finding
        #expect(skipped.verdict == .fail)
        #expect(skipped.measured == 1)
        #expect(skipped.summary.contains("skipped 1 message, first ticks 600:"), "\(skipped.summary)")
        let again = run(from: 599).finding
        #expect(again.verdict == .fail)
        #expect(again.summary.contains("got 1 message again, first ticks 599:"), "\(again.summary)")
    }

    @Test func `refused, and wholly anew`() {
        #expect(run(ok: false, from: nil).finding.verdict == .pass)
        #expect(run(["refused": .text("never")], ok: false, from: nil).finding.verdict == .fail)
        #expect(run(["refused": .text("never")]).finding.verdict == .pass)
    }

    @Test func `nothing was left to resume`() {
        #expect(run(["refused": .text("always")], ok: false, from: nil).finding.verdict == .pass)
        let claimed = run(["refused": .text("always")]).finding
        #expect(claimed.verdict == .fail)
        #expect(claimed.summary.contains("the server had nothing left of its session"), "\(claimed.summary)")
    }

    /// The server begins at 1 again, and the client drops what it takes for old.
    @Test func `refused, and a stale position kept`() {
        for isStale in [false, true] {
            var script = run(ok: false, from: nil)
            script.drop { at, body in at > 615 && sequence(body) != nil }
            for number in 1..<1100 {
                script.at(620 + Double(number), Script.sent(Int64(number)))
                if !isStale || number > 599 { script.at(620.1 + Double(number), Script.received(Int64(number))) }
            }
            #expect(script.finding.verdict == (isStale ? .fail : .pass))
            if isStale {
                #expect(
                    script.finding.summary.contains("599 of the 1099 messages since its new start never came"),
                    "\(script.finding.summary)")
            }
        }
    }

    @Test func `since the server's start`() {
        func restarted(_ from: Int) -> Script {
            var script = run(["since": .text("start")], ok: false, from: from)
            script.at(609.5, .actor(ActorChange(Instance("ticker"), .started(pid: 9))))
            return script
        }
        #expect(restarted(610).finding.verdict == .pass)
        #expect(restarted(611).finding.verdict == .fail)
    }

    @Test func `not asked for`() {
        var script = run(ok: nil, from: nil)
        #expect(script.finding.verdict == .fail, "the messages tell")
        #expect(script.finding.summary.contains("20 of the 20 messages sent while it was away"), "\(script.finding)")
        script.at(-7, Script.says(.resumed, fields: [("ok", .bool(false))]))
        #expect(script.finding.verdict == .fail)
        #expect(script.finding.summary.contains("did not ask to resume"), "\(script.finding.summary)")
    }

    @Test func `messages tell where the driver does not`() {
        #expect(run(ok: nil).finding.verdict == .pass)
        var silent = run(ok: nil)
        silent.drop { at, body in (599..<621).contains(at) && sequence(body) != nil }
        #expect(silent.finding.verdict == .void)
    }

    @Test func `void without a return, or after another fault`() {
        var script = run()
        script.drop { at, body in at > 610 && isDriver(body, "subscriber") }
        #expect(script.finding.verdict == .void)
        #expect(run(["after": .text("freeze")]).finding.verdict == .void)
        #expect(run(["after": .text("hang-up")]).finding.verdict == .pass)
    }
}
