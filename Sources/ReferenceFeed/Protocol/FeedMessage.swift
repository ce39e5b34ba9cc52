/// What the two sides of a feed say to each other: JSON objects, a line each.
///
///     client: {"type":"hello","version":1,"token":"t","client":"c1",
///              "resume":{"epoch":"9f","last":17,"token":"a1.1.7c"}}
///     server: {"type":"welcome","epoch":"9f","next":18,"heartbeat":10000000000,"token":"a1.2.e0","fresh":false}
///     server: {"type":"message","seq":18,"text":"..."}
///     client: {"type":"ack","seq":18}
///     both:   {"type":"heartbeat"}
///     client: {"type":"request","id":"c1-5","class":"critical"}
///     server: {"type":"response","id":"c1-5","ok":true}
///     client: {"type":"publish","stream":"orders","seq":4,"class":"bulk"}
///     server: {"type":"taken","stream":"orders","seq":4}
///     server: {"type":"refused","reason":"unknown token","retry":false}
///     server: {"type":"goodbye","retry_after":5000000000}
///     client: {"type":"goodbye"}
///
/// The client speaks first. `resume` is left out by a client that has no position yet; its first message is the next
/// one published. A server that knows the epoch and the resume token goes on at `last` + 1, or at the oldest message
/// it still keeps. Every `welcome` gives a new resume token, good for one resume; one that the server does not honour
/// (expired, used before, or not its own) is answered by a `fresh` welcome: all that the server keeps follows, and the
/// client drops what it has had. An epoch is one life of a server's numbering: another epoch in `welcome` means that
/// all positions are void.
///
/// From `welcome` on each side sends a heartbeat once in every `heartbeat` (nanoseconds), whatever else it sends, so
/// its absence always means the same. `ack` says that all up to this number have been handed to the application.
/// A `request` is answered once, `ok` or with a `reason`; a `publish` is `taken` once the server has it, and a client
/// that did not hear that sends it again: the server knows it by `client`, `stream` and `seq`, and takes it once.
///
/// A `goodbye` of the server announces that it takes the connection away: the client sends no more requests, waits for
/// the answers under way, closes, and comes again; the server closes when the client does not. It, and a refusal with
/// `retry`, may say after which time (nanoseconds) to come again. A client's `goodbye` is its last word.
/// A line holds at most 64 KiB. Unknown types are skipped: newer sides may say more.
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
    /// The resume token that the server gave; empty when it gave none.
    package var token: String

    package init(epoch: String, last: Int64, token: String = "") {
        self.epoch = epoch
        self.last = last
        self.token = token
    }
}

/// What a client says.
package enum ClientMessage: Equatable, Sendable {
    /// `client`: by which its publications are told from those of others.
    case hello(token: String, resume: Position?, client: String = "")
    case heartbeat
    /// All up to this number have been handed to the application.
    case ack(sequence: Int64)
    case request(id: String, Priority)
    case publish(stream: String, sequence: Int64, Priority)
    case goodbye
}

/// What a server says.
package enum ServerMessage: Equatable, Sendable {
    /// Subscribed: `next` is the number of the first message that follows. `token`: for the next resume. `isFresh`:
    /// the client's own was not honoured.
    case welcome(epoch: String, next: Int64, heartbeat: Duration, token: String = "", isFresh: Bool = false)
    /// Not subscribed; the server closes. `retry`: whether coming again can help.
    /// `after`: not before that time.
    case refused(reason: String, retry: Bool, after: Duration? = nil)
    /// The server takes this connection away, for a good reason. Come again, not before `after`.
    case goodbye(after: Duration?)
    case message(sequence: Int64, text: String)
    case heartbeat
    /// The answer to a request; `reason` when it is not `ok`.
    case response(id: String, ok: Bool, reason: String = "")
    /// A publication is the server's responsibility now.
    case taken(stream: String, sequence: Int64)
}

/// A line that is no message of this protocol.
package struct MalformedMessage: Error, Equatable, CustomStringConvertible {
    package var reason: String
    package var description: String { "a line that is not of the feed's protocol: \(reason)" }
}
