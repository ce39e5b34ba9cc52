/// The mistakes that the reference pair can be told to make, each on purpose and one at a time: what they are, and who
/// must notice. A judge that passes one of them judges nothing.
package struct Mutant: Equatable, Sendable {
    package enum Side: String, Sendable {
        case client
        case server
    }

    /// As `--mutant` takes it: the mistake in a few words.
    package var name: String
    package var side: Side
    /// The mistake, in a sentence that begins in lower case: "waits the same after every failure".
    package var mistake: String
    /// Names of the expectations that are meant to fail it.
    package var caughtBy: [String]
    /// Names of the reference scenarios in which it is caught.
    package var scenarios: [String]

    /// What `--mutant` takes for the client, or server, without a mistake.
    package static let good = "good"
}

/// The table of all mutants. One row each, in the order of `ClientMutant` and `ServerMutant`, where the names stand;
/// tests hold the two equal, and that each behaves otherwise than the good one.
package enum Mutants {
    package static let all = client + server

    static let client: [Mutant] =
        waiting + trying + breaking + noticing + resuming + sending + saying + trusting + leaving

    private static let waiting: [Mutant] = [
        row(
            .backoffNeverGrows, "waits the first wait again after every failure, however many there were",
            ["backoff"], ["outage"]),
        row(
            .linearBackoff, "waits longer by the first wait with each failure, not twice as long",
            ["backoff"], ["outage"]),
        row(
            .retriesAtOnce, "does not wait at all between attempts",
            ["backoff", "attempt-spacing"], ["outage"]),
        row(
            .slowFirstAttempt, "waits half a minute before its first attempt after a loss",
            ["recovery"], ["hang-up"]),
        row(.noJitter, "waits the whole ceiling each time: all clients come back together", ["backoff"], ["outage"]),
        row(
            .jitterDrawnOnce, "draws its jitter when it starts, and takes the same share of every wait",
            ["backoff"], ["outage"]),
        row(
            .jitterBeforeCap, "applies the jitter before the cap, so that most waits are the cap itself",
            ["backoff"], ["outage"]),
        row(
            .equalJitter, "draws only the upper half of each wait: half of the spread is given away",
            ["backoff"], ["outage"]),
        row(
            .decorrelatedJitter, "draws each wait from the one before instead of from the number of failures",
            ["backoff"], ["outage"]),
        row(.capIgnored, "doubles its wait for ever", ["backoff", "recovery"], ["outage"]),
        row(
            .backoffNeverReset, "goes on with the wait of the last outage, however long the connection stood since",
            ["backoff", "recovery"], ["outages"]),
        row(
            .backoffResetOnConnect,
            "begins again with the shortest wait once TCP is up, before anything proved healthy",
            ["backoff", "attempt-spacing"], ["sick-server"]),
    ]

    private static let trying: [Mutant] = [
        row(
            .retriesAfterFatalRefusal, "comes again although the server said that this cannot help",
            ["no-attempt-after-refusal"], ["fatal-refusal"]),
        row(
            .givesUpWhenRefused, "takes a refusal that passes for one for good, and never comes again",
            ["recovery"], ["overload"]),
        row(.givesUpAfterFiveFailures, "ends for good after five failures in a row", ["recovery"], ["outage"]),
        row(.ignoresRetryAfter, "comes back sooner than the server asked it to", ["honours-retry-after"], ["overload"]),
        row(
            .wakesAtTheHint, "comes back exactly when the server said, as do all the others",
            ["storm"], ["drain-storm"]),
        row(
            .onlyFirstAddress, "tries the first address of its servers only",
            ["tries-addresses", "recovery"], ["failover"]),
        row(
            .addressCachedForEver, "resolves a name once, and never notices that the server has moved",
            ["resolves-again", "recovery"], ["moved-server"]),
        row(
            .noConnectTimeout, "waits for a connection as long as the kernel does: two minutes and more",
            ["recovery"], ["blackhole"]),
        row(
            .noLoginTimeout, "waits for ever for a server that accepts its connection and says nothing",
            ["recovery"], ["frozen-server"]),
    ]

    private static let breaking: [Mutant] = [
        row(
            .leavesItsServer, "goes to another server after every loss, though its own still holds its session",
            ["affinity"], ["two-nodes"]),
        row(
            .ignoresGoodbye, "stays with a server that has said goodbye, until it is thrown out",
            ["drain-obeyed"], ["drain"]),
        row(.breakerNeverOpens, "has a breaker that never opens", ["breaker"], ["breaker"]),
        row(.breakerAttemptsWhileOpen, "goes on trying while its breaker is open", ["breaker"], ["breaker"]),
        row(
            .breakerStuckOpen, "has a breaker that never lets a probe through",
            ["breaker", "recovery"], ["breaker"]),
        row(
            .breakerNeverCloses, "stays half-open when a probe succeeds, so that the next failure opens it at once",
            ["breaker"], ["breaker"]),
        row(
            .breakerClosesOnConnect, "closes its breaker once TCP is up, and opens it again when the login fails",
            ["breaker"], ["breaker-sick-server"]),
        row(
            .breakerCountsOldFailures, "counts failures from before its last success towards opening its breaker",
            ["breaker"], ["outages"]),
        row(
            .breakerTwoProbes, "sends two probes before it opens its breaker again",
            ["breaker"], ["breaker"]),
    ]

    private static let noticing: [Mutant] = [
        row(.noHeartbeat, "never says a heartbeat, so the server takes it for dead", ["heartbeat"], ["quiet"]),
        row(.slowHeartbeat, "says its heartbeats three times too seldom", ["heartbeat"], ["quiet"]),
        row(.noDetection, "waits for ever for a server that fell silent", ["recovery", "detection"], ["blackhole"]),
        row(
            .slowDetection, "bears ten times the silence that it should",
            ["recovery", "detection"], ["blackhole"]),
        row(
            .hastyDetection, "gives up a healthy connection after half a heartbeat of silence",
            ["connects", "availability"], ["quiet"]),
        row(
            .ownWritesProveLife, "takes what it can still send on a half-closed connection for a sign of life",
            ["recovery"], ["half-close"]),
        row(
            .staleTimer, "lets the silence timer of a lost connection go on, which then ends its successor",
            ["connects", "availability"], ["hang-up"]),
    ]

    private static let resuming: [Mutant] = [
        row(.noResume, "begins anew after each loss, instead of where it was", ["no-gaps"], ["hang-up"]),
        row(
            .resumeRepeatsOne, "asks for its last message again, and delivers it twice",
            ["no-duplicates"], ["hang-up"]),
        row(
            .resumeSkipsOne, "asks for one message too late, and never sees the one between", ["no-gaps"], ["blackhole"]
        ),
        row(
            .reordersOnResume, "delivers the first message after a resume behind the second",
            ["order"], ["blackhole"]),
        row(
            .remembersAtAcknowledgement,
            "remembers where it is only when it acknowledges: what the cut leaves between comes twice",
            ["no-duplicates"], ["cut-before-acknowledgement"]),
        row(
            .resumeTokenOfPreviousConnection, "shows the resume token of an earlier connection",
            ["resume"], ["hang-ups"]),
        row(
            .resyncRepeats, "delivers all that a full re-sync brings, what it has had already too",
            ["no-duplicates"], ["token-expires"]),
        row(.neverAcknowledges, "never acknowledges what it was sent", ["delivery"], ["quiet"]),
    ]

    private static let sending: [Mutant] = [
        row(
            .sendsBeforeConnected, "sends what waits before the server has let it in",
            ["states"], ["outage-requests"]),
        row(
            .forgetsUnacknowledged, "does not send again what was under way when the connection broke",
            ["no-gaps"], ["outage-requests"]),
        row(
            .saysAckedWhenWritten, "calls a message acknowledged once it is written to the socket",
            ["delivery"], ["outage-requests"]),
        row(
            .noRequestDeadline, "lets a request wait for ever while there is no connection",
            ["quality"], ["outage-requests"]),
        row(.noRetryBudget, "sends requests again without a limit", ["retry-budget"], ["contention"]),
        row(
            .hammersOnOverload, "sends a request again at once, and again, when the server is overloaded",
            ["retry-budget"], ["contention"]),
        row(.bulkBeforeCritical, "sends bulk before critical requests", ["latency"], ["contention"]),
        row(
            .dropsBulkSilently, "forgets bulk requests while there is no connection, without a word",
            ["quality"], ["outage-requests"]),
        row(.unboundedQueue, "lets as much wait as comes", ["queue"], ["outage-requests"]),
        row(
            .dropsOnDrain, "gives up its requests under way when the server says goodbye",
            ["drain-obeyed"], ["drain"]),
        row(
            .stopsWithoutFinishing, "drops its requests under way when it is told to drain",
            ["drain-obeyed"], ["graceful-stop"]),
    ]

    private static let saying: [Mutant] = [
        row(
            .saysConnectedTooEarly, "says connected when TCP is up, before the server has let it in",
            ["states"], ["fatal-refusal"]),
        row(
            .saysConnectedWhileDead, "goes on saying connected while it has lost its connection and tries again",
            ["states"], ["outage"]),
        row(
            .claimsResumed, "says resumed although the server knew nothing of its session",
            ["resume"], ["token-expires"]),
    ]

    private static let trusting: [Mutant] = [
        row(
            .acceptsAnyCertificate, "takes any certificate, whoever made it and for whomever",
            ["certificate-checked"], ["tls-certificates"]),
        row(
            .acceptsAnotherName, "takes a good certificate of anybody: nobody compares the name",
            ["certificate-checked"], ["tls-certificates"]),
        row(
            .acceptsExpiredCertificate, "does not look at the time for which a certificate is good",
            ["certificate-checked"], ["tls-certificates"]),
        row(
            .pinsFirstCertificate, "trusts the first certificate that it saw and no other, however good",
            ["recovery"], ["tls-rotation"]),
        row(.sendsNoServerName, "does not say in its handshake whom it wants to speak to", ["tls"], ["tls-rotation"]),
        row(.allowsOldTLS, "still speaks TLS 1.0 and 1.1", ["tls"], ["tls-old"]),
        row(
            .fallsBackToPlainText, "tries without TLS when a handshake has failed",
            ["no-plain-text"], ["tls-stall"]),
        row(
            .noHandshakeTimeout, "ends its patience for a connection with TCP: a TLS handshake may take for ever",
            ["recovery"], ["tls-stall"]),
        row(.neverAnswersPings, "does not answer the pings of a WebSocket", ["reuse"], ["websocket"]),
        row(
            .closesWithoutCloseFrame, "ends its connections without a close frame", ["assert"], ["websocket-close"]),
    ]

    private static let leaving: [Mutant] = [
        row(
            .keepsOldConnection, "keeps a silent connection open beside its successor",
            ["connections-open"], ["blackhole"]),
        row(
            .leavesCloseWait, "never closes its end of a connection that the server has ended",
            ["no-leaks"], ["hang-ups"]),
        row(.resetsOnClose, "ends its connections with a reset", ["graceful-close"], ["graceful-stop"]),
        row(.leaksDescriptor, "loses a descriptor with every reconnect", ["no-leaks"], ["hang-ups"]),
        row(.leaksThread, "leaves a thread behind with every reconnect", ["no-leaks"], ["hang-ups"]),
        row(.leaksMemory, "leaves a megabyte behind with every reconnect", ["no-leaks"], ["hang-ups"]),
        row(
            .wakesWhileWaiting, "wakes up every millisecond to see whether its wait is over",
            ["no-busy-loop"], ["outage"]),
    ]

    static let server: [Mutant] = [
        row(
            .serverNoHeartbeat, "sends no heartbeats: its subscribers take it for dead when little is published",
            ["connects", "heartbeat"], ["quiet"]),
        row(.serverNoDetection, "keeps the connections of subscribers that are gone", ["detection"], ["blackhole"]),
        row(.serverReplaysNothing, "keeps nothing for those who come back", ["no-gaps"], ["blackhole"]),
        row(.serverReplaySkipsOne, "replays from one message too late", ["no-gaps"], ["blackhole"]),
        row(
            .serverReplayRepeatsOne, "replays from one message too early, which no client can believe",
            ["recovery"], ["blackhole"]),
        row(
            .serverLiveBeforeReplay, "sends what it kept in the wrong order: the newest first",
            ["recovery"], ["blackhole"]),
        row(
            .serverRefusesForGood, "tells those for whom it has no room now that they need not come again",
            ["recovery"], ["overload"]),
        row(.serverNoHint, "does not say when those it refuses may come again", ["honours-retry-after"], ["overload"]),
        row(.serverNoGoodbye, "drains without a word: it only closes", ["drain-obeyed"], ["drain"]),
        row(.serverNoCapacityLimit, "lets everyone in, whatever its capacity", ["storm"], ["overload"]),
        row(
            .serverWaitsForHelloForEver, "keeps connections that never say hello",
            ["connections-open"], ["silent-login"]),
        row(
            .serverDropsRequestsOnDrain, "closes with its goodbye, whatever it was still asked",
            ["drain-obeyed"], ["drain"]),
        row(.serverRefusesValidTokens, "honours no resume token", ["resume"], ["hang-ups"]),
        row(
            .serverTokensOfOneNode, "honours only the resume tokens of its own node",
            ["resume"], ["two-nodes"]),
        row(.serverChecksNobody, "lets everyone in, whatever key they show", ["states"], ["fatal-refusal"]),
        row(.serverNoPriorities, "answers requests in the order they came", ["latency"], ["contention"]),
        row(.serverBulkFirst, "answers bulk before critical requests", ["latency"], ["contention"]),
        row(
            .serverLosesAnswers, "forgets to answer every tenth request",
            ["quality"], ["outage-requests"]),
        row(.serverTakesTwice, "takes a message again that is sent again", ["no-duplicates"], ["outage-requests"]),
        row(
            .serverForgetsTaken, "loses every tenth message that it has taken", ["no-gaps"], ["outage-requests"]),
        row(.serverOffersOldTLS, "still speaks TLS 1.0 and 1.1", ["assert"], ["tls-old"]),
        row(.serverNeverAnswersPings, "does not answer the pings of a WebSocket", ["reuse"], ["websocket"]),
        row(
            .serverClosesWithoutCloseFrame, "ends its connections without a close frame",
            ["assert"], ["websocket-close"]),
    ]

    private static func row(
        _ mutant: ClientMutant, _ mistake: String, _ caughtBy: [String], _ scenarios: [String]
    ) -> Mutant {
        Mutant(name: mutant.rawValue, side: .client, mistake: mistake, caughtBy: caughtBy, scenarios: scenarios)
    }

    private static func row(
        _ mutant: ServerMutant, _ mistake: String, _ caughtBy: [String], _ scenarios: [String]
    ) -> Mutant {
        Mutant(name: mutant.rawValue, side: .server, mistake: mistake, caughtBy: caughtBy, scenarios: scenarios)
    }
}
