import Scenarios

/// The SplitMix64 generator: small, fast, and good enough for jitter and names. A process that draws for thousands of
/// sessions asks the kernel for a seed once, and not for each number. Nothing that must be hard to guess comes from it.
package struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    /// Seeded by the machine.
    package init() {
        var system = SystemRandomNumberGenerator()
        self.init(seed: system.next())
    }

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return Seed.mixed(state)
    }
}
