/// What a link does to each packet in one direction. One-way values.
package struct Impairment: Equatable, Sendable {
    /// How the delays of packets are spread around their mean.
    package enum Distribution: String, CaseIterable, Sendable {
        /// `jitter` is the most that a delay differs.
        case uniform
        /// `jitter` is the scale of the spread: the standard deviation of `normal`, about that of the others.
        case normal, pareto, paretonormal
    }

    /// A Markov chain that decides, packet by packet, which are lost; in the place of a plain share.
    package enum LossChain: Equatable, Sendable {
        case gilbertElliott(GilbertElliott)
        case fourStates(FourStates)
    }

    /// Packets that jump the queue of the delay.
    package struct Reordering: Equatable, Sendable {
        /// Probability, 0...1, of each packet that may.
        package var share: Double
        package var correlation: Double = 0
        /// At least so many packets lie between two that jump, less one: every packet may (1), every second (2)...
        package var gap: Int = 1

        package init(share: Double, correlation: Double = 0, gap: Int = 1) {
            self.share = share
            self.correlation = correlation
            self.gap = gap
        }
    }

    /// Default 1 ms: a storm cannot happen in no time at all.
    package var delay: Duration = .milliseconds(1)
    /// Spread of the delay, as `distribution` has it.
    package var jitter: Duration = .zero
    package var distribution: Distribution = .uniform
    /// How much each random delay takes of the one before, 0...1, as netem understands it.
    package var jitterCorrelation: Double = 0
    /// A packet that would overtake another is sent right behind it.
    package var keepsOrder = true
    /// Probability, 0...1.
    package var loss: Double = 0
    package var lossCorrelation: Double = 0
    /// In the place of `loss`.
    package var lossChain: LossChain?
    /// Probability, 0...1, that a packet is followed by a copy.
    package var duplication: Double = 0
    package var duplicationCorrelation: Double = 0
    package var reordering: Reordering?
    /// Bits per second; nil for no limit.
    package var rate: Int64?
    /// Bytes that may leave at once, 1514 or more; two full packets or 1 ms of the rate when nil.
    package var burst: Int64?
    /// Queue in front of the rate limit, packets.
    package var limit: Int = 1000
    /// Queue in front of the rate limit, bytes; nil when only packets count.
    package var byteLimit: Int64?
    /// Nothing leaves; all waits, and nothing is lost.
    package var isStalled = false
    package init() {}
}

/// Gilbert's and Elliott's model of a channel with two states (E. O. Elliott, "Estimates of error rates for codes on
/// burst-noise channels", 1963). Probabilities, 0...1.
package struct GilbertElliott: Equatable, Sendable {
    /// From good to bad, with each packet (p).
    package var toBad: Double
    /// From bad to good (r).
    package var toGood: Double
    /// A packet is lost in the bad state (1-h) and in the good one (1-k).
    package var lossWhenBad: Double = 1
    package var lossWhenGood: Double = 0

    package init(toBad: Double, toGood: Double, lossWhenBad: Double = 1, lossWhenGood: Double = 0) {
        self.toBad = toBad
        self.toGood = toGood
        self.lossWhenBad = lossWhenBad
        self.lossWhenGood = lossWhenGood
    }
}

/// The chain of S. Salsano, F. Ludovici and A. Ordine, "Definition of a general and intuitive loss model for packet
/// networks and its implementation in the Netem module in the Linux kernel" (2009). Its states: 1 received in a gap
/// between bursts, 2 received within a burst, 3 lost within a burst, 4 lost alone. Probabilities, 0...1, of going from
/// one to another; from 4 it always goes to 1.
package struct FourStates: Equatable, Sendable {
    package var p13: Double
    package var p31: Double
    package var p32: Double
    package var p23: Double
    package var p14: Double

    package init(p13: Double, p31: Double, p32: Double, p23: Double, p14: Double) {
        self.p13 = p13
        self.p31 = p31
        self.p32 = p32
        self.p23 = p23
        self.p14 = p14
    }
}
