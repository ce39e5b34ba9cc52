import Foundation
import Judging
import Reporting
import Testing

@testable import History

/// What is stored comes back, and a file that is no history, or no more one, is told from one.
@Suite struct HistoryTests {
    private let build = ClientBuild(libraries: ["paho-mqtt 1.6.1"], choices: ["cap=24s", "qos=1, 2"])

    @Test func `what is stored comes back`() throws {
        let folder = try Folder()
        let history = try History(folder.path + "/new/folder/history.sqlite", create: true)
        let one = Sample.run(seed: .max, build: build)
        let commit = String(repeating: "4f", count: 20)
        #expect(try history.store(one, from: Origin(branch: "main", commit: commit), at: 1_800_000_000) == 1)
        #expect(try history.store(Sample.run("other", .error), from: Origin()) == 2)
        // Another connection, as another process would have it.
        let runs = try History(history.path).runs()
        #expect(runs.map(\.id) == [1, 2])
        let first = try #require(runs.first)
        #expect(first.storedAt == 1_800_000_000)
        #expect(first.origin == Origin(branch: "main", commit: commit))
        #expect(JSONReport.object([first.result]) == JSONReport.object([one]))
        #expect(first.result.judgement.findings.first?.summary == "It came back.\u{0}Zeros stay.")
        #expect(runs[1].origin == Origin())
        #expect(abs(Double(runs[1].storedAt) - Date().timeIntervalSince1970) < 60)
        #expect(try history.run(2)?.result.scenario == "other")
        #expect(try history.run(3) == nil)
    }

    @Test func `every commit is on the disk before it is told, and readers do not wait`() throws {
        let folder = try Folder()
        let database = try History(folder.history, create: true).database
        // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
        #expect(try database.number("PRAGMA synchronous") == 2)
        var mode = ""
        try database.run("PRAGMA journal_mode") { row throws(HistoryError) in mode = row.text(0) ?? "" }
        #expect(mode == "wal")
        let reader = try History(folder.history)
        var meanwhile = -1
        try database.transaction { () throws(HistoryError) in
            try database.run(
                "INSERT INTO runs (stored_at, scenario, seed, lab, verdict, reasons, summary, clients, tags, notes, "
                    + "command, virtual_seconds, wall_seconds, host_cpu_seconds) "
                    + "VALUES (1, 'x', '1', 'virtual', 'pass', '', '', '', '', '', '', 0, 0, 0)")
            // Not there before it is committed, and no waiting for it.
            meanwhile = try reader.count()
        }
        #expect(meanwhile == 0)
        #expect(try reader.count() == 1)
    }

