/// The mistakes that a reference client can be told to make, by their names on the command line; `Mutants` says of each
/// what it is. `FeedClient` consults `settings.mutant` at the one place where the mistake is made.
package enum ClientMutant: String, CaseIterable, Sendable {
    // How long it waits.
    case backoffNeverGrows = "backoff-never-grows"
    case linearBackoff = "linear-backoff"
    case retriesAtOnce = "retries-at-once"
    case slowFirstAttempt = "slow-first-attempt"
    case noJitter = "no-jitter"
    case jitterDrawnOnce = "jitter-drawn-once"
    case jitterBeforeCap = "jitter-before-cap"
    case equalJitter = "equal-jitter"
    case decorrelatedJitter = "decorrelated-jitter"
    case capIgnored = "cap-ignored"
    case backoffNeverReset = "backoff-never-reset"
    case backoffResetOnConnect = "backoff-reset-on-connect"
    // Whether it tries at all, when, and where.
    case retriesAfterFatalRefusal = "retries-after-fatal-refusal"
    case givesUpWhenRefused = "gives-up-when-refused"
    case givesUpAfterFiveFailures = "gives-up-after-five-failures"
    case ignoresRetryAfter = "ignores-retry-after"
    case wakesAtTheHint = "wakes-at-the-hint"
    case onlyFirstAddress = "only-first-address"
    case addressCachedForEver = "address-cached-for-ever"
    case noConnectTimeout = "no-connect-timeout"
    case noLoginTimeout = "no-login-timeout"
    // How it notices a dead connection.
    case noHeartbeat = "no-heartbeat"
    case slowHeartbeat = "slow-heartbeat"
    case noDetection = "no-detection"
    case slowDetection = "slow-detection"
    case hastyDetection = "hasty-detection"
    case ownWritesProveLife = "own-writes-prove-life"
    case staleTimer = "stale-timer"
    // Where its stream goes on.
    case noResume = "no-resume"
    case resumeRepeatsOne = "resume-repeats-one"
    case resumeSkipsOne = "resume-skips-one"
    case reordersOnResume = "reorders-on-resume"
    // What it says of itself.
    case saysConnectedTooEarly = "says-connected-too-early"
    case saysConnectedWhileDead = "says-connected-while-dead"
    // What it leaves behind, and costs.
    case keepsOldConnection = "keeps-old-connection"
    case leavesCloseWait = "leaves-close-wait"
    case resetsOnClose = "resets-on-close"
    case leaksDescriptor = "leaks-descriptor"
    case leaksThread = "leaks-thread"
    case leaksMemory = "leaks-memory"
    case wakesWhileWaiting = "wakes-while-waiting"
}
