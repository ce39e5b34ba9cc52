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
            ["retry-budget", "no-busy-loop"], ["brief-outage"]),
        row(
            .slowFirstAttempt, "waits half a minute before its first attempt after a loss",
            ["recovery"], ["hang-up"]),
        row(.startsLate, "waits half a minute before its very first attempt", ["connects"], ["graceful-stop"]),
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
        row(
            .higherCap, "waits up to a fifth longer than its cap allows",
            ["backoff", "attempt-spacing"], ["outage"]),
        row(.capIgnored, "doubles its wait for ever", ["backoff", "attempt-spacing"], ["outage"]),
        row(
            .backoffNeverReset, "goes on with the wait of the last outage, however long the connection stood since",
            ["backoff"], ["outages"]),
        row(
            .backoffResetOnConnect,
            "begins again with the shortest wait once TCP is up, before anything proved healthy",
            ["backoff"], ["sick-server"]),
    ]

    private static let trying: [Mutant] = [
        row(
            .retriesAfterFatalRefusal, "comes again although the server said that this cannot help",
            ["no-attempt-after-refusal"], ["fatal-refusal"]),
        row(
            .givesUpWhenRefused, "takes a refusal that passes for one for good, and never comes again",
            ["recovery"], ["overload"]),
        row(
            .givesUpAfterFiveFailures, "ends for good after five failures in a row", ["recovery", "served"],
            ["outage", "storm"]),
        row(.ignoresRetryAfter, "comes back sooner than the server asked it to", ["honours-retry-after"], ["overload"]),
        row(
            .wakesAtTheHint, "comes back exactly when the server said, as do all the others",
            ["storm"], ["drain-storm"]),
        row(
            .onlyFirstAddress, "tries the first address of its servers only",
            ["tries-addresses", "availability"], ["failover"]),
        row(
            .addressCachedForEver, "resolves a name once, and never notices that the server has moved",
            ["resolves-again"], ["moved-server"]),
        row(
            .hopsPorts, "tries the port behind its server's after a failure", ["destinations"], ["brief-outage"]),
        row(
            .noConnectTimeout, "waits for a connection as long as the kernel does: two minutes and more",
            ["availability"], ["two-nodes"]),
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
            ["drain-obeyed"], ["drain-requests"]),
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
            ["breaker"], ["breaker"]),
        row(
            .breakerTwoProbes, "sends two probes before it opens its breaker again",
            ["breaker"], ["breaker"]),
    ]

    private static let noticing: [Mutant] = [
        row(
            .noHeartbeat, "never says a heartbeat, so the server takes it for dead", ["heartbeat"],
            ["idle-silent-death"]),
        row(.slowHeartbeat, "says its heartbeats three times too seldom", ["heartbeat"], ["idle-silent-death"]),
        row(
            .noDetection, "waits for ever for a server that fell silent", ["detection"],
            ["idle-silent-death", "writing-silent-death"]),
        row(
            .slowDetection, "bears ten times the silence that it should",
            ["detection"], ["idle-silent-death", "writing-silent-death"]),
        row(
            .hastyDetection, "gives up a healthy connection after half a heartbeat of silence",
            ["availability"], ["quiet"]),
        row(
            .ownWritesProveLife, "takes what it can still send on a half-closed connection for a sign of life",
            ["recovery"], ["half-close"]),
        row(
            .staleTimer, "lets the silence timer of a lost connection go on, which then ends its successor",
            ["reuse"], ["hang-up"]),
    ]

    private static let resuming: [Mutant] = [
        row(
            .noResume, "begins anew after each loss, instead of where it was",
            ["no-gaps", "no-loss-at-cut", "catch-up"], ["blackhole", "cuts"]),
        row(
            .resumeRepeatsOne, "asks for its last message again, and delivers it twice",
            ["no-duplicates", "delivery"], ["hang-up", "cuts"]),
        row(
            .resumeSkipsOne, "asks for one message too late, and never sees the one between", ["no-gaps"], ["blackhole"]
        ),
        row(
            .reordersOnResume, "delivers the first message after a resume behind the second",
            ["order"], ["cuts"]),
        row(
            .remembersAtAcknowledgement,
            "remembers where it is only when it acknowledges: what the cut leaves between comes twice",
            ["delivery"], ["cuts"]),
        row(
            .resumeTokenOfPreviousConnection, "shows the resume token of an earlier connection",
            ["resume"], ["hang-ups"]),
        row(
            .resyncRepeats, "delivers all that a full re-sync brings, what it has had already too",
            ["no-duplicates"], ["token-expires"]),
        row(.neverAcknowledges, "never acknowledges what it was sent", ["assert"], ["quiet"]),
        row(
            .deliversLate, "hands a message to the application when the next one has come", ["latency"], ["cuts"]),
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
            ["delivery"], ["given-up"]),
        row(
            .noRequestDeadline, "lets a request wait for ever while there is no connection",
            ["quality"], ["outage-requests"]),
        row(.noRetryBudget, "sends requests again without a limit", ["amplification"], ["refused-requests"]),
        row(
            .hammersOnOverload, "sends a request again at once, and again, when the server is overloaded",
            ["amplification"], ["refused-requests"]),
        row(.bulkBeforeCritical, "sends bulk before critical requests", ["quality", "critical-first"], ["contention"]),
        row(
            .dropsBulkSilently, "forgets bulk requests while there is no connection, without a word",
            ["quality"], ["outage-requests"]),
        row(.unboundedQueue, "lets as much wait as comes", ["queue"], ["outage-requests"]),
        row(
            .connectionPerRequest, "makes a new connection after each answer", ["reuse"], ["told-to-drain"]),
        row(
            .dropsOnDrain, "gives up its requests under way when the server says goodbye",
            ["drain-obeyed"], ["drain-requests"]),
        row(
            .stopsWithoutFinishing, "drops its requests under way when it is told to drain",
            ["drain-obeyed"], ["told-to-drain"]),
    ]

    private static let saying: [Mutant] = [
        row(
            .saysConnectedTooEarly, "says connected when TCP is up, before the server has let it in",
            ["states"], ["refused-logins"]),
        row(
            .saysConnectedWhileDead, "goes on saying connected while it has lost its connection and tries again",
            ["states"], ["refused-logins"]),
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
            ["connections-open", "no-zombies"], ["blackhole"]),
        row(
            .leavesCloseWait, "never closes its end of a connection that the server has ended",
            ["no-leaks", "idle-retired", "no-zombies"], ["hang-ups", "idle-end"]),
        row(.resetsOnClose, "ends its connections with a reset", ["graceful-close"], ["graceful-stop"]),
        row(.leaksDescriptor, "loses a descriptor with every reconnect", ["no-leaks"], ["hang-ups"]),
        row(.leaksThread, "leaves a thread behind with every reconnect", ["no-leaks"], ["hang-ups"]),
        row(.leaksMemory, "leaves a megabyte behind with every reconnect", ["no-leaks", "memory"], ["hang-ups"]),
        row(
            .wakesWhileWaiting, "wakes up every millisecond to see whether its wait is over",
            ["no-busy-loop"], ["brief-outage"]),
    ]

    static let server: [Mutant] = [
        row(
            .serverSmallBacklog, "lets four connections wait to be accepted, and no more", ["accept-queue"],
            ["stalled-storm"]),
        row(
            .serverNoHeartbeat, "sends no heartbeats: its subscribers take it for dead when little is published",
            ["heartbeat"], ["idle-silent-death"]),
        row(
            .serverNoDetection, "keeps the connections of subscribers that are gone", ["detection"],
            ["idle-silent-death", "writing-silent-death"]),
        row(.serverReplaysNothing, "keeps nothing for those who come back", ["no-gaps"], ["blackhole"]),
        row(.serverReplaySkipsOne, "replays from one message too late", ["no-gaps"], ["blackhole"]),
        row(
            .serverReplayRepeatsOne, "replays from one message too early, which no client can believe",
            ["recovery"], ["blackhole"]),
        row(
            .serverLiveBeforeReplay, "sends what it kept in the wrong order: the newest first",
            ["no-gaps"], ["blackhole"]),
        row(
            .serverRefusesForGood, "tells those for whom it has no room now that they need not come again",
            ["recovery"], ["overload"]),
        row(.serverNoHint, "does not say when those it refuses may come again", ["honours-retry-after"], ["overload"]),
        row(.serverNoGoodbye, "drains without a word: it only closes", ["drain-obeyed"], ["drain-requests"]),
        row(.serverNoCapacityLimit, "lets everyone in, whatever its capacity", ["assert"], ["overload"]),
        row(
            .serverWaitsForHelloForEver, "keeps connections that never say hello",
            ["connections-open"], ["silent-login"]),
        row(
            .serverDropsRequestsOnDrain, "closes with its goodbye, whatever it was still asked",
            ["drain-obeyed"], ["drain-requests"]),
        row(.serverRefusesValidTokens, "honours no resume token", ["resume"], ["hang-ups"]),
        row(
            .serverTokensOfOneNode, "honours only the resume tokens of its own node",
            ["resume"], ["two-nodes"]),
        row(.serverChecksNobody, "lets everyone in, whatever key they show", ["assert"], ["wrong-key"]),
        row(
            .serverNoPriorities, "answers requests in the order they came", ["quality"],
            ["contention"]),
        row(.serverBulkFirst, "answers bulk before critical requests", ["quality"], ["contention"]),
        row(
            .serverLosesAnswers, "forgets to answer every tenth request",
            ["quality"], ["drain-requests"]),
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