    @Test func `runs are found by what they are`() throws {
        let folder = try Folder()
        let history = try History(folder.history, create: true)
        let commit = "abcdef0123456789abcdef0123456789abcdef01"
        for (seed, branch) in [(1, "main"), (2, "main"), (3, "100%_wild"), (4, "abcdef0")] as [(UInt64, String)] {
            let run = Sample.run(seed: seed, seed == 2 ? .fail : .pass, build: seed == 3 ? build : ClientBuild())
            try history.store(run, from: Origin(branch: branch, commit: seed == 1 ? commit : nil), at: Int64(seed))
        }
        func seeds(_ change: (inout History.Filter) -> Void) throws -> [UInt64] {
            var filter = History.Filter()
            change(&filter)
            return try history.runs(filter).map(\.result.seed)
        }
        #expect(try seeds { $0.branch = "main" } == [1, 2])
        #expect(
            try seeds {
                $0.branch = "main"; $0.limit = 1
            } == [2])
        #expect(try seeds { $0.verdict = "fail" } == [2])
        #expect(try seeds { $0.before = 3 } == [1, 2])
        #expect(try seeds { $0.commit = "abcdef01" } == [1])
        #expect(try seeds { $0.commit = "%" } == [])
        #expect(try seeds { $0.scenario = "' OR 1 --" } == [])
        for name in ["paho-mqtt 1.6.1", "cap=24s", "qos=1, 2", build.text] {
            #expect(try seeds { $0.build = name } == [3], "\(name)")
        }
        #expect(try history.runs(named: "main").map(\.result.seed) == [1, 2])
        #expect(try history.runs(named: "cap=24s").map(\.result.seed) == [3])
        // A branch that looks like a commit comes first; said what it is, it is that.
        #expect(try history.runs(named: "abcdef0").map(\.result.seed) == [4])
        #expect(try history.runs(named: "commit=abcdef0").map(\.result.seed) == [1])
        #expect(try history.runs(named: "branch=100%_wild").map(\.result.seed) == [3])
        let error = #expect(throws: NoRuns.self) { try history.runs(named: "mian") }
        #expect(
            error?.description.contains("branches: abcdef0, 100%_wild, main;") == true, "\(error?.description ?? "")")
    }

    @Test func `runs are taken out, and what was theirs`() throws {
        let folder = try Folder()
        let history = try History(folder.history, create: true)
        for seed in 1...40 as ClosedRange<UInt64> {
            let name = seed % 4 == 0 ? "rare" : "often"
            try history.store(Sample.run(name, seed: seed), from: Origin(branch: "b\(seed % 2)"), at: Int64(seed))
        }
        #expect(try history.prune(History.Filter(), keep: 5, isRehearsal: true) == 30)
        #expect(try history.count() == 40)
        #expect(try history.prune(History.Filter(), keep: 5) == 30)
        #expect(try history.runs().map(\.result.seed) == [24, 28, 32, 34, 35, 36, 37, 38, 39, 40])
        var filter = History.Filter()
        filter.before = 36
        #expect(try history.prune(filter) == 5)
        #expect(try history.database.number("SELECT count(*) FROM findings") == 10)
        #expect(try history.database.number("SELECT count(*) FROM figures") == 5)
        // Numbers are not given again.
        #expect(try history.store(Sample.run(), from: Origin()) == 41)
    }

    // MARK: Files that are something else

    @Test func `a history of the first version becomes one of today`() throws {
        let folder = try Folder()
        let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("version-1.sql")
        try folder.sqlite("history.sqlite", try String(contentsOf: own, encoding: .utf8))
        let history = try History(folder.history)
        let runs = try history.runs()
        #expect(runs.map(\.id) == [3, 4])
        let first = try #require(runs.first?.result)
        #expect(first.seed == .max && first.judgement.verdict == .fail && first.sha256 == "abab")
        #expect(first.judgement.findings.map(\.measured) == [0.35, 3])
        #expect(first.figures == [ShownFigure(name: "recovery of subscriber, median", seconds: 5.5)])
        #expect(first.build == ClientBuild() && runs[0].origin == Origin())
        #expect(runs[1].result.judgement.reasons == ["no hit"] && runs[1].result.notes == ["no netem"])
        // And takes what is new.
        #expect(try history.store(Sample.run(build: build), from: Origin(branch: "main")) == 5)
        #expect(try History(folder.history).runs(named: "main").first?.result.build == build)
        #expect(try history.database.number("PRAGMA user_version") == HistorySchema.version)
    }

    @Test func `a history of a later version is left as it is`() throws {
        let folder = try Folder()
        _ = try History(folder.history, create: true)
        try folder.sqlite("history.sqlite", "PRAGMA user_version = 99")
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.history))
        let error = #expect(throws: HistoryError.self) { try History(folder.history, create: true) }
        #expect(error?.code == .newer)
        #expect(error?.description.contains("its schema is version 99") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.history)) == before)
    }

    @Test func `a file of something else is left as it is`() throws {
        let folder = try Folder()
        try folder.sqlite("other.sqlite", "CREATE TABLE photos (id); PRAGMA application_id = 7")
        try folder.sqlite("plain.sqlite", "CREATE TABLE photos (id)")
        for name in ["other.sqlite", "plain.sqlite", ""] {
            let error = #expect(throws: HistoryError.self) { try History(folder.path + "/" + name, create: true) }
            #expect(error?.code == .foreign, "\(name)")
        }
        try folder.write("text.sqlite", String(repeating: "not a database\n", count: 400))
        let text = #expect(throws: HistoryError.self) { try History(folder.path + "/text.sqlite", create: true) }
        #expect(text?.code == .damaged)
        #expect(throws: HistoryError(.missing, folder.history, "")) { try History(folder.history) }
    }

    /// Cut off, a page of zeros, noise in the middle: told, whether runs are read or stored.
    @Test(arguments: ["cut", "zeros", "noise"])
    func `a damaged history is an error`(_ damage: String) throws {
        let folder = try Folder()
        do {
            let history = try History(folder.history, create: true)
            for seed in 1...200 as ClosedRange<UInt64> { try history.store(Sample.run(seed: seed), from: Origin()) }
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.history))
        #expect(bytes.count > 65536)
        switch damage {
        case "cut": bytes.removeSubrange(bytes.count / 2..<bytes.count)
        case "zeros": bytes.replaceSubrange(4096..<bytes.count, with: Data(count: bytes.count - 4096))
        default:
            bytes.replaceSubrange(8192..<bytes.count - 4096, with: Data(repeating: 0xA7, count: bytes.count - 12288))
        }
        try folder.write("history.sqlite", bytes)
        let read = #expect(throws: HistoryError.self) { try History(folder.history).runs() }
        #expect(read?.code == .damaged, "\(read?.description ?? "")")
        #expect(read?.description.contains("move it away") == true)
        let write = #expect(throws: HistoryError.self) {
            try History(folder.history, create: true).store(Sample.run(), from: Origin())
        }
        #expect(write?.code == .damaged, "\(write?.description ?? "")")
    }
}
