import Kernel
import Reporting

/// The reports of a set of runs, beside their recordings or where somebody wants them.
///
/// Each file is the old one or the new one, whole.
package enum Reports {
    /// A report that was asked for.
    package struct Order: Sendable {
        package var format: ReportFormat
        /// Nil for the format's own name in the folder of reports.
        package var path: String?

        package init(_ format: ReportFormat, path: String? = nil) {
            self.format = format
            self.path = path
        }
    }

    /// What every set of runs leaves.
    private static let usual = ["json", "junit", "text"]

    /// The usual reports and those that were asked for.
    /// - Throws: `NoRoom`, `Unwritten`, `NoReport`.
    package static func write(_ results: [RunResult], to folder: String, and orders: [Order] = []) throws {
        guard !results.isEmpty else { return }
        try NoRoom.unless(folder) {
            try Files.makeFolder(folder)
            for format in ReportFormat.all where usual.contains(format.name) {
                guard let suite = format.suite else { continue }
                try Files.replace("\(folder)/\(format.fileName)", with: Array(suite(results).utf8))
            }
        }
        for order in orders {
            try write(order.format, of: results, to: order.path ?? "\(folder)/\(order.format.fileName)")
        }
    }

    /// One format of these runs, in a file. Where several runs have a document each, those stand in a folder beside it,
    /// `report-runs` for `report.html`, and a document about all of them links to them.
    /// - Throws: `Unwritten`, `NoReport`.
    package static func write(_ format: ReportFormat, of results: [RunResult], to path: String) throws {
        if results.count == 1 || format.isJoined || format.run == nil {
            return try put(try document(format, of: results), at: path)
        }
        let folder = pages(of: path)
        var results = results
        for place in results.indices where results[place].recording != nil {
            let name = "\(fileName(of: results[place])).\(format.fileExtension)"
            try put(try document(format, of: [results[place]]), at: "\(folder)/\(name)")
            results[place].page = "\(Files.name(of: folder))/\(name)"
        }
        if let suite = format.suite { try put(Array(suite(results).utf8), at: path) }
    }

    /// One format of the runs of these recordings, in a file or, without one, as bytes for standard output. A run is
    /// read once, and gone from memory before the next is read.
    /// - Throws: `Problems` of a recording, `Unwritten`, `NoReport`.
    package static func make(_ format: ReportFormat, of recordings: [String], to path: String?) throws -> [UInt8]? {
        if let run = format.run, recordings.count == 1 {
            let bytes = try document(try PlayedRuns.material(recordings[0], with: format.parts), run)
            guard let path else { return bytes }
            try put(bytes, at: path)
            return nil
        }
        let results = try PlayedRuns.results(recordings)
        guard let path else { return try document(format, of: results) }
        try write(format, of: results, to: path)
        return nil
    }

    /// One format of these runs as one document.
    /// - Throws: `NoReport` when it takes one run and these are several.
    package static func document(_ format: ReportFormat, of results: [RunResult]) throws -> [UInt8] {
        guard let run = format.run, results.count == 1 || format.suite == nil else {
            guard let suite = format.suite else { return [] }
            return Array(suite(results).utf8)
        }
        guard results.count == 1 || format.isJoined else {
            throw NoReport(
                "\(format.name) is a document about one run, and these are \(results.count): name a file with "
                    + "--output, and each has its own in a folder beside it")
        }
        return try results.flatMap { try document(try PlayedRuns.material(of: $0, with: format.parts), run) }
    }

    private static func document(
        _ material: consuming RunMaterial, _ run: (RunMaterial) throws -> [UInt8]
    ) throws -> [UInt8] {
        let view = material.view
        let bytes = try run(material)
        Leftover.giveBack(consume view)
        return bytes
    }

    /// `reports/report-runs` for `reports/report.html`.
    private static func pages(of path: String) -> String {
        let name = Files.name(of: path)
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        let parent = Files.parent(of: path)
        return (parent.isEmpty ? "" : parent == "/" ? "/" : parent + "/") + (stem.isEmpty ? name : stem) + "-runs"
    }

    private static func fileName(of result: RunResult) -> String {
        "\(result.scenario)-seed-\(result.seed)" + (result.lab == "virtual" ? "" : "-\(result.lab)")
    }

    package static func put(_ bytes: [UInt8], at path: String) throws(Unwritten) {
        do throws(SystemError) {
            try Files.makeFolder(Files.parent(of: path))
            try Files.replace(path, with: bytes)
        } catch {
            throw Unwritten(description: "\(path) cannot be written: \(error)")
        }
    }

    /// A file that could not be put in its place; what was there is as it was.
    package struct Unwritten: Error, CustomStringConvertible {
        package var description: String
    }
}
