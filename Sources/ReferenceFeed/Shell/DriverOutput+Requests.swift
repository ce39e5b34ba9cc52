import JSONLines

/// Requests and messages of both sides, and what a client says of its queues, its breaker and its refusals.
extension DriverOutput {
    func request(_ id: String, _ priority: Priority) {
        say("request") {
            $0.field("id", id)
            $0.field("class", priority.rawValue)
        }
    }

    /// - Parameter reason: why there is no good answer; said when it is not `ok`.
    func response(_ id: String, _ priority: Priority, _ ok: Bool, _ reason: String) {
        say("response") {
            $0.field("id", id)
            $0.field("class", priority.rawValue)
            $0.field("ok", ok)
            if !ok { $0.field("reason", reason) }
        }
    }

    func sent(_ stream: String, _ sequence: Int64, _ priority: Priority) { number("sent", stream, sequence, priority) }
    func received(_ stream: String, _ sequence: Int64, _ priority: Priority) {
        number("received", stream, sequence, priority)
    }
    func acked(_ stream: String, _ sequence: Int64) { number("acked", stream, sequence, nil) }

    private func number(_ event: String, _ stream: String, _ sequence: Int64, _ priority: Priority?) {
        say(event) {
            $0.field("stream", stream)
            $0.field("seq", sequence)
            if let priority { $0.field("class", priority.rawValue) }
        }
    }

    /// What is no change of a client's state.
    func say(_ report: ReferenceClient.Report) {
        switch report {
        case .refused(let text, let fatal, let pause):
            say("refused") {
                $0.field("text", text)
                $0.field("fatal", fatal)
                if let pause { $0.field("retry_after", pause.nanoseconds) }
            }
        case .breaker(let state): say("breaker") { $0.field("state", state.name) }
        case .queue(let priority, let depth):
            say("queue") {
                $0.field("depth", depth)
                $0.field("class", priority.rawValue)
            }
        case .requested(let id, let priority): request(id, priority)
        case .responded(let id, let priority, let ok, let reason): response(id, priority, ok, reason)
        case .sent(let stream, let sequence, let priority): sent(stream, sequence, priority)
        case .acked(let stream, let sequence): acked(stream, sequence)
        case .unsent(let stream, let sequence, let reason):
            error("message \(sequence) of \(stream) not sent: \(reason)")
        case .connecting, .authenticating, .connected, .reconnecting, .missed, .fatal, .disconnected: break
        }
    }
}
