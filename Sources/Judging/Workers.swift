/// Processors that whoever has a recording judged lends for it. Judging is pure and starts no thread by itself; what
/// comes out is the same with and without.
package struct Workers: Sendable {
    private let both: @Sendable (_ one: () -> Void, _ other: () -> Void) -> Void

    /// One piece of work after the other.
    package static let none = Workers { one, other in
        one()
        other()
    }

    /// - Parameter both: does both pieces, at once if it can, and returns when both are done.
    package init(_ both: @escaping @Sendable (_ one: () -> Void, _ other: () -> Void) -> Void) { self.both = both }

    /// Does both. Neither may change what the other one looks at.
    package func together(_ one: () -> Void, _ other: () -> Void) { both(one, other) }

    /// What `map` gives, of halves that are done at once.
    func map<Item, Result>(_ items: [Item], _ body: (Item) -> Result) -> [Result] {
        // Less is sooner done than a thread is started.
        guard items.count >= 1000 else { return items.map(body) }
        let middle = items.count / 2
        var (first, second): ([Result], [Result]) = ([], [])
        both({ first = items[..<middle].map(body) }, { second = items[middle...].map(body) })
        return first + second
    }
}
