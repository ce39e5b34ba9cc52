/// Text of the user's in a message: quoted, on one line, at most 60 characters.
func quoted(_ text: some StringProtocol) -> String { "\"\(shown(text))\"" }

/// The same without quotes.
func shown(_ text: some StringProtocol) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(60) {
        switch scalar {
        case "\n": shown += "\\n"
        case "\r": shown += "\\r"
        case "\t": shown += "\\t"
        case "\"": shown += "\\\""
        // Control characters could move a terminal's cursor.
        case _ where scalar.properties.generalCategory == .control: shown += "\\u{\(String(scalar.value, radix: 16))}"
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return text.unicodeScalars.count > 60 ? shown + "..." : shown
}

/// `; did you mean "blackhole"?`, or else `; known: ...` when they are few, or nothing.
func suggestion(for name: String, among known: [String]) -> String {
    if let nearest = nearest(to: name, among: known) { return "; did you mean \(quoted(nearest))?" }
    if known.isEmpty { return "" }
    return known.count <= 16 ? "; known: \(known.joined(separator: ", "))" : ""
}

/// The nearest of `known` by edit distance, when near enough to be a slip of the hand; the first of equals.
package func nearest(to name: String, among known: [String]) -> String? {
    guard (1...64).contains(name.count) else { return nil }
    let allowed = max(1, min(3, name.count / 3))
    var best: (name: String, distance: Int)?
    for candidate in known where abs(candidate.count - name.count) <= allowed {
        let distance = editDistance(Array(name.lowercased().unicodeScalars), Array(candidate.unicodeScalars))
        if distance <= allowed && distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
        var row = [i] + Array(repeating: 0, count: b.count)
        for j in 1...b.count {
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
