import Glibc
import JSONLines
import Kernel
import LabKernel

/// How results are printed.
enum Bench {
    static func row(_ what: String, _ figure: String, _ bound: String = "") {
        let padding = String(repeating: " ", count: max(1, 64 - what.count))
        write("\(what)\(padding)\(figure)\(bound.isEmpty ? "" : "   (promised: \(bound))")\n")
    }

    static func title(_ text: String) { write("\n\(text)\n") }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    /// With as many decimals as `scale` has zeros: 3 for thousandths.
    static func text(_ value: Double, digits: Int = 3) -> String {
        if value < 0 { return "-" + text(-value, digits: digits) }
        let scale = (0..<digits).reduce(1.0) { power, _ in power * 10 }
        let whole = Int64(value * scale + 0.5)
        if digits == 0 { return String(whole) }
        let rest = String(whole % Int64(scale))
        return "\(whole / Int64(scale)).\(String(repeating: "0", count: digits - rest.count))\(rest)"
    }

    private static func write(_ text: String) { try? Kernel.write(1, Array(text.utf8), to: "standard output") }
}

/// The built command line, measured from outside.
struct Subject {
    var binary: String

    struct Outcome {
        /// The report's runs.
        var runs: [JSON]
        /// From starting the program to its end.
        var wallSeconds: Double
        /// The folder that the reports went to.
        var reports: String
    }

    /// Runs a scenario text, or files of the checkout, pinned to one processor; calls `body` before its reports go.
    func run<Result>(
        _ scenario: String? = nil, paths: [String] = [], options: [String] = [], mayBeVoid: Bool = false,
        _ body: (Outcome) throws -> Result
    ) throws -> Result {
        var template = Array("/tmp/halfopen-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("make a folder in", "/tmp") }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { Files.remove(folder) }
        var paths = paths
        if let scenario {
            try Files.write("\(folder)/bench.yaml", scenario)
            paths.append("\(folder)/bench.yaml")
        }
        let output = try Descriptor.open("\(folder)/output", O_RDWR | O_CREAT)
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let reports = "\(folder)/reports"
        var request = SpawnRequest(
            program: binary, arguments: ["run"] + paths + ["--format", "json", "--reports", reports] + options,
            environment: [("PATH", ChildProcess.searchPath.joined(separator: ":")), ("HOME", folder)],
            input: null.raw, output: output.raw, error: null.raw)
        request.processor = Processor.allowed.last!
        let before = Clock.now
        let child = try ChildProcess(request)
        var status: Int32 = 0
        try System.call("wait for", binary) { waitpid(child.pid, &status, 0) }
        let wall = Double(Clock.now - before) / 1e9
        let text = try Files.read("\(folder)/output")
        guard let line = text.split(separator: 0x0A).last, let runs = try JSON(parsing: Array(line))["runs"]?.array
        else {
            throw SystemError("understand what halfopen run printed", code: EINVAL)
        }
        // A run that did not play would be quick, and prove nothing.
        for run in runs where !mayBeVoid && !["pass", "fail"].contains(run["verdict"]?.string ?? "") {
            let name = run["scenario"]?.string ?? "a scenario"
            throw SystemError("play \(name): \(run["reasons"]?.line ?? "")", code: EIO)
        }
        return try body(Outcome(runs: runs, wallSeconds: wall, reports: reports))
    }
}
