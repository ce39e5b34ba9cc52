import Glibc
import Kernel

/// What a client that errs leaves behind, for as long as the process lives.
final class Leavings {
    private var sockets: [LineSocket] = []
    private var descriptors: [Int32] = []
    private var blocks: [[UInt8]] = []

    deinit {
        for descriptor in descriptors { _ = Descriptor(owning: descriptor) }
    }

    /// Keeps a connection open, and does no more with it.
    func keep(_ socket: LineSocket) {
        socket.abandon()
        sockets.append(socket)
    }

    func leak(_ leak: ReferenceClient.Leak) {
        switch leak {
        case .descriptor:
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            if descriptor >= 0 { descriptors.append(descriptor) }
        case .thread:
            var thread = pthread_t()
            pthread_create(&thread, nil, sleepForEver, nil)
        // Written to, so that it is there and not only promised.
        case .memory: blocks.append([UInt8](repeating: 1, count: 1 << 20))
        }
    }
}

/// A thread that nobody will ever wake: it belongs to the process until that ends.
private func sleepForEver(_: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    while true { pause() }
}
