/// What a server published last: numbered from 1, the newest `capacity` of them kept for those who come back.
package struct FeedLog: Sendable {
    package struct Entry: Equatable, Sendable {
        package var sequence: Int64
        package var text: String
    }

    /// One life of the numbering: a server that begins at 1 again must not be taken for the one before.
    package let epoch: String
    let capacity: Int
    private var entries: [Entry] = []
    /// Number of the message published last; 0 before the first.
    package private(set) var latest: Int64 = 0

    /// - Parameter latest: what was published before, as the text of each message follows from its number.
    package init(epoch: String, capacity: Int, after latest: Int64 = 0) {
        precondition(capacity >= 1, "a log that keeps nothing")
        self.epoch = epoch
        self.capacity = capacity
        self.latest = max(0, latest - Int64(capacity))
        while self.latest < latest { _ = append() }
    }

    package mutating func append() -> Entry { append("message \(latest + 1)") }

    package mutating func append(_ text: String) -> Entry {
        latest += 1
        let entry = Entry(sequence: latest, text: text)
        entries.append(entry)
        if entries.count > capacity { entries.removeFirst() }
        return entry
    }

    /// What a subscriber must still get: everything after its position that is kept. One without a position, and one
    /// from the future of this epoch (its disk was restored, or it lies), starts with what comes next; one of another
    /// epoch has seen nothing of this one and gets all that is kept.
    package func entries(after position: Position?) -> ArraySlice<Entry> {
        guard let position else { return [] }
        guard position.epoch == epoch else { return entries[...] }
        guard let oldest = entries.first?.sequence, position.last < latest else { return [] }
        return entries[max(0, Int(position.last + 1 - oldest))...]
    }
}
