import Glibc
import JSONLines
import Kernel

/// How long a verdict takes once the recording is there: `halfopen judge`, from the file to the report.
enum JudgingMeasures {
    private static let rounds = 3
    private static let sessions = 19_000

    static func run(_ halfopen: Subject) throws {
        let storm = try StormRecording.make(sessions: sessions)
        let megabytes = Bench.text(Double(storm.bytes.count) / 1e6, digits: 0)
        Bench.title("judging \(storm.events) events of \(sessions) sessions, \(megabytes) MB, median of \(rounds)")
        var outcomes: [(seconds: Double, memory: Int64)] = []
        for _ in 0..<rounds { outcomes.append(try halfopen.judge(storm.bytes)) }
        let seconds = Bench.median(outcomes.map(\.seconds)) * 1e6 / Double(storm.events)
        let memory = outcomes.map(\.memory).max() ?? 0
        Bench.row("1,000,000 events", "\(Bench.text(seconds, digits: 2)) s", "2 s or less")
        Bench.row("resident memory at most", "\(memory >> 20) MiB", "under 1024 MiB")
    }
}

extension Subject {
    /// Judges a recording, which must pass: seconds from starting the program to its end, and its resident memory at
    /// most, bytes.
    fileprivate func judge(_ recording: [UInt8]) throws -> (seconds: Double, memory: Int64) {
        var template = Array("/tmp/halfopen-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("make a folder in", "/tmp") }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { Files.remove(folder) }
        try Files.replace("\(folder)/recording.jsonl", with: recording)
        let output = try Descriptor.open("\(folder)/output", O_RDWR | O_CREAT)
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let before = Clock.now
        let child = try ChildProcess(
            SpawnRequest(
                program: binary, arguments: ["judge", folder, "--format", "json"], input: null.raw, output: output.raw,
                error: null.raw))
        var (status, usage) = (0 as Int32, rusage())
        try System.call("wait for", binary) { wait4(child.pid, &status, 0, &usage) }
        let seconds = Double(Clock.now - before) / 1e9
        guard ChildProcess.ending(of: status) == .exited(0) else {
            let told = Files.text("\(folder)/output") ?? ""
            throw SystemError("judge a recording that must pass: \(told.prefix(2000))", code: EIO)
        }
        return (seconds, Int64(usage.ru_maxrss) << 10)
    }
}
