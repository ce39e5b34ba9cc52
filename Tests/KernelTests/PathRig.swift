import CLinux
import Glibc
import Kernel
import Labs

@testable import Scenarios

/// Numbered datagrams between two hosts, with the kernel's stamp of each arrival: the oracle of what a path does.
final class TestStream {
    struct Arrival {
        var number: Int
        /// Nanoseconds since it was sent, by the sender's clock.
        var delay: Int64
        /// CLOCK_REALTIME, nanoseconds.
        var time: Int64
    }

    private let sender: Descriptor
    private let receiver: Descriptor
    private var target: sockaddr_in
    private let size: Int
    /// When each was sent (CLOCK_REALTIME, nanoseconds); a datagram's number is its place.
    private(set) var sent: [Int64] = []

    /// - Parameter size: bytes of payload, 8 or more; the frame has 42 more.
    init(from source: LabHost, to destination: LabHost, port: Int = 9100, size: Int = 8) throws {
        sender = try source.namespace.socket(AF_INET, Int32(SOCK_DGRAM.rawValue))
        receiver = try destination.namespace.socket(AF_INET, Int32(SOCK_DGRAM.rawValue))
        target = TestConnection.address(destination.addresses[0], port)
        self.size = size
        var room: Int32 = 256 << 20
        for raw in [receiver.raw, sender.raw] {
            setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
            setsockopt(raw, SOL_SOCKET, SO_SNDBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
        }
        var own = TestConnection.address("0.0.0.0", port)
        let raw = receiver.raw
        try System.call("bind") {
            withUnsafePointer(to: &own) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        // The first question turns the stamps on.
        _ = stamp()
    }

    /// Datagrams from now on may be fragmented on the way (IP_PMTUDISC_DONT, ip(7)).
    func mayFragment() throws {
        var never: Int32 = 0
        let raw = sender.raw
        try System.call("set IP_MTU_DISCOVER") {
            setsockopt(raw, Int32(IPPROTO_IP), IP_MTU_DISCOVER, &never, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    func send(_ count: Int, every pause: Duration = .zero) throws {
        var bytes = [UInt8](repeating: 0, count: size)
        let raw = sender.raw
        var next = Clock.now
        for _ in 0..<count {
            withUnsafeBytes(of: sent.count) { bytes.replaceSubrange(0..<8, with: $0) }
            sent.append(Self.now)
            try System.call("send") {
                withUnsafePointer(to: &target) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(raw, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
            if pause > .zero {
                next += pause.wholeNanoseconds
                let left = next - Clock.now
                if left > 0 { usleep(UInt32(left / 1000)) }
            }
        }
    }

    /// In the order of arrival, until nothing comes for so long.
    func arrivals(quiet: Duration = .seconds(2)) -> [Arrival] {
        var result: [Arrival] = []
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            var wait = pollfd(fd: receiver.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(quiet / .milliseconds(1))) > 0 else { return result }
            guard recv(receiver.raw, &bytes, bytes.count, 0) >= 8 else { return result }
            let number = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
            let time = stamp()
            result.append(Arrival(number: number, delay: time - sent[number], time: time))
        }
    }

    /// When the kernel took in the datagram that was read last (SIOCGSTAMPNS, socket(7)).
    private func stamp() -> Int64 {
        var time = timespec()
        _ = ioctl(receiver.raw, 0x8907, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// What chance allows.
enum Chance {
    /// The two-sided quantile of the normal distribution that leaves one in a thousand out.
    static let sigmas = 3.2905

    /// The counts that a share of so many independent trials gives in 99.9 % of all cases.
    static func counts(_ share: Double, of trials: Int) -> ClosedRange<Int> {
        let mean = share * Double(trials)
        let spread = sigmas * (mean * (1 - share)).squareRoot()
        return Int((mean - spread).rounded(.down))...Int((mean + spread).rounded(.up))
    }

    /// The largest distance between the samples' cumulative distribution and `expected` (Kolmogorov-Smirnov), in units
    /// of what chance allows in 99.9 % of all cases: 1 or less is a match.
    static func distance(_ samples: [Double], from expected: (Double) -> Double) -> Double {
        let sorted = samples.sorted()
        let count = Double(sorted.count)
        var largest = 0.0
        for (index, value) in sorted.enumerated() where index == sorted.count - 1 || sorted[index + 1] > value {
            largest = max(largest, abs(Double(index + 1) / count - expected(value)))
        }
        return largest / (1.949 / count.squareRoot())
    }

    static func mean(_ samples: [Double]) -> Double { samples.reduce(0, +) / Double(samples.count) }

    static func deviation(_ samples: [Double]) -> Double {
        let mean = mean(samples)
        return (samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(samples.count)).squareRoot()
    }

    /// Of each sample with the next.
    static func correlation(_ samples: [Double]) -> Double {
        let mean = mean(samples)
        let products = zip(samples, samples.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
        return products / samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }

    /// Random numbers of 0..<1 of the test's own.
    struct Numbers {
        private var state: UInt64 = 42
        mutating func next() -> Double {
            state = Seed.mixed(state)
            return Double(state >> 11) / 9_007_199_254_740_992
        }
    }
}

/// Which datagrams of a stream were lost, and how they lie together.
struct TestLosses {
    let lost: [Bool]

    init(sent: Range<Int>, arrived: [TestStream.Arrival]) {
        var lost = [Bool](repeating: true, count: sent.count)
        for arrival in arrived where sent.contains(arrival.number) { lost[arrival.number - sent.lowerBound] = false }
        self.lost = lost
    }

    init(_ lost: [Bool]) { self.lost = lost }

    var count: Int { lost.count { $0 } }
    var share: Double { Double(count) / Double(lost.count) }
    /// Lengths of runs of losses.
    var bursts: [Int] { lost.split(separator: false).map(\.count) }
    var meanBurst: Double { Double(count) / Double(max(1, bursts.count)) }
}

extension Duration {
    var inNanoseconds: Double { Double(wholeNanoseconds) }
}
