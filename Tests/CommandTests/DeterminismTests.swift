import Foundation
import JSONLines
import Testing

/// The same scenario with the same seed gives the same bytes, wherever and beside whatever it is played.
@Suite struct DeterminismTests {
    /// Loss, jitter, a client that comes back and tells where it is: much that could differ.
    private let text = TestScenario.text(
        client: """
            [sh, -c, 'drawn=$(od -An -N8 -tx1 /dev/urandom); \
            all=$(echo "$drawn $PWD {folder} $(id) $(env)" | tr "\\n" " "); \
            echo "{{\\"event\\": \\"note\\", \\"text\\": \\"$all\\"}}"; exec python3 pair.py subscribe']
            """,
        timeline: ["{ at: 20s, until: 30s, fault: blackhole, between: [left, right] }"],
        link: "delay: 10ms, jitter: 3ms, loss: 2%")

    private func hashes(_ played: Played) -> [String] {
        #expect(played.outcome.status == 0, "\(played.outcome.all)")
        return (played.report["runs"]?.array ?? []).compactMap { $0["recording_sha256"]?.string }
    }

    @Test func `equal seeds are equal, others are not`() throws {
        let scratch = try TestScenario.folder(text)
        let own = hashes(try Played.play(scratch))
        #expect(hashes(try Played.play(scratch)) == own)
        // The reports of the run before stand beside the scenario now.
        #expect(hashes(try Played.play(scratch)) == own)
        let several = hashes(try Played.play(scratch, ["--seeds", "1..4", "--jobs", "2"]))
        #expect(several.count == 4)
        #expect(several.first == own.first)
        #expect(Set(several).count == 4)
        // What programs draw from the kernel, and what the network does to the first packets.
        let runs = (1...4).map { Played.lines(of: scratch.path + "/reports/test/seed-\($0)/recording.jsonl") }
        for what in ["note", "connected"] {
            let said = runs.map { $0.first { $0["event"] == "driver" && $0["what"]?.string == what } }
            #expect(Set(said.map { $0?.line ?? "" }).count == 4, "\(what)")
        }
        #expect(hashes(try Played.play(scratch, ["--seeds", "1..4", "--jobs", "1"])) == several)
    }

    @Test func `the place of a scenario makes no difference`() throws {
        let first = try TestScenario.folder(text)
        let second = try TestScenario.folder(text)
        let deep = second.path + "/a folder, of its own/below"
        try second.copy(["test.yaml", "pair.py", "actors.py"], to: deep)
        let played = try Played.play(first)
        let own = hashes(played)
        #expect(played.said("client", "note").first?["text"]?.string?.contains("/run/project ") == true)
        // Not below a folder that the lab has of its own, when there is such a place.
        let third = try? Scratch(in: NSHomeDirectory())
        try third.map { try second.copy(["test.yaml", "pair.py", "actors.py"], to: $0.path) }
        // From elsewhere, too.
        for folder in [second.path, deep] + (third.map { [$0.path] } ?? []) {
            let words = ["run", folder + "/test.yaml", "--reports", second.path + "/elsewhere", "--format", "json"]
            #expect(hashes(Played(try Halfopen.run(words, in: "/"))) == own)
        }
    }

    /// As the kernel is: 32 bits of seed would not do.
    @Test func `seeds are numbers of 64 bits`() throws {
        let scratch = try TestScenario.folder(text)
        let seeds = ["0", "4294967296", "18446744073709551615"]
        let all = try seeds.map { try Played.play(scratch, ["--seed", $0]) }
        #expect(Set(all.flatMap(hashes)).count == 3)
        // They arrive whole in what is kept.
        for (seed, played) in zip(seeds, all) {
            let recording = Played.lines(of: played.run["recording"]?.string ?? "")
            let kept = recording.first?["seed"]
            #expect(kept?.string ?? kept?.integer.map { String($0) } == seed)
        }
        #expect(scratch.list("reports/test") == seeds.map { "seed-\($0)" }.sorted())
    }
}
