import Running
import Scenarios
import Testing

/// What holds for every file, whatever it is.
@Suite struct TreeTests {
    /// Where this happens to be built, and whom it happens to be downloaded from, is nobody's business. In pieces, so
    /// that the list does not find itself.
    static let foreign = [
        "/wo" + "rk/", "/tmp/" + "wt", "/tmp/" + "kb/", "/tmp/" + "labkernel", "/ro" + "ot/", "/ho" + "me/",
        "../sha" + "red/", "registry" + ".", "artifact" + "ory", "jfr" + "og", "npmjs" + ".", "pypi" + ".",
        "python" + "hosted", "crates" + ".io", "proxy.golang" + ".", "deb.debian" + ".", "ruby" + "gems",
        "maven" + ".", "docker" + ".io", "gh" + "cr.io", "qu" + "ay.io",
    ]

    @Test func `no word that does not belong here`() {
        var breaches: [Breach] = []
        for file in SourceTree.files {
            let text = file.text.lowercased()
            for word in Self.foreign where text.contains(word) {
                let line = file.lines.firstIndex { $0.lowercased().contains(word) } ?? 0
                breaches.append(Breach(file: file, line: line + 1, what: word))
            }
        }
        Breach.none(breaches)
    }

    @Test func `lines end as they should`() {
        var breaches: [Breach] = []
        for file in SourceTree.files where !file.text.isEmpty {
            let lines = file.lines
            if lines.last != "" {
                breaches.append(Breach(file: file, line: lines.count, what: "no newline at the end"))
            }
            // In a patch, an empty line that stays is a space.
            if file.path.contains("/Snapshots/") || file.path.hasSuffix(".patch") { continue }
            for (number, line) in lines.enumerated() {
                if line.last == " " || line.last == "\t" || line.last == "\r" {
                    breaches.append(Breach(file: file, line: number + 1, what: "white space at the end"))
                }
            }
        }
        Breach.none(breaches)
    }

    @Test func `every shipped scenario loads`() throws {
        let scenarios = SourceTree.files.filter { file in
            file.path.hasPrefix("scenarios/") && file.path.hasSuffix(".yaml")
                && file.lines.contains { $0.hasPrefix("format:") }
        }
        for file in scenarios {
            do throws(Problems) {
                _ = try ScenarioLoader.standard.load(path: "\(SourceTree.root)/\(file.path)")
            } catch {
                for problem in error.all { Issue.record("\(problem)") }
            }
        }
    }
}
