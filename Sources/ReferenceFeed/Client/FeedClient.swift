/// The connection of a feed's subscriber: facts in, actions out.
///
/// It does no input or output, reads no clock and starts no timer. Every fact is a method in the past tense that is
/// told the time and returns what must now be done, in order. Whoever owns it performs the actions, and calls
/// `deadlinePassed` when `deadline` has come; there is one deadline at a time and it follows from the state, so a timer
/// that belongs to a state already left cannot exist.
///
///     disconnected --started--> connecting --opened--> authenticating --welcome--> connected
///                                   |  ^                     |  |                      |
///                          lost, or |  | wait over           |  | refused for good     | lost, silent
///                          too slow v  |                     |  v                      |
///                                reconnecting <--------------+ fatal                   |
///                                      ^-----------------------------------------------+
///
/// `stopped` leads from anywhere but `fatal` to disconnected, `drained` by way of what is still under way.
///
/// The application's requests and messages wait in an `Outbox`; they go out in `connected` and in no other state.
package struct FeedClient<Random: RandomNumberGenerator> {
    package enum State: Equatable, Sendable {
        /// Nothing runs: not started yet, or stopped. To `connecting`.
        case disconnected
        /// A transport is being opened, until `deadline`. To `authenticating`, `reconnecting`, `disconnected`.
        case connecting(deadline: Moment)
        /// The transport stands and `hello` is on its way; the answer is due by `deadline`, which is still the one of
        /// the attempt: a server that accepts and says nothing costs no more than one that does not accept. To
        /// `connected`, `reconnecting`, `fatal`, `disconnected`.
        case authenticating(deadline: Moment)
        /// Subscribed. Only this state holds a session, so nothing else can send or deliver.
        /// To `reconnecting`, `disconnected`.
        case connected(FeedSession)
        /// Waiting until `retryAt`; nothing is open. To `connecting`, `disconnected`.
        case reconnecting(retryAt: Moment)
        /// Trying again cannot help. Final.
        case fatal(reason: String)
    }

    package enum Action: Equatable, Sendable {
        /// Open a transport; answer with `connectionOpened` or `connectionLost`.
        case connect(Destination)
        case send(ClientMessage)
        /// Drop the transport, open or half open; no fact about it may follow.
        case close
        /// Only of clients that err: the same with a reset.
        case abort
        /// Only of clients that err: forget the transport without closing it.
        case abandon
        /// Only of clients that err: lose one of these for good.
        case leak(Leak)
        /// Hand a message to the application.
        case deliver(sequence: Int64, text: String)
        case report(Report)
    }

    /// Where to connect to.
    package struct Destination: Equatable, Sendable {
        /// Which of the servers, from 0.
        package var server: Int
        /// Which of its addresses, modulo their number.
        package var address: Int
        /// Resolve the name now, whatever was known of it: the server may have moved.
        package var resolvesAgain: Bool
        /// Only of clients that err: so far from the server's port.
        package var portOffset = 0

        package init(server: Int = 0, address: Int, resolvesAgain: Bool, portOffset: Int = 0) {
            self.server = server
            self.address = address
            self.resolvesAgain = resolvesAgain
            self.portOffset = portOffset
        }
    }

    package enum Leak: Equatable, Sendable {
        case descriptor
        case thread
        case memory
    }

    /// What the application, or whoever watches, is told.
    package enum Report: Equatable, Sendable {
        case connecting
        case authenticating
        /// `resumed`: whether the stream goes on where it ended; nil when there was none.
        case connected(resumed: Bool?)
        /// The connection, or the attempt, failed; the next attempt comes `delay` from now.
        case reconnecting(because: String, failures: Int, delay: Duration)
        /// Messages that can no longer be had: the server does not keep them, or has begun to number anew.
        case missed(String)
        case refused(String, fatal: Bool, retryAfter: Duration?)
        case fatal(String)
        case disconnected
        case breaker(CircuitBreaker.State)
        /// So many requests and messages of a class wait to be sent.
        case queue(Priority, depth: Int)
        /// The application has asked.
        case requested(id: String, Priority)
        /// And has its answer, or `reason` why there is none.
        case responded(id: String, Priority, ok: Bool, reason: String)
        /// A message of the application is on its way for the first time.
        case sent(stream: String, sequence: Int64, Priority)
        /// The server has it.
        case acked(stream: String, sequence: Int64)
        /// A message that the application may not hand over now, and why.
        case unsent(stream: String, sequence: Int64, because: String)
    }

    package struct Settings: Equatable, Sendable {
        /// How many servers there are; attempts that fail go to the next.
        package var servers = 1
        /// By which the server knows this client's publications, and the start of its requests' ids.
        package var name = ""
        /// For one attempt, from `connect` to `welcome`.
        package var connectTimeout: Duration = .seconds(10)
        package var backoff = Backoff()
        package var breaker = CircuitBreaker.Settings()
        /// Heartbeats in a row that may be missing before the server counts as gone; 1 or more.
        package var missedHeartbeats = 2
        /// A session that stood this long ends a series of failures. One that is welcomed and dropped at once does not:
        /// the client would hammer a server that is dying.
        package var stableAfter: Duration = .seconds(30)
        package var token = ""
        /// What was delivered is acknowledged after at most so long.
        package var acknowledgeAfter: Duration = .seconds(1)
        /// From when the application asks, whatever happens meanwhile.
        package var requestDeadline: Duration = .seconds(30)
        /// Requests and messages of a class that may wait to be sent.
        package var queueLimit = 100
        /// Requests and messages that may be under way.
        package var inFlightLimit = 8
        /// How long requests under way may take when the connection is to be given up in peace.
        package var drainTimeout: Duration = .seconds(3)
        package var workload = Workload.Settings()
        /// The mistake that it makes; nil for the client worth copying.
        package var mutant: ClientMutant?
        package init() {}

        /// How long after its process the client starts.
        package var startsAfter: Duration { mutant == .startsLate ? .seconds(30) : .zero }
    }

    /// Why a connection that stands is to be given up once nothing is under way on it.
    enum Leaving: Equatable {
        /// The server takes it away; the next one not before `pause`.
        case moving(pause: Duration?, until: Moment)
        /// The application wants no more.
        case stopping(until: Moment)

        var until: Moment {
            switch self {
            case .moving(_, let until), .stopping(let until): until
            }
        }
    }

    package let settings: Settings
    package internal(set) var state = State.disconnected
    /// Where to go on; survives every connection.
    package internal(set) var position: Position?
    /// Up to here the server knows that we have it, and when it is to be told more.
    var acknowledged: Int64 = 0
    var acknowledgeAt: Moment?
    /// The last number that was had before the server began to send all of it again.
    var hadBefore: Int64?
    var waits: Waits
    var breaker: CircuitBreaker
    var outbox: Outbox
    var workload: Workload
    var leaving: Leaving?
    /// Counts the attempts that failed: each further one goes elsewhere.
    var turn = 0
    var lastRequest = 0
    var lastPublication: Int64 = 0
    var reportedDepths: [Priority: Int] = [:]
    var random: Random
    /// What only clients that err remember.
    var errors = ClientErrors()

    package init(settings: Settings, random: Random) {
        precondition(settings.missedHeartbeats >= 1, "a client that does not wait for any heartbeat")
        precondition(settings.servers >= 1, "a client without servers")
        self.settings = settings
        waits = Waits(settings.backoff, mutant: settings.mutant)
        breaker = CircuitBreaker(settings.breaker, mutant: settings.mutant)
        let limits = Outbox.Settings(limit: settings.queueLimit, window: settings.inFlightLimit)
        outbox = Outbox(limits, mutant: settings.mutant)
        workload = Workload(settings.workload)
        self.random = random
    }

    /// When `deadlinePassed` must be called; nil when only facts from outside can change anything.
    package var deadline: Moment? {
        var first = Moment.earlier(
            workload.deadline, outbox.deadline(isConnected: isConnected && leaving == nil))
        func take(_ moment: Moment?) { first = Moment.earlier(first, moment) }
        switch state {
        case .disconnected, .fatal: break
        case .connecting(let deadline), .authenticating(let deadline): take(deadline)
        case .connected(let session):
            take(session.deadline)
            take(errors.staleDeadline)
            take(acknowledgeAt)
            take(leaving?.until)
        case .reconnecting(let retryAt):
            take(retryAt)
            take(errors.nextPoll)
        }
        return first
    }

    package var isConnected: Bool { if case .connected = state { true } else { false } }
    /// Failures in a row.
    package var failures: Int { waits.failures }

    func errs(_ mutant: ClientMutant) -> Bool { settings.mutant == mutant }

    /// How a transport is dropped.
    var drop: Action { errs(.resetsOnClose) ? .abort : .close }
}
