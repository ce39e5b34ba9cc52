import Kernel
import Reporting

/// The reports of a set of runs, beside their recordings.
package enum Reports {
    /// - Throws: `NoRoom`, `SystemError`. Each file is the old one or the new one, whole.
    package static func write(_ results: [RunResult], to folder: String) throws {
        guard !results.isEmpty else { return }
        try NoRoom.unless(folder) {
            try Files.makeFolder(folder)
            try Files.replace("\(folder)/report.json", with: Array((JSONReport.object(results).pretty() + "\n").utf8))
            try Files.replace("\(folder)/junit.xml", with: Array(JUnitReport.text(results).utf8))
            try Files.replace("\(folder)/report.txt", with: Array(TextReport.text(results, color: false).utf8))
        }
    }
}
