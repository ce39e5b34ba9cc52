import JSONLines
import Kernel

/// What a client's driver is told by the timeline (docs/driver-protocol.md).
enum ClientCommand: Equatable {
    case publish(stream: String, sequence: Int64, Priority)
    /// Without an id the client chooses one.
    case request(id: String?, Priority)
    case cancel
    case drain
    case close

    static let names = ["publish", "request", "cancel", "drain", "close"]

    /// Nil for a line that is none of these. Without a class it is critical.
    init?(parsing line: [UInt8]) {
        guard let json = try? JSON(parsing: line), let name = json["command"]?.string else { return nil }
        let priority = json["class"].map { $0.string.flatMap(Priority.init) } ?? .critical
        guard let priority else { return nil }
        switch name {
        case "publish":
            guard let stream = json["stream"]?.string, let sequence = json["seq"]?.integer,
                FeedMessage.numbers.contains(sequence)
            else { return nil }
            self = .publish(stream: stream, sequence: sequence, priority)
        case "request":
            self = .request(id: json["id"].flatMap { $0.string ?? $0.integer.map { "\($0)" } }, priority)
        case "cancel": self = .cancel
        case "drain": self = .drain
        case "close": self = .close
        default: return nil
        }
    }

    func perform(on client: inout ReferenceClient, at now: Moment) -> [ReferenceClient.Action] {
        switch self {
        case .publish(let stream, let sequence, let priority):
            client.published(stream: stream, sequence: sequence, priority, at: now)
        case .request(let id, let priority): client.requested(priority, id: id, at: now)
        case .cancel: client.cancelled(at: now)
        case .drain: client.drained(at: now)
        case .close: client.stopped()
        }
    }
}

/// Lines that arrive on a descriptor, such as standard input.
final class CommandLines {
    private let loop: EventLoop
    private var watch: EventLoop.Token?
    private var unread: [UInt8] = []

    /// Nothing arrives when the descriptor cannot be waited for, as a file.
    init(_ input: Int32, on loop: EventLoop, _ handler: @escaping ([UInt8]) -> Void) {
        self.loop = loop
        watch = try? loop.watch(input) { [unowned self] in read(input, handler) }
    }

    deinit { stop() }

    private func stop() {
        if let watch { loop.cancel(watch) }
        watch = nil
    }

    private func read(_ input: Int32, _ handler: ([UInt8]) -> Void) {
        guard let bytes = try? Kernel.read(input), !bytes.isEmpty else { return stop() }
        unread += bytes
        while let end = unread.firstIndex(of: 0x0A) {
            let line = Array(unread[..<end])
            unread.removeFirst(end + 1)
            handler(line)
        }
    }
}
