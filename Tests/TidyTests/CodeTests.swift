import Testing

/// What the code must not do, and what it must say when it does something dangerous.
@Suite struct CodeTests {
    @Test func `no Foundation, no Dispatch: the binary is a guest's first process`() {
        let breaches = search(SourceTree.swiftSources, /import (?:\w+ )?(?:Foundation\w*|Dispatch)\b/) { $0.codeLines }
        Breach.none(breaches)
    }

    @Test func `no banned call`() {
        // Only C runs between clone and exec; threads of a pool could be born inside a lab's namespace; a shell would
        // have to be quoted for.
        let calls = /(?:^|[^\w.])(?:v?fork|system|popen) *\(|\btry!|\bDispatch\w+|\bURLSession/
        let tasks = /\bTask(?:\.detached)? *(?:\(.*\) *)?\x7B/
        var breaches = search(SourceTree.sources, calls) { $0.codeLines }
        breaches += search(SourceTree.swiftSources, tasks) { $0.codeLines }
        // Results go through Output, which knows what to do when nobody reads them.
        let printing = SourceTree.swiftSources.filter { $0.path != "Sources/halfopen/Output.swift" }
        breaches += search(printing, /(?:^|[^\w.])(?:debugPrint|print) *\(/) { $0.codeLines }
        Breach.none(breaches)
    }

    @Test func `nothing is left for later`() {
        // In pieces, so that this line does not find itself.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        var breaches: [Breach] = []
        for file in SourceTree.files {
            for word in words where file.text.contains(word) {
                for (number, line) in file.lines.enumerated() where isWord(word, in: line) {
                    breaches.append(Breach(file: file, line: number + 1, what: word))
                }
            }
        }
        Breach.none(breaches)
    }

    @Test func `escape hatches have a reason above or beside them`() {
        let hatches =
            /@unchecked|@preconcurrency|\bunsafe(?:[A-Z]\w*)?\b|\bUnmanaged\b|\bassumingMemoryBound\b|\bvolatile\b/
        var breaches: [Breach] = []
        for file in SourceTree.sources {
            let lines = file.lines
            for (number, line) in file.codeLines.enumerated() where line.contains(hatches) {
                let hasReason = lines[number].contains("//") || isComment(above: number, lines)
                if !hasReason { breaches.append(Breach(file: file, line: number + 1, what: "no reason is given")) }
            }
        }
        Breach.none(breaches)
    }

    /// A type inside another is part of that one's story.
    @Test func `types that other modules see are documented`() {
        let declaration = /(?:package|public) (?:final |indirect )*(?:struct|class|enum|protocol|typealias) .*/
        var breaches: [Breach] = []
        for file in SourceTree.swiftSources {
            let lines = file.lines
            for (number, line) in file.codeLines.enumerated() where line.wholeMatch(of: declaration) != nil {
                if !isComment(above: number, lines) {
                    breaches.append(Breach(file: file, line: number + 1, what: "no doc comment"))
                }
            }
        }
        Breach.none(breaches)
    }

    /// Whether the nearest line above that is no attribute is a comment.
    private func isComment(above number: Int, _ lines: [Substring]) -> Bool {
        let above = lines[..<number].last { !$0.drop { $0 == " " }.hasPrefix("@") } ?? ""
        let text = above.drop { $0 == " " }
        return text.hasPrefix("//") || text.hasPrefix("*") || text.hasSuffix("*/")
    }

    private func isWord(_ word: String, in line: Substring) -> Bool {
        guard let range = line.firstRange(of: word) else { return false }
        let before = line[..<range.lowerBound].last?.isLetter ?? false
        let after = line[range.upperBound...].first?.isLetter ?? false
        return !before && !after
    }

    private func search(
        _ files: [SourceFile], _ pattern: Regex<some Any>, in lines: (SourceFile) -> [Substring]
    ) -> [Breach] {
        files.flatMap { file in
            lines(file).enumerated().compactMap { number, line in
                guard let match = line.firstMatch(of: pattern) else { return nil }
                let what = line[match.range].drop { $0 == " " }
                return Breach(file: file, line: number + 1, what: "\(what)")
            }
        }
    }
}
