/// The mistakes that a reference server can be told to make; `Mutants` says of each what it is. `FeedServer` consults
/// `settings.mutant` at the one place where the mistake is made.
package enum ServerMutant: String, CaseIterable, Sendable {
    case serverNoHeartbeat = "server-no-heartbeat"
    case serverNoDetection = "server-no-detection"
    case serverReplaysNothing = "server-replays-nothing"
    case serverReplaySkipsOne = "server-replay-skips-one"
    case serverReplayRepeatsOne = "server-replay-repeats-one"
    case serverLiveBeforeReplay = "server-live-before-replay"
    case serverRefusesForGood = "server-refuses-for-good"
    case serverNoHint = "server-no-hint"
    case serverNoGoodbye = "server-no-goodbye"
    case serverNoCapacityLimit = "server-no-capacity-limit"
    case serverWaitsForHelloForEver = "server-waits-for-hello-for-ever"
    case serverDropsRequestsOnDrain = "server-drops-requests-on-drain"
    case serverRefusesValidTokens = "server-refuses-valid-tokens"
    case serverTokensOfOneNode = "server-tokens-of-one-node"
    case serverChecksNobody = "server-checks-nobody"
    case serverNoPriorities = "server-no-priorities"
    case serverBulkFirst = "server-bulk-first"
    case serverLosesAnswers = "server-loses-answers"
    case serverTakesTwice = "server-takes-twice"
    case serverForgetsTaken = "server-forgets-taken"
}
