import CNetlink
import Glibc
import Kernel

/// netem: packets are late, lost, doubled or sent ahead of others.
package struct Netem: Equatable, Sendable {
    /// A plain share of packets, or a Markov chain in its place. Probabilities, 0...1.
    package enum Loss: Equatable, Sendable {
        case random(Double, correlation: Double)
        /// `loss gemodel` of tc-netem(8).
        case gilbertElliott(p: Double, r: Double, lossWhenBad: Double, lossWhenGood: Double)
        /// `loss state` of tc-netem(8).
        case fourStates(p13: Double, p31: Double, p32: Double, p23: Double, p14: Double)
    }

    /// `reorder` of tc-netem(8); a gap of 0 is none at all.
    package struct Reordering: Equatable, Sendable {
        package var probability: Double
        package var correlation: Double
        package var gap: UInt32

        package init(probability: Double, correlation: Double, gap: UInt32) {
            self.probability = probability
            self.correlation = correlation
            self.gap = gap
        }

        package static let none = Reordering(probability: 0, correlation: 0, gap: 0)
    }

    /// Whether packets whose time has come leave.
    package enum Gate: Equatable, Sendable {
        /// They do so, or not, as before.
        case unchanged
        /// From now on they stay; those whose time came before still leave.
        case closed
        case open
    }

    package var delay: Duration = .zero
    /// Uniform, plus or minus, or the unit of `table`; capped by the kernel at 2.1 s.
    package var jitter: Duration = .zero
    package var jitterCorrelation: Double = 0
    /// Of the delay's distribution: equally probable values, 8192 being one jitter more than `delay`. The kernel never
    /// forgets a table: nil leaves the one that is there, and uniform jitter where there has never been one.
    package var table: [Int16]?
    /// A packet that would overtake another is sent right behind it.
    package var keepsOrder = true
    package var loss = Loss.random(0, correlation: 0)
    /// Probability, 0...1.
    package var duplication: Double = 0
    package var duplicationCorrelation: Double = 0
    package var reordering = Reordering.none
    package var gate = Gate.unchanged
    /// Of its random numbers, from Linux 6.6; older kernels take their own.
    package var seed: UInt64?
    package init() {}

    /// Packets under way. A link's own capacity; the queue that may overflow is the rate limit's.
    package static let underWay: UInt32 = 1 << 20
    /// Bytes per second. netem keeps packets in order only when it has a rate (net/sched/sch_netem.c, netem_enqueue);
    /// at this one a full packet takes 0.15 ns, which it rounds down to nothing.
    static let orderKeepingRate: UInt64 = 10_000_000_000_000

    /// 32-bit fixed point; all ones is certain.
    private static func fixed(_ probability: Double) -> UInt32 {
        UInt32(clamping: Int64((probability * 4_294_967_295).rounded()))
    }
}

extension RouteSocket {
    /// Everything is said every time: what a change leaves out, the kernel leaves as it was.
    package func netem(
        _ change: QueueChange, _ netem: Netem, handle: QueueHandle, parent: QueueHandle, on index: Int32
    ) throws(NetlinkError) {
        let room = netem.table.map { 4096 + 2 * $0.count }
        let message = queueMessage(RTM_NEWQDISC, change, "netem", handle, parent, index, capacity: room)
        message.nest(TCA_OPTIONS) { netem.put(in: message) }
        try socket.request("\(change.verb) a netem queue on device \(index) of", message)
    }
}

extension Netem {
    fileprivate func put(in message: borrowing NetlinkMessage) {
        var options = tc_netem_qopt()
        options.limit = Netem.underWay
        options.duplicate = Netem.fixed(duplication)
        options.gap = reordering.gap
        var correlations = tc_netem_corr()
        correlations.delay_corr = Netem.fixed(jitterCorrelation)
        correlations.dup_corr = Netem.fixed(duplicationCorrelation)
        if case .random(let share, let correlation) = loss {
            options.loss = Netem.fixed(share)
            correlations.loss_corr = Netem.fixed(correlation)
        }
        message.append(options)
        message.put(TCA_NETEM_CORR, correlations)
        message.put(
            TCA_NETEM_REORDER,
            tc_netem_reorder(
                probability: Netem.fixed(reordering.probability), correlation: Netem.fixed(reordering.correlation)))
        putLossChain(in: message)
        // The larger of the two counts, and the first is for unsetting the second.
        message.put(TCA_NETEM_RATE, tc_netem_rate())
        message.put(TCA_NETEM_RATE64, keepsOrder ? Netem.orderKeepingRate : 0)
        // The old microsecond fields above are rounded to scheduler ticks; these are nanoseconds.
        message.put(TCA_NETEM_LATENCY64, delay.wholeNanoseconds)
        message.put(TCA_NETEM_JITTER64, jitter.wholeNanoseconds)
        if let table {
            message.put(TCA_NETEM_DELAY_DIST, bytes: table.withUnsafeBytes { Array($0) })
        }
        if gate != .unchanged {
            // Slots are moments at which packets may leave: the next one is after the end of all time. Every slot that
            // is said begins now, so it is said once.
            var slots = tc_netem_slot()
            if gate == .closed {
                slots.min_delay = Int64.max / 4
                slots.max_delay = Int64.max / 4
            }
            message.put(TCA_NETEM_SLOT, slots)
        }
        if let seed { message.put(HALFOPEN_TCA_NETEM_PRNG_SEED, seed) }
    }

    /// Without one the kernel goes back to a plain share.
    private func putLossChain(in message: borrowing NetlinkMessage) {
        switch loss {
        case .random: break
        case .gilbertElliott(let p, let r, let lossWhenBad, let lossWhenGood):
            // The kernel wants the chance to survive in the bad state, and to be lost in the good one.
            let model = tc_netem_gemodel(
                p: Netem.fixed(p), r: Netem.fixed(r), h: Netem.fixed(1 - lossWhenBad), k1: Netem.fixed(lossWhenGood))
            message.nest(TCA_NETEM_LOSS) { message.put(NETEM_LOSS_GE, model) }
        case .fourStates(let p13, let p31, let p32, let p23, let p14):
            let model = tc_netem_gimodel(
                p13: Netem.fixed(p13), p31: Netem.fixed(p31), p32: Netem.fixed(p32), p14: Netem.fixed(p14),
                p23: Netem.fixed(p23))
            message.nest(TCA_NETEM_LOSS) { message.put(NETEM_LOSS_GI, model) }
        }
    }
}
