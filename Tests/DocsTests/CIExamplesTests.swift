import Foundation
import JSONLines
import Testing

/// The examples for CI services: as their schemas have them, and their commands do what the page says.
@Suite struct CIExamplesTests {
    @Test(arguments: [("github-actions.yml", "github-workflows"), ("gitlab-ci.yml", "gitlab-ci")])
    func `an example is as the service's schema has it`(_ file: String, _ schema: String) throws {
        let workshop = try Workshop()
        // scripts/setup-checks fetches it.
        let check = [
            "/usr/bin/python3", "-m", "check_jsonschema", "--builtin-schema", "vendor.\(schema)",
            "\(Page.root)/docs/ci/\(file)",
        ]
        let checks = ["PYTHONPATH": Page.root + "/.build/checks/python"]
        let outcome = try workshop.run(check, checks)
        #expect(outcome.status == 0, "\(outcome.text)")
        // And the schema refuses what it should: a job without anything to do.
        let text = try String(contentsOfFile: check[5], encoding: .utf8)
        let broken = text.replacingOccurrences(of: "    steps:\n", with: "    stepz:\n")
            .replacingOccurrences(of: "    when: always\n", with: "    when: never mind\n")
        try #require(broken != text)
        try workshop.write(file, broken)
        #expect(try workshop.run(check.dropLast() + [file], checks).status != 0)
    }

    @Test func `the commands for GitHub Actions play, compare and summarise`() throws {
        let workshop = try Workshop()
        let example = try workshop.json("docs/ci/github-actions.yml")
        let job = try #require(example["jobs"]?["connections"])
        #expect(job["container"]?.string != nil, "it plays in a container")
        let steps = job["steps"]?.array ?? []
        func command(_ name: String) throws -> String {
            try #require(steps.first { $0["name"]?.string == name }?["run"]?.string, "there is no step \(name)")
        }
        // What the service sets for every step.
        let variables = [
            "SEEDS": "1..2", "GITHUB_STEP_SUMMARY": workshop.path + "/summary", "GITHUB_PATH": workshop.path + "/path",
        ]
        func perform(_ name: String) throws -> Workshop.Outcome { try workshop.shell(try command(name), variables) }

        try workshop.client()
        // Built once, then out of the cache: without a source there is nothing to build.
        for round in 1...2 {
            #expect(try perform("Build what was not in the cache").status == 0)
            #expect(workshop.text("path").split(separator: "\n").last?.hasSuffix("/client/.halfopen/bin") == true)
            #expect(workshop.text("made") == "-C .halfopen/source kernel\n", "round \(round)")
        }
        // Nothing to compare with yet.
        #expect(try perform("Play").status == 0)
        let first = try perform("Compare with the main branch")
        #expect(first.status == 0 && first.text.contains("has no connections/baseline.json yet"), "\(first.text)")
        #expect(try perform("Summarise").status == 0)
        #expect(workshop.text("summary").hasPrefix("## ✅"), "\(workshop.text("summary"))")
        // The main branch has one.
        try workshop.commitBaseline()
        #expect(try perform("Play").status == 0)
        let same = try perform("Compare with the main branch")
        #expect(same.status == 0, "\(same.text)")
        #expect(try perform("Summarise").status == 0)
        #expect(workshop.text("summary").contains("## ✅ Halfopen: no regression"), "\(workshop.text("summary"))")
        // A client that keeps its promise no more, and says otherwise in a baseline of its own.
        try workshop.makeStricter()
        #expect(try perform("Play").status == 1)
        #expect(try perform("Compare with the main branch").status == 1)
        #expect(try perform("Summarise").status == 0)
        #expect(workshop.text("summary").contains("## ❌ Halfopen: regressed"), "\(workshop.text("summary"))")
        for file in ["junit.xml", "report.html", "baseline.json", "history.sqlite"] {
            #expect(workshop.has("client/reports/\(file)"), "\(file)")
        }
    }

    @Test func `the commands for GitLab CI play and compare`() throws {
        let workshop = try Workshop()
        let job = try #require(try workshop.json("docs/ci/gitlab-ci.yml")["connections"])
        let before = job["before_script"]?.array?.compactMap(\.string) ?? []
        let own = job["script"]?.array?.compactMap(\.string) ?? []
        // Packages are the machine's; everything else is done as it stands there.
        let commands = (before.filter { !$0.hasPrefix("apt-get") } + own).joined(separator: "\n")
        let variables = [
            "SEEDS": "1..2", "CI_PROJECT_DIR": workshop.path + "/client", "CI_DEFAULT_BRANCH": "main",
            "HALFOPEN_REPOSITORY": workshop.path + "/source.git", "HALFOPEN_COMMIT": "v1",
        ]
        try workshop.client()
        try workshop.source()
        let first = try workshop.shell(commands, variables)
        #expect(first.status == 0 && first.text.contains("has no connections/baseline.json yet"), "\(first.text)")
        #expect(workshop.text("made") == "-C .halfopen/source kernel\n")
        try workshop.commitBaseline()
        let same = try workshop.shell(commands, variables)
        #expect(same.status == 0 && same.text.contains("## ✅ Halfopen: no regression"), "\(same.text)")
        try workshop.makeStricter()
        let worse = try workshop.shell(commands, variables)
        #expect(worse.status == 1 && worse.text.contains("## ❌ Halfopen: regressed"), "\(worse.text)")
        let artifacts = try #require(job["artifacts"])
        #expect(workshop.has("client/\(artifacts["reports"]?["junit"]?.string ?? "none")"))
        #expect(workshop.text("made") == "-C .halfopen/source kernel\n", "it was built again")
    }

