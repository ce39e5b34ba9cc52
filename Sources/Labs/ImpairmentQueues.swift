import Glibc
import Kernel
import Netlink
import Scenarios

/// The queues of one device of a wire, made once and only ever changed: netem for what befalls packets one by one, tbf
/// for a rate, and inside it the queue in front of that rate, limited in bytes (red) and in packets. The plug holds
/// nothing and is there to wake the others.
///
///     netem 1:  ->  tbf 2:  ->  red 3:  ->  prio 4:  ->  pfifo 5:
///                                                    ->  plug 6:
///
/// What the running kernel does not have is left out. A queue that nobody needs passes everything on at once: taking
/// it away would lose the packets in it, and it stands from the start so that a link is afterwards what it was before.
struct ImpairmentQueues {
    private static let netem = QueueHandle(major: 1)
    private static let bucket = QueueHandle(major: 2)
    private static let bytes = QueueHandle(major: 3)
    private static let places = QueueHandle(major: 4)
    private static let packets = QueueHandle(major: 5)
    private static let waking = QueueHandle(major: 6)

    /// What this kernel has of them.
    struct Abilities: Equatable {
        var netem = true
        var bucket = true
        var byteLimit = true
        var places = true
        var waking = true
    }

    private let device: Int32
    private let seed: UInt64
    /// All that was tried in the kernel.
    private(set) var abilities: Abilities
    private var current: Impairment
    /// A table of delays, once loaded, is never forgotten by the kernel; see `Netem.table`.
    private var hasTable = false

    /// Makes the queues of a device that has none.
    /// - Parameters:
    ///   - seed: of the random numbers of this direction.
    ///   - abilities: what is worth trying; see `abilities` for what there is.
    init(
        device: Int32, seed: UInt64, abilities: Abilities, doing wanted: Impairment, _ routes: RouteSocket
    ) throws {
        self.device = device
        self.seed = seed
        self.abilities = abilities
        current = wanted
        let netem = Self.netem(for: wanted, hasTable: &hasTable, seed: seed)
        try add(\.netem) { try routes.netem(.add, netem, handle: Self.netem, parent: .root, on: device) }
        let tokens = Self.tokens(for: wanted)
        let (parent, limit) = (bucketParent, Self.packets(for: wanted))
        try add(\.bucket) {
            try routes.tokenBucket(
                .add, tokens, limit: limit, handle: Self.bucket, parent: parent, on: device)
        }
        if self.abilities.bucket {
            try add(\.byteLimit) {
                try routes.byteLimit(
                    .add, Self.bytes(for: wanted), handle: Self.bytes, parent: Self.bucket.inside, on: device)
            }
            let (device, outer) = (device, placesParent)
            try add(\.places) { try routes.twoPlaces(handle: Self.places, parent: outer, on: device) }
            if self.abilities.places {
                try add(\.waking) {
                    try routes.wakingQueue(handle: Self.waking, parent: Self.places.secondInside, on: device)
                }
            }
            try routes.packetQueue(
                .add, limit: limit, handle: Self.packets, parent: packetsParent, on: device)
            // A change says the limit where the kernel shows it; a bucket that heals is as it was from the start.
            try routes.tokenBucket(
                .change, tokens, limit: limit, handle: Self.bucket, parent: bucketParent, on: device)
        }
        try check(wanted, routes)
    }

    private mutating func add(_ ability: WritableKeyPath<Abilities, Bool>, _ body: () throws -> Void) throws {
        guard abilities[keyPath: ability] else { return }
        do {
            try body()
        } catch let error as NetlinkError where error.code == ENOENT {
            abilities[keyPath: ability] = false
        }
    }

    private var bucketParent: QueueHandle { abilities.netem ? Self.netem.inside : .root }
    private var placesParent: QueueHandle { abilities.byteLimit ? Self.bytes.inside : Self.bucket.inside }
    private var packetsParent: QueueHandle { abilities.places ? Self.places.inside : placesParent }
    private var canWake: Bool { abilities.bucket && abilities.places && abilities.waking }

    /// True for what only netem can do; the default delay alone is not worth refusing a lab.
    static func needsNetem(_ impairment: Impairment) -> Bool {
        var rest = impairment
        if rest.delay == .zero { rest.delay = Impairment().delay }
        rest.rate = nil
        rest.burst = nil
        rest.limit = Impairment().limit
        rest.byteLimit = nil
        return rest != Impairment()
    }

    private func check(_ wanted: Impairment, _ routes: RouteSocket) throws(LabError) {
        func lacks(_ capability: Capability) -> LabError {
            LabError(routes.namespace.owner, .unsupported(missing: capability.rawValue))
        }
        if !abilities.netem && Self.needsNetem(wanted) { throw lacks(.netem) }
        if !abilities.bucket && wanted.rate != nil { throw lacks(.tokenBucket) }
        if !abilities.byteLimit && wanted.byteLimit != nil { throw lacks(.byteLimit) }
        if !canWake && wanted.isStalled { throw lacks(.waking) }
    }

