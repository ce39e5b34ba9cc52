import Testing

@testable import Scenarios

/// SplitMix64, so that a failure is a seed.
private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return Seed.mixed(state)
    }
}

@Suite struct FuzzTests {
    private static let words = [
        "{", "}", "[", "]", ":", "- ", "\n", "\"", "'", "&a ", "*a", "!!x", "---\n", "|", "\t", "${profile}",
        "{broker}",
        "10", "-1", "99999999999999999999", "0.0000000000000000001s", "1e9", "null", "~", "%", "->", "\u{0}", "é",
        "from: x", "matrix: { a: [1, 2] }\n", "nat: ", "outside: home", "end: 1s", "fault: blackhole", "  ",
    ].map { Array($0.utf8) }

    private func mutated(_ bytes: [UInt8], _ random: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
            case 3: bytes.insert(contentsOf: Self.words.randomElement(using: &random)!, at: place)
            case 4: bytes.replaceSubrange(place..<end, with: Self.words.randomElement(using: &random)!)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }

    @Test(arguments: [Fixture.valid, PartsTests.matrix.replacing("$${profile}", with: "x")])
    func mutationsGiveAScenarioOrProblems(text: String) throws {
        var random = Generator(state: 20_260_101)
        let valid = Array(text.utf8)
        var loaded = 0
        for round in 0..<1500 {
            let bytes = mutated(valid, &random)
            let loader = ScenarioLoader(catalog: Fixture.catalog) { path throws(Fixture.NoSuchFile) in
                guard path == "nat.yaml" else { throw Fixture.NoSuchFile() }
                return bytes
            }
            do throws(Problems) {
                let all = try loader.load(path: "nat.yaml")
                #expect(!all.isEmpty, "round \(round)")
                for one in all { #expect(!Plan(one.scenario, seed: 1).description.isEmpty) }
                loaded += 1
            } catch {
                #expect(!error.all.isEmpty, "round \(round)")
                #expect(error.all.allSatisfy { $0.file == "nat.yaml" && !$0.message.contains("\n") }, "round \(round)")
            }
        }
        // Both ways are taken, or this tests nothing.
        #expect((1...1400).contains(loaded), "\(loaded) loaded")
    }
}
