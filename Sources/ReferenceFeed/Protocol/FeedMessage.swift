/// What the two sides of a feed say to each other: JSON objects, a line each, over TCP.
///
///     client: {"type":"hello","version":1,"token":"t","resume":{"epoch":"9f","last":17}}
///     server: {"type":"welcome","epoch":"9f","next":18,"heartbeat":10000000000}
///     server: {"type":"message","seq":18,"text":"..."}
///     both:   {"type":"heartbeat"}
///     server: {"type":"refused","reason":"unknown token","retry":false}
///     server: {"type":"goodbye","retry_after":5000000000}
///
/// The client speaks first. `resume` is left out by a client that has no position yet; its first message is the next
/// one published. A server that knows the epoch goes on at `last` + 1, or at the oldest message it still keeps. An
/// epoch is one life of a server's numbering: another epoch in `welcome` means that all positions are void. From
/// `welcome` on each side sends a heartbeat once in every `heartbeat` (nanoseconds), whatever else it sends, so its
/// absence always means the same. A `goodbye` is a server's last word on a connection that it takes away; it, and a
/// refusal with `retry`, may say after which time (nanoseconds) to come again. A line holds at most 64 KiB. Unknown
/// types are skipped: newer servers may say more.
package enum FeedMessage {
    package static let version: Int64 = 1
    /// Bytes of one line, line end included.
    package static let longestLine = 65536
    /// Numbers of messages. Bounded so that no peer can make our arithmetic overflow.
    package static let numbers: ClosedRange<Int64> = 1...(1 << 53)
    /// Nanoseconds that a client may be asked to stay away: up to a day.
    package static let pauses: ClosedRange<Int64> = 0...86_400_000_000_000
    /// Nanoseconds between heartbeats: a millisecond to a day.
    package static let heartbeats: ClosedRange<Int64> = 1_000_000...86_400_000_000_000
}

/// How far a client has read: what it asks the server to go on from.
package struct Position: Equatable, Sendable {
    package var epoch: String
    /// The last message that was handed to the application.
    package var last: Int64

    package init(epoch: String, last: Int64) {
        self.epoch = epoch
        self.last = last
    }
}

/// What a client says.
package enum ClientMessage: Equatable, Sendable {
    case hello(token: String, resume: Position?)
    case heartbeat
}

/// What a server says.
package enum ServerMessage: Equatable, Sendable {
    /// Subscribed: `next` is the number of the first message that follows.
    case welcome(epoch: String, next: Int64, heartbeat: Duration)
    /// Not subscribed; the server closes. `retry`: whether coming again can help.
    /// `after`: not before that time.
    case refused(reason: String, retry: Bool, after: Duration? = nil)
    /// The server takes this connection away, for a good reason, and closes. Come again, not before `after`.
    case goodbye(after: Duration?)
    case message(sequence: Int64, text: String)
    case heartbeat
}

/// A line that is no message of this protocol.
package struct MalformedMessage: Error, Equatable, CustomStringConvertible {
    package var reason: String
    package var description: String { "a line that is not of the feed's protocol: \(reason)" }
}
