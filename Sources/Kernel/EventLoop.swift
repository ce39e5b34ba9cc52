import CLinux
import Glibc

/// The engine's one thread: epoll and an absolute timer. Handlers run one at a time, in the order of the kernel's
/// answers; timers due at one moment run in the order they were set.
package final class EventLoop {
    private let epoll: Descriptor
    private let timer: Descriptor
    private var watches: [UInt64: Watch] = [:]
    private var nextToken: UInt64 = 1
    private var timers = TimerQueue()
    private var lastWords: [() -> Void] = []
    private var isStopped = false
    private var events = [epoll_event](repeating: epoll_event(), count: 512)
    private var armed: Int64 = 0
    /// When the last turn began.
    private var turnBegan: Int64 = 0
    private var isTurning = false
    /// There may be more events than the last turn could take.
    private var hasMore = false

    private struct Watch {
        var descriptor: Int32
        var handler: (_ isBroken: Bool) -> Void
    }

    /// What `watch` and `at` return; pass it to `cancel`.
    package struct Token: Hashable, Sendable {
        fileprivate var number: UInt64
    }

    package init() throws(SystemError) {
        epoll = Descriptor(owning: try System.call("make an epoll") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        timer = Descriptor(
            owning: try System.call("make a timer") {
                timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
            })
        let (epoll, timer) = (epoll.raw, timer.raw)
        // Edges are enough, as it is set anew after each: nobody has to read how often it has expired.
        let edges = EPOLLIN.rawValue | EPOLLET.rawValue
        try System.call("watch the timer") { halfopen_epoll_add(epoll, timer, edges, 0) }
    }

    /// CLOCK_MONOTONIC as of the beginning of this turn of the loop: what one turn does has one time. For programs that
    /// do a little for each of many thousand sessions, where reading the clock each time would cost more than all else:
    /// in the lab's kernel that is a system call, and moves the lab's time, so that what could be handled together
    /// comes bit by bit. Outside a turn it is the clock itself.
    package var now: Int64 { isTurning ? turnBegan : Clock.now }

    /// What a descriptor is watched for; always for being hung up or broken as well.
    package struct Interest: OptionSet, Sendable {
        package var rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let readable = Interest(rawValue: EPOLLIN.rawValue)
        package static let writable = Interest(rawValue: EPOLLOUT.rawValue)
        package static let both: Interest = [.readable, .writable]
    }

    /// Calls `handler` whenever the descriptor is readable (or as asked) or hung up. The caller keeps it open until
    /// `cancel`. One watch for a descriptor: to watch it for something else, cancel first.
    package func watch(
        _ descriptor: Int32, for interest: Interest = .readable, _ handler: @escaping () -> Void
    ) throws(SystemError) -> Token {
        try watch(descriptor, for: interest, telling: { _ in handler() })
    }

    /// As `watch`; the handler is told whether the descriptor is hung up or broken.
    package func watch(
        _ descriptor: Int32, for interest: Interest, telling handler: @escaping (_ isBroken: Bool) -> Void
    ) throws(SystemError) -> Token {
        let token = takeToken()
        let epoll = epoll.raw
        try System.call("watch a descriptor") { halfopen_epoll_add(epoll, descriptor, interest.rawValue, token) }
        watches[token] = Watch(descriptor: descriptor, handler: handler)
        return Token(number: token)
    }

    /// Watches the same descriptor for something else from now on: half the work of `cancel` and `watch`.
    package func change(
        _ token: Token, for interest: Interest, _ handler: @escaping () -> Void
    ) throws(SystemError) {
        guard let descriptor = watches[token.number]?.descriptor else { preconditionFailure("nothing is watched") }
        let epoll = epoll.raw
        try System.call("watch a descriptor") {
            halfopen_epoll_change(epoll, descriptor, interest.rawValue, token.number)
        }
        watches[token.number] = Watch(descriptor: descriptor, handler: { _ in handler() })
    }

    /// Calls `handler` once at `time` (CLOCK_MONOTONIC, nanoseconds), at once when it has passed.
    @discardableResult
    package func at(_ time: Int64, _ handler: @escaping () -> Void) -> Token {
        let token = takeToken()
        timers.add(time, token: token, handler)
        return Token(number: token)
    }

    /// Calls `handler` once, `delay` from now.
    @discardableResult
    package func after(_ delay: Duration, _ handler: @escaping () -> Void) -> Token {
        // What is due at once needs no clock.
        at(delay == .zero ? 0 : Clock.now + delay.wholeNanoseconds, handler)
    }

    /// Fine for one that has been cancelled or has been called.
    /// - Parameter closing: the descriptor is closed next, and no other one stands for the same: the kernel forgets the
    ///   watch with it and need not be told.
    package func cancel(_ token: Token, closing: Bool = false) {
        if let watch = watches.removeValue(forKey: token.number), !closing {
            epoll_ctl(epoll.raw, Int32(EPOLL_CTL_DEL), watch.descriptor, nil)
        }
        timers.cancel(token.number)
    }

    /// In real time a sleeper wakes some 100 us after its time. With this set (nanoseconds) the loop wakes so much
    /// earlier and watches the clock for the rest; in virtual time, where waking is exact, it stays 0.
    package var wakesEarlierBy: Int64 = 0

    /// So much time (nanoseconds) passes from the beginning of a turn that had something to do to the next one: what
    /// comes meanwhile is handled together, as a network card's interrupts are coalesced. Nothing comes later than by
    /// that. For a program with thousands of connections: in virtual time computing takes none, so that each of their
    /// events would find it waiting for that very event.
    package var coalescing: Int64 = 0

    /// Calls `handler` once, when nothing else is due and before the loop waits again.
    package func beforeWaiting(_ handler: @escaping () -> Void) { lastWords.append(handler) }

    package func stop() { isStopped = true }

    /// Runs until `stop`.
    package func run() throws(SystemError) {
        isStopped = false
        while !isStopped { try turn() }
    }

    /// Runs until `condition` holds (looked at after every turn) or `deadline` has passed. Lets a main flow be written
    /// from top to bottom. True when the condition held.
    package func run(until deadline: Int64, orUntil condition: () -> Bool) throws(SystemError) -> Bool {
        var hasPassed = false
        let timeout = at(deadline) { hasPassed = true }
        defer { cancel(timeout) }
        while !condition() {
            if hasPassed { return false }
            try turn()
        }
        return true
    }

    /// Timers that are due, or else whatever comes next.
    private func turn() throws(SystemError) {
        if wakesEarlierBy > 0, let first = timers.first(), first - Clock.now <= wakesEarlierBy {
            repeat { turnBegan = Clock.now } while turnBegan < first
        }
        isTurning = true
        defer { isTurning = false }
        if runDueTimers() { return }
        if !lastWords.isEmpty { return speakLast() }
        try pause()
        try arm()
        let epoll = epoll.raw
        let count = try System.call("wait for events") { epoll_wait(epoll, &events, Int32(events.count), -1) }
        turnBegan = Clock.now
        hasMore = count == events.count
        for index in 0..<Int(count) {
            let token = halfopen_epoll_token(&events[index])
            if token == 0 { armed = 0 } else { watches[token]?.handler(events[index].events & Self.broken != 0) }
        }
    }

    private static let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue

    private func speakLast() {
        let handlers = lastWords
        lastWords.removeAll(keepingCapacity: true)
        for handler in handlers { handler() }
    }

    /// Until the next turn may begin.
    private func pause() throws(SystemError) {
        let next = turnBegan + coalescing
        if coalescing == 0 || hasMore || Clock.now >= next { return }
        var time = timespec(tv_sec: Int(next / 1_000_000_000), tv_nsec: Int(next % 1_000_000_000))
        // A signal ends it early, which costs a turn of little work and no more.
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
    }

    private func takeToken() -> UInt64 {
        defer { nextToken += 1 }
        return nextToken
    }

    /// True when one was.
    private func runDueTimers() -> Bool {
        var anyWasDue = false
        while let handler = timers.take(dueAt: turnBegan) {
            anyWasDue = true
            handler()
        }
        return anyWasDue
    }

    private func arm() throws(SystemError) {
        var setting = itimerspec()
        if let first = timers.first() {
            // All zero would disarm it; one nanosecond is in the past as well.
            let time = max(first - wakesEarlierBy, 1)
            if time == armed { return }
            armed = time
            setting.it_value.tv_sec = Int(time / 1_000_000_000)
            setting.it_value.tv_nsec = Int(time % 1_000_000_000)
        } else {
            if armed == 0 { return }
            armed = 0
        }
        let timer = timer.raw
        try System.call("set the timer") { timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil) }
    }
}

extension Duration {
    /// Whole nanoseconds; traps beyond 292 years.
    package var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
