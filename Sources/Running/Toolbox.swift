import Faults
import Judging
import Kernel
import Scenarios

/// What scenarios may name in this build: every fault, expectation and profile.
extension Catalog {
    package static let standard = Catalog(
        faults: FaultCatalog.definitions, expectations: Expectations.definitions,
        profiles: LinkProfile.shipped)
}

extension ScenarioLoader {
    /// Reads files from disk, a little more than the largest that is allowed.
    package static var standard: ScenarioLoader {
        ScenarioLoader(catalog: .standard) { try Files.read($0, limit: largestFile + 1) }
    }
}

/// Finds scenario files.
package enum ScenarioFiles {
    /// Nothing that could be a scenario is there.
    package struct Missing: Error, CustomStringConvertible {
        package var description: String
    }

    /// A file as it is; of a folder every `.yaml` below it that is a scenario (its first line that is no comment begins
    /// with `format:`), sorted. Folders of parts, drivers and profiles may stand among them.
    package static func find(_ paths: [String]) throws -> [String] {
        try paths.flatMap { path -> [String] in
            guard Files.exists(path) else { throw Missing(description: "\(path): there is no such file or folder") }
            guard Files.isFolder(path) else { return [path] }
            let found = try below(path)
            if found.isEmpty {
                throw Missing(
                    description: "\(path): no scenario is in this folder (a .yaml file that begins with format: 1)")
            }
            return found
        }
    }

    private static func below(_ folder: String, depth: Int = 0) throws(SystemError) -> [String] {
        guard depth < 16 else { return [] }
        var found: [String] = []
        for name in try Files.list(folder) where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            if Files.isFolder(path) {
                found += try below(path, depth: depth + 1)
            } else if name.hasSuffix(".yaml"), isScenario(path) {
                found.append(path)
            }
        }
        return found
    }

    private static func isScenario(_ path: String) -> Bool {
        guard let file = try? Descriptor.open(path, 0), let bytes = try? file.read(limit: 65536) else { return false }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.contains { $0.hasPrefix("format:") }
    }
}