    /// Makes the queues do this; one request for each queue that changes.
    mutating func set(_ wanted: Impairment, _ routes: RouteSocket) throws {
        try check(wanted, routes)
        let before = current
        // When something in the middle is refused, the next change must not rely on what stands.
        defer { current = wanted }
        if abilities.netem {
            var hadTable = hasTable
            let former = Self.netem(for: before, hasTable: &hadTable, seed: nil)
            var netem = Self.netem(for: wanted, hasTable: &hasTable, seed: nil)
            if before.isStalled != wanted.isStalled { netem.gate = wanted.isStalled ? .closed : .open }
            // Without a seed the random numbers go on where they were.
            if former != netem {
                try routes.netem(.change, netem, handle: Self.netem, parent: .root, on: device)
            }
        }
        guard abilities.bucket else { return }
        let limit = Self.packets(for: wanted)
        if Self.tokens(for: before) != Self.tokens(for: wanted) {
            try routes.tokenBucket(
                .change, Self.tokens(for: wanted), limit: limit, handle: Self.bucket, parent: bucketParent, on: device)
        }
        let bytes = Self.bytes(for: wanted)
        if abilities.byteLimit, Self.bytes(for: before) != bytes {
            try routes.byteLimit(.change, bytes, handle: Self.bytes, parent: Self.bucket.inside, on: device)
        }
        if Self.packets(for: before) != limit {
            try routes.packetQueue(.change, limit: limit, handle: Self.packets, parent: packetsParent, on: device)
        }
        let mayLeave = before.isStalled && !wanted.isStalled || Self.tokens(for: before) != Self.tokens(for: wanted)
        if canWake, mayLeave {
            try routes.wake(Self.waking, parent: Self.places.secondInside, on: device)
        }
    }

    /// Without a rate nothing waits for long; but what comes at one moment passes through this queue at one moment.
    private static func packets(for impairment: Impairment) -> Int {
        impairment.rate == nil ? Int(Netem.underWay) : impairment.limit
    }

    private static func bytes(for impairment: Impairment) -> Int64? {
        impairment.rate == nil ? nil : impairment.byteLimit
    }

    private static func tokens(for impairment: Impairment) -> TokenBucket {
        guard let rate = impairment.rate else { return TokenBucket(rate: TokenBucket.unlimited) }
        return TokenBucket(rate: rate, burst: impairment.burst)
    }

    private static func netem(for wanted: Impairment, hasTable: inout Bool, seed: UInt64?) -> Netem {
        var netem = Netem()
        netem.delay = wanted.delay
        netem.jitter = wanted.jitter
        netem.jitterCorrelation = wanted.jitterCorrelation
        netem.keepsOrder = wanted.keepsOrder
        if wanted.jitter > .zero {
            netem.table =
                switch wanted.distribution {
                case .uniform: hasTable ? NetemTable.uniform : nil
                case .normal: NetemTable.normal
                case .pareto: NetemTable.pareto
                case .paretonormal: NetemTable.paretonormal
                }
            hasTable = hasTable || netem.table != nil
        }
        netem.loss =
            switch wanted.lossChain {
            case nil: .random(wanted.loss, correlation: wanted.lossCorrelation)
            case .gilbertElliott(let model)?:
                .gilbertElliott(
                    p: model.toBad, r: model.toGood, lossWhenBad: model.lossWhenBad, lossWhenGood: model.lossWhenGood)
            case .fourStates(let model)?:
                .fourStates(p13: model.p13, p31: model.p31, p32: model.p32, p23: model.p23, p14: model.p14)
            }
        netem.duplication = wanted.duplication
        netem.duplicationCorrelation = wanted.duplicationCorrelation
        // Who jumps the queue would jump this one as well.
        netem.reordering =
            (wanted.isStalled ? nil : wanted.reordering).map {
                .init(probability: $0.share, correlation: $0.correlation, gap: UInt32(clamping: $0.gap))
            } ?? .none
        netem.seed = seed
        return netem
    }

    /// Nil when this device has no queue of ours.
    func statistics(_ routes: RouteSocket) throws(NetlinkError) -> QueueStatistics? {
        if abilities.netem { return try routes.statistics(of: Self.netem, on: device) }
        return abilities.bucket ? try routes.statistics(of: Self.bucket, on: device) : nil
    }

    /// Of the rate limit alone; nil when the kernel has none.
    func bucketStatistics(_ routes: RouteSocket) throws(NetlinkError) -> QueueStatistics? {
        abilities.bucket ? try routes.statistics(of: Self.bucket, on: device) : nil
    }
}