    @Test func `what the examples ask make for is there`() throws {
        let workshop = try Workshop()
        let outcome = try workshop.run(["/usr/bin/make", "-C", Page.root, "--dry-run", "kernel"])
        #expect(outcome.status == 0 && outcome.text.contains("kernel build"), "\(outcome.text)")
    }
}

/// A folder with the checkout of a client in it, whose origin has a main branch, and a make that builds at once.
private final class Workshop {
    struct Outcome {
        var status: Int32
        var text: String
    }

    private let scratch: Scratch
    var path: String { scratch.path }

    init() throws { scratch = try Scratch() }

    func text(_ name: String) -> String { (try? String(contentsOfFile: path + "/" + name, encoding: .utf8)) ?? "" }
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    func write(_ name: String, _ text: String) throws {
        let file = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    /// A YAML file of the project.
    func json(_ file: String) throws -> JSON {
        let program = Page.root + "/Tests/DocsTests/yaml_as_json.py"
        let outcome = try run(["/usr/bin/python3", program, "\(Page.root)/\(file)"])
        return try JSON(parsing: Array(outcome.text.utf8))
    }

    /// As CI services run commands: in the checkout, ended by the first that fails.
    func shell(_ commands: String, _ variables: [String: String]) throws -> Outcome {
        let own = ["PATH": "\(path)/bin:\(path)/client/.halfopen/bin:/usr/bin:/bin", "HOME": path, "CI": "true"]
        let program = ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands]
        return try run(program, own.merging(variables) { $1 }, in: "client")
    }

    func run(_ words: [String], _ variables: [String: String] = [:], in folder: String = "") throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: path + "/" + folder)
        // Nothing of the service that may be running this test.
        let kept = ["PATH", "HOME", "TMPDIR", "HALFOPEN_CACHE", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"]
        process.environment = ProcessInfo.processInfo.environment.filter { kept.contains($0.key) }
            .merging(variables) { $1 }
        process.standardInput = FileHandle.nullDevice
        let log = path + "/log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = process.standardOutput
        try process.run()
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, text: text("log"))
    }

    private func git(_ words: String..., in folder: String = "client") throws {
        let own = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
        let outcome = try run(["/usr/bin/git"] + own + words, in: folder)
        try #require(outcome.status == 0, "git \(words): \(outcome.text)")
    }

    /// The client's checkout: the first scenario, pushed as the main branch, and a branch of its own.
    func client() throws {
        #expect(try Binary.run(["init", path + "/client/connections"]).status == 0)
        try git("init", "--bare", "origin.git", in: "")
        try git("init")
        try git("add", ".")
        try git("commit", "-m", "a client")
        try git("remote", "add", "origin", path + "/origin.git")
        try git("push", "origin", "main")
        try git("fetch", "origin")
        try git("checkout", "-b", "topic")
        // Building takes minutes: a make that says what it was asked for, and has the program at hand.
        try write(
            "bin/make",
            """
            #!/bin/sh
            echo "$@" >> '\(path)/made'
            mkdir -p .halfopen/source/.build/release
            ln -sf '\(Binary.path)' .halfopen/source/.build/release/halfopen
            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + "/bin/make")
    }

    /// What stands for Halfopen's repository.
    func source() throws {
        try write("source/README", "a source")
        for words in [["init"], ["add", "."], ["commit", "-m", "a source"], ["tag", "v1"]] {
            let own = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
            try #require(try run(["/usr/bin/git"] + own + words, in: "source").status == 0)
        }
        try git("clone", "--bare", "source", "source.git", in: "")
    }

    /// The last run's baseline, committed on the main branch and pushed.
    func commitBaseline() throws {
        try git("checkout", "main")
        try write("client/connections/baseline.json", text("client/reports/baseline.json"))
        try git("add", "connections")
        try git("commit", "-m", "the baseline")
        try git("push", "origin", "main")
        try git("checkout", "topic")
    }

    /// A bound that the client cannot keep.
    func makeStricter() throws {
        let file = "client/connections/scenario.yaml"
        let strict = text(file).replacing(/within: [0-9]+m?s/, with: "within: 1ms")
        try #require(strict != text(file))
        try write(file, strict)
    }
}
