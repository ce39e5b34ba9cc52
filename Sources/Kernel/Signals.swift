import CLinux
import Glibc

/// Signals as events of the loop, instead of handlers.
package final class Signals {
    package enum Kind: CaseIterable {
        case interrupt, terminate, hangup
        fileprivate var number: Int32 {
            switch self {
            case .interrupt: SIGINT
            case .terminate: SIGTERM
            case .hangup: SIGHUP
            }
        }
    }

    private let descriptor: Descriptor
    private let loop: EventLoop
    private var token: EventLoop.Token?
    private var before = sigset_t()

    package init(_ kinds: [Kind], loop: EventLoop, _ handler: @escaping () -> Void) throws(SystemError) {
        self.loop = loop
        var set = sigset_t()
        sigemptyset(&set)
        for kind in kinds { sigaddset(&set, kind.number) }
        var old = sigset_t()
        try System.call("block signals") { sigprocmask(SIG_BLOCK, &set, &old) }
        before = old
        descriptor = Descriptor(
            owning: try System.call("make a signal descriptor") {
                signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
            })
        token = try loop.watch(descriptor.raw) { [unowned self] in
            _ = try? descriptor.read(limit: 4096)
            handler()
        }
    }

    /// As it was before.
    package func restore() {
        if let token { loop.cancel(token) }
        token = nil
        sigprocmask(SIG_SETMASK, &before, nil)
    }
}

extension Signals {
    /// From now on, writing to a pipe that nobody reads is an error (EPIPE) and does not end this process. The first
    /// process of a lab would live anyway, that of a test would not. Programs that are started get the default back.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
