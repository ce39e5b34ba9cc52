import CLinux
import Glibc
import Kernel

/// Processors for labs: each lab stays on one, and two labs on one machine should not choose the same.
package enum Processor {
    /// Numbers this process may use, ascending.
    package static var allowed: [Int32] {
        var numbers = [Int32](repeating: 0, count: 1024)
        let count = halfopen_processors(&numbers, Int32(numbers.count))
        return count > 0 ? Array(numbers.prefix(Int(count))) : [0]
    }

    /// A processor that no other lab on this machine stays on, or else any. It is held as long as `Claim` lives.
    package static func claim() -> Claim {
        let numbers = allowed
        // From the last: the first is where most machines handle interrupts.
        for number in numbers.reversed() {
            if let hold = hold(number) { return Claim(number: number, hold: hold) }
        }
        return Claim(number: numbers[Int(getpid()) % numbers.count], hold: nil)
    }

    package struct Claim: ~Copyable {
        package let number: Int32
        private let hold: Descriptor?
        /// Whether no other lab stays on it.
        package var isHeld: Bool { hold != nil }

        fileprivate init(number: Int32, hold: consuming Descriptor?) {
            self.number = number
            self.hold = hold
        }
    }

    /// An abstract socket's name can be bound once; the kernel frees it with the process, however that ends.
    private static func hold(_ number: Int32) -> Descriptor? {
        let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { return nil }
        let socket = Descriptor(owning: raw)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array("halfopen-processor-\(number)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in name.enumerated() { path[index + 1] = byte }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(raw, $0, length) }
        }
        if bound != 0 { return nil }
        return socket
    }
}
