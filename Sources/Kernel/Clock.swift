import Glibc

/// CLOCK_MONOTONIC of this kernel, nanoseconds: the one clock of every run.
package enum Clock {
    package static var now: Int64 { read(CLOCK_MONOTONIC) }
    /// What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, for stamps that the kernel only gives in real time (packets).
    package static var realtimeOffset: Int64 { read(CLOCK_REALTIME) - read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
