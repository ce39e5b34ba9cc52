/// The names of an enum's cases by their bytes. To make a string of each name in a million lines, and to compare that
/// with one case after the other, took as long as all else that was done to decode them.
struct Spellings<Name: RawRepresentable<String> & CaseIterable & Sendable>: Sendable {
    /// A name of up to 16 bytes, none of which is 0.
    private struct Word: Equatable, Sendable {
        var (low, high): (UInt64, UInt64) = (0, 0)

        init?(_ bytes: some Collection<UInt8>) {
            guard bytes.count <= 16 else { return nil }
            for (place, byte) in bytes.enumerated() {
                if place < 8 { low |= UInt64(byte) << (place * 8) } else { high |= UInt64(byte) << ((place - 8) * 8) }
            }
        }
    }

    private var short: [(word: Word, name: Name)] = []

    init() {
        for name in Name.allCases {
            if let word = Word(name.rawValue.utf8) { short.append((word, name)) }
        }
    }

    subscript(_ bytes: UnsafeBufferPointer<UInt8>) -> Name? {
        guard let word = Word(bytes) else { return Name(rawValue: String(decoding: bytes, as: UTF8.self)) }
        for known in short where known.word == word { return known.name }
        return nil
    }
}

/// An enum whose names stand in nearly every line.
protocol Spelled: RawRepresentable<String>, CaseIterable, Sendable {
    static var spellings: Spellings<Self> { get }
}

extension Event.Kind: Spelled { static let spellings = Spellings<Self>() }
extension WireChange.Change: Spelled { static let spellings = Spellings<Self>() }
extension DriverReport.Kind: Spelled { static let spellings = Spellings<Self>() }
extension DriverReport.Stamp: Spelled { static let spellings = Spellings<Self>() }
