import JSONLines

/// Texts of a page's data, each once; lanes name them by their place.
struct PageTexts {
    private(set) var all: [String] = []
    private var places: [String: Int] = [:]

    mutating func place(_ text: String) -> Int {
        let clean = Terminal.cut(Terminal.clean(text.utf8.count > 4000 ? String(text.prefix(400)) : text), to: 300)
        if let place = places[clean] { return place }
        places[clean] = all.count
        all.append(clean)
        return all.count - 1
    }

    var json: JSON { .array(all.map { .string($0) }) }
}
