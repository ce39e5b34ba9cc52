import Glibc
import Kernel
import Netlink
import Scenarios

/// The queues of one device of a wire: netem for delay, jitter and loss; inside it tbf once there is a rate.
///
///     netem 1:  ->  tbf 2:  ->  pfifo 3:
///
/// On a kernel without netem the bucket is the device's own queue, and only a rate can be had.
struct ImpairmentQueues {
    private static let netem = QueueHandle(major: 1)
    private static let insideNetem = QueueHandle(major: 1, minor: 1)
    private static let bucket = QueueHandle(major: 2)

    private let device: Int32
    private let seed: UInt64
    private let hasNetem: Bool
    private var current: Impairment?
    private var hasBucket = false

    /// - Parameter seed: of the random numbers of this direction.
    init(device: Int32, seed: UInt64, hasNetem: Bool) {
        self.device = device
        self.seed = seed
        self.hasNetem = hasNetem
    }

    /// Whether this kernel has netem. The device has it then, and `set` makes it what it should be.
    static func tryNetem(on device: Int32, _ routes: RouteSocket) throws(NetlinkError) -> Bool {
        do throws(NetlinkError) {
            try routes.netem(.add, Netem(), handle: netem, parent: .root, on: device)
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
    }

    /// True for what only netem can do; the default delay alone is not worth refusing a lab.
    static func needsNetem(_ impairment: Impairment) -> Bool {
        let isSlow = impairment.delay > .zero && impairment.delay != Impairment().delay
        return isSlow || impairment.jitter > .zero || impairment.loss > 0
    }

    /// Makes the queues do this; one request for each queue that changes.
    mutating func set(_ wanted: Impairment, _ routes: RouteSocket) throws {
        if hasNetem {
            try setNetem(wanted, routes)
        } else if Self.needsNetem(wanted) {
            throw LabError(routes.namespace.owner, .unsupported(missing: Capability.netem.rawValue))
        }
        do {
            try setBucket(wanted, routes)
        } catch let error as NetlinkError where error.code == ENOENT && !hasBucket {
            throw LabError(routes.namespace.owner, .unsupported(missing: Capability.tokenBucket.rawValue))
        }
        current = wanted
    }

    private func setNetem(_ wanted: Impairment, _ routes: RouteSocket) throws {
        var netem = Netem()
        netem.delay = wanted.delay
        netem.jitter = wanted.jitter
        netem.loss = wanted.loss
        guard let current else {
            netem.seed = seed
            try routes.netem(.add, netem, handle: Self.netem, parent: .root, on: device)
            return
        }
        let isSame = current.delay == wanted.delay && current.jitter == wanted.jitter && current.loss == wanted.loss
        // Without a seed the random numbers go on where they were.
        if !isSame { try routes.netem(.change, netem, handle: Self.netem, parent: .root, on: device) }
    }

    private mutating func setBucket(_ wanted: Impairment, _ routes: RouteSocket) throws {
        guard hasBucket || wanted.rate != nil else { return }
        if hasBucket, current?.rate == wanted.rate, current?.limit == wanted.limit { return }
        let tokens = TokenBucket(rate: wanted.rate ?? TokenBucket.unlimited, limit: wanted.limit)
        let parent = hasNetem ? Self.insideNetem : .root
        try routes.tokenBucket(hasBucket ? .change : .add, tokens, handle: Self.bucket, parent: parent, on: device)
        hasBucket = true
    }

    /// Nil when this device has no queue of ours.
    func statistics(_ routes: RouteSocket) throws(NetlinkError) -> QueueStatistics? {
        if hasNetem { return try routes.statistics(of: Self.netem, on: device) }
        return hasBucket ? try routes.statistics(of: Self.bucket, on: device) : nil
    }

    /// Of the rate limit alone; nil when there has never been one.
    func bucketStatistics(_ routes: RouteSocket) throws(NetlinkError) -> QueueStatistics? {
        hasBucket ? try routes.statistics(of: Self.bucket, on: device) : nil
    }
}
