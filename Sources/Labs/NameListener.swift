import CLinux
import Glibc
import Kernel

/// The name server's sockets in one host: UDP and TCP, port 53 of a loopback address.
final class NameListener {
    /// Where the stub of systemd-resolved is on many machines: no program is surprised to find it there.
    static let address = "127.0.0.53"
    private static let port: UInt16 = 53
    /// Connections held at one time; what comes beyond waits in the kernel's queue.
    private static let mostStreams = 64
    /// A connection that asks nothing for so long is closed (RFC 7766, section 6.2.3, asks for a few seconds).
    private static let patience = Duration.seconds(10)

    private let loop: EventLoop
    private let answer: (NameQuestion, _ isStream: Bool) -> NameAnswer
    private let datagrams: Descriptor
    private let listener: Descriptor
    private var tokens: [EventLoop.Token] = []
    private var streams: [Int32: NameStream] = [:]
    private var buffer = [UInt8](repeating: 0, count: NameMessage.longest + 1)

    init(
        in host: LabHost, loop: EventLoop, answer: @escaping (NameQuestion, _ isStream: Bool) -> NameAnswer
    ) throws {
        self.loop = loop
        self.answer = answer
        func bound(_ type: __socket_type) throws(SystemError) -> Descriptor {
            let socket = try host.namespace.socket(AF_INET, Int32(type.rawValue | SOCK_NONBLOCK.rawValue))
            var on: Int32 = 1
            setsockopt(socket.raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = Self.port.bigEndian
            inet_pton(AF_INET, Self.address, &address.sin_addr)
            let raw = socket.raw
            try System.call("bind the name server of", host.name) {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
            return socket
        }
        datagrams = try bound(SOCK_DGRAM)
        listener = try bound(SOCK_STREAM)
        let raw = listener.raw
        try System.call("listen for the name server of", host.name) { listen(raw, 64) }
        tokens = [
            try loop.watch(datagrams.raw) { [unowned self] in takeDatagrams() },
            try loop.watch(raw) { [unowned self] in acceptStreams() },
        ]
    }

    deinit { tokens.forEach { loop.cancel($0) } }

    private func takeDatagrams() {
        while true {
            var sender = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &sender) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(datagrams.raw, &buffer, buffer.count, 0, $0, &size)
                }
            }
            guard count >= 0 else { return }
            switch NameMessage.read(Array(buffer[..<count])) {
            case .noise: break
            case .refusal(let bytes): send(bytes, to: sender)
            case .question(let question):
                let answer = answer(question, false)
                guard let bytes = answer.message(question) else { continue }
                if answer.delay == .zero {
                    send(bytes, to: sender)
                } else {
                    loop.after(answer.delay) { [weak self] in self?.send(bytes, to: sender) }
                }
            }
        }
    }

    /// Whoever is gone by now does not get it.
    private func send(_ bytes: [UInt8], to receiver: sockaddr_in) {
        var receiver = receiver
        _ = withUnsafePointer(to: &receiver) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(datagrams.raw, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func acceptStreams() {
        while streams.count < Self.mostStreams {
            let raw = accept(listener.raw, nil, nil)
            guard raw >= 0 else { return }
            _ = fcntl(raw, F_SETFL, O_NONBLOCK)
            _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
            streams[raw] = NameStream(owning: raw, loop: loop, patience: Self.patience, answer: answer) {
                [unowned self] in
                streams[raw] = nil
                // One may have waited for this place; a second look is cheaper than to know.
                acceptStreams()
            }
        }
    }
}

/// One connection to the name server: messages with their length before them (RFC 1035, section 4.2.2).
private final class NameStream {
    private let descriptor: Descriptor
    private let loop: EventLoop
    private let patience: Duration
    private let answer: (NameQuestion, _ isStream: Bool) -> NameAnswer
    private let onEnd: () -> Void
    private var received: [UInt8] = []
    private var watch: EventLoop.Token?
    private var timeout: EventLoop.Token?

    init(
        owning raw: Int32, loop: EventLoop, patience: Duration,
        answer: @escaping (NameQuestion, _ isStream: Bool) -> NameAnswer, onEnd: @escaping () -> Void
    ) {
        descriptor = Descriptor(owning: raw)
        self.loop = loop
        self.patience = patience
        self.answer = answer
        self.onEnd = onEnd
        watch = try? loop.watch(raw) { [unowned self] in take() }
        waitAgain()
    }

    deinit { stop() }

    private func stop() {
        if let watch { loop.cancel(watch) }
        if let timeout { loop.cancel(timeout) }
        watch = nil
        timeout = nil
    }

    private func end() {
        guard watch != nil else { return }
        stop()
        // Nobody may be inside a method of what this removes: it goes with the loop's next turn.
        loop.after(.zero, onEnd)
    }

    private func waitAgain() {
        if let timeout { loop.cancel(timeout) }
        timeout = loop.after(patience) { [unowned self] in end() }
    }

    private func take() {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard let some = try descriptor.read(limit: NameMessage.longest + 2) else { return }
            bytes = some
        } catch {
            return end()
        }
        if bytes.isEmpty { return end() }
        waitAgain()
        received += bytes
        while watch != nil, received.count >= 2 {
            let length = Int(received[0]) << 8 | Int(received[1])
            if length > NameMessage.longest { return end() }
            guard received.count >= 2 + length else { return }
            let message = Array(received[2..<(2 + length)])
            received.removeFirst(2 + length)
            heed(message)
        }
    }

    private func heed(_ message: [UInt8]) {
        switch NameMessage.read(message) {
        case .noise: end()
        case .refusal(let bytes): send(bytes)
        case .question(let question):
            let answer = answer(question, true)
            if answer.outcome == .hangUp { return end() }
            guard let bytes = answer.message(question) else { return }
            if answer.delay == .zero { return send(bytes) }
            loop.after(answer.delay) { [weak self] in self?.send(bytes) }
        }
    }

    /// Whoever does not read what he asked for is hung up on.
    private func send(_ bytes: [UInt8]) {
        guard watch != nil else { return }
        let whole = [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
        let sent = Glibc.send(descriptor.raw, whole, whole.count, Int32(MSG_NOSIGNAL))
        if sent != whole.count { end() }
    }
}
