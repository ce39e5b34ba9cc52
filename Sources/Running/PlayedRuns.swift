import Glibc
import JSONLines
import Judging
import Kernel
import Recordings
import Reporting
import Scenarios

/// Runs that were played before, found by their recordings.
package enum PlayedRuns {
    /// Nothing that could be a run is there.
    package struct Missing: Error, CustomStringConvertible {
        package var description: String
    }

    /// A log longer than twice this is told by its beginning and its end.
    private static let logPart = 1 << 20

    /// Recordings: a file as it is, of a folder its own `recording.jsonl` or those of all folders below it, sorted.
    package static func find(_ paths: [String]) throws -> [String] {
        try paths.flatMap { path -> [String] in
            guard Files.exists(path) else { throw Missing(description: "\(path): there is no such file or folder") }
            guard Files.isFolder(path) else { return [path] }
            let found = try below(path)
            if found.isEmpty {
                throw Missing(description: "\(path): no run is in this folder (one has a recording.jsonl)")
            }
            return found
        }
    }

    private static func below(_ folder: String, depth: Int = 0) throws(SystemError) -> [String] {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        if Files.exists("\(folder)/recording.jsonl") { return ["\(folder)/recording.jsonl"] }
        guard depth < 8 else { return [] }
        var found: [String] = []
        // What is hidden is being written.
        for name in try Files.list(folder) where !name.hasPrefix(".") && Files.isFolder("\(folder)/\(name)") {
            found += try below("\(folder)/\(name)", depth: depth + 1)
        }
        return found
    }

    /// Judged again, and what the run said of itself when it was played: how long it took, and the command.
    package static func results(_ recordings: [String]) throws(Problems) -> [RunResult] {
        var results: [RunResult] = []
        for path in recordings { results.append(completed(try Rejudging.judge(path, expectations: nil), path)) }
        return results.sorted { ($0.scenario, $0.lab, $0.seed) < ($1.scenario, $1.lab, $1.seed) }
    }

    /// With what stands in the file beside the recording.
    private static func completed(_ judged: RunResult, _ path: String) -> RunResult {
        var result = judged
        let parent = Files.parent(of: path)
        let text = Files.text((parent.isEmpty ? "." : parent) + "/result.json")
        let told = text.flatMap { try? JSON(parsing: $0) }?["runs"]?.array?.first
        if let told, told["recording_sha256"]?.string == result.sha256 { result.take(told) }
        if result.command.isEmpty { result.command = "halfopen run \(result.scenario).yaml --seed \(result.seed)" }
        return result
    }

    /// Of a folder or recording the runs, judged again; of a report in JSON those that it tells of.
    package static func results(orReport path: String) throws -> [RunResult] {
        let isReport = !Files.isFolder(path) && path.hasSuffix(".json")
        guard isReport else { return try results(find([path])) }
        let bytes: [UInt8]
        do {
            bytes = try Files.read(path)
        } catch {
            throw Missing(description: "\(error)")
        }
        do {
            return try JSONReport.results(from: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw NoReport("\(path): \(error)")
        }
    }

    /// A run that is read and judged once.
    static func material(_ path: String, with parts: Set<RunMaterial.Part>) throws -> RunMaterial {
        let file: RecordingFile
        do {
            file = try RecordingFile(path)
        } catch {
            throw Problems([Problem(file: path, message: "\(error)")])
        }
        let scenario = try Rejudging.loaded(file.recording.header, path: path).scenario
        let view = RunView(file.recording, scenario: scenario, catalog: .standard, workers: .threads)
        let judgement = Judge.judge(view)
        let result = RunResult(view, judgement: judgement, path: path, sha256: file.sha256)
        var material = RunMaterial(result: completed(result, path), view: view)
        do {
            try add(parts, to: &material, path)
        } catch {
            throw NoReport("\(path): \(error)")
        }
        return material
    }

    private static func add(_ parts: Set<RunMaterial.Part>, to material: inout RunMaterial, _ path: String) throws {
        let parent = Files.parent(of: path)
        let folder = parent.isEmpty ? "." : parent
        if parts.contains(.logs) { material.logs = logs(in: "\(folder)/logs") }
        if parts.contains(.captures) { material.captures = try captures(in: "\(folder)/captures") }
    }

    /// - Throws: `NoReport` when its recording is not there or cannot be read.
    static func material(of result: RunResult, with parts: Set<RunMaterial.Part>) throws(NoReport) -> RunMaterial {
        guard let path = result.recording else {
            throw NoReport("\(result.scenario) seed \(result.seed) left no recording: there is nothing to show of it")
        }
        do {
            let recording = try RecordingFile(path).recording
            let scenario = try Rejudging.loaded(recording.header, path: path).scenario
            let view = RunView(recording, scenario: scenario, catalog: .standard, workers: .threads)
            var material = RunMaterial(result: result, view: view)
            try add(parts, to: &material, path)
            return material
        } catch {
            throw NoReport("\(path): \(error)")
        }
    }

    private static func logs(in folder: String) -> [RunMaterial.ActorLog] {
        let names = (try? Files.list(folder)) ?? []
        return names.filter { $0.hasSuffix(".log") }.compactMap { file in
            let (path, name) = ("\(folder)/\(file)", String(file.dropLast(4)))
            let size = Files.size(path)
            guard let head = try? Files.read(path, from: 0, count: logPart) else { return nil }
            let rest = size - Int64(head.count)
            guard rest > 0 else { return .init(name: name, head: head) }
            let length = min(rest, Int64(logPart))
            guard let tail = try? Files.read(path, from: size - length, count: Int(length)) else { return nil }
            return .init(name: name, head: head, tail: tail, omitted: rest - length)
        }
    }

    private static func captures(in folder: String) throws -> [RunMaterial.Capture] {
        guard Files.isFolder(folder) else { return [] }
        return try Files.list(folder).filter { $0.hasSuffix(".pcap") }.map { file in
            .init(link: String(file.dropLast(5)), bytes: try Files.read("\(folder)/\(file)"))
        }
    }
}

extension RunResult {
    /// What only who played it could know; `run` is an object of docs/report-format.md.
    mutating func take(_ run: JSON) {
        command = run["command"]?.string ?? command
        wallSeconds = run["wall_seconds"]?.number ?? wallSeconds
        hostCPUSeconds = run["host_cpu_seconds"]?.number ?? hostCPUSeconds
        notes = run["notes"]?.array?.compactMap(\.string) ?? notes
        if case .object(let members) = run["phases_wall_seconds"] ?? .null {
            phases = members.compactMap { member in
                member.value.number.map { PhaseTime(phase: member.key, wallSeconds: $0) }
            }
        }
    }
}
