/// Resume tokens: what a subscriber shows to prove which session it goes on with. A token names a session and how often
/// it was resumed, and is sealed, so that every node that has the secret can check it without having seen the session.
///
/// A node also remembers the sessions that it has served itself: each token is good for one resume, and not for longer
/// than `validFor` after its connection ended. The one before stays good until the client has shown that it got the
/// new one: a welcome may be lost.
struct ResumeTokens {
    struct Ticket {
        var token: String
        var session: String
        var generation: Int
    }

    private struct Session {
        /// The newest token that the client has shown to have; the next one may be on its way.
        var held: Int
        /// Nil while it is connected.
        var endedAt: Moment?
    }

    private let secret: (UInt64, UInt64)
    private let node: String
    /// Other nodes have the same secret: a session that this one does not know may be one of theirs.
    private let hasPeers: Bool
    private let validFor: Duration
    private let mutant: ServerMutant?
    private var sessions: [String: Session] = [:]
    private var issued = 0

    init(secret: String, node: String, hasPeers: Bool, validFor: Duration, mutant: ServerMutant?) {
        let own = mutant == .serverTokensOfOneNode ? secret + node : secret
        self.secret = (SipHash.hash(own, keys: (1, 2)), SipHash.hash(own, keys: (3, 4)))
        (self.node, self.hasPeers, self.validFor, self.mutant) = (node, hasPeers, validFor, mutant)
    }

    /// A token for the next resume, of a new session or of one that goes on.
    mutating func issue(goingOnWith token: String?) -> Ticket {
        let (session, shown) = token.flatMap(parse) ?? newSession()
        let held = max(shown, sessions[session]?.held ?? 0)
        sessions[session] = Session(held: held, endedAt: nil)
        return Ticket(token: sealed(session, held + 1), session: session, generation: held + 1)
    }

    private mutating func newSession() -> (String, Int) {
        issued += 1
        return ("\(node)\(issued)", 0)
    }

    /// Whether it may be resumed. An empty token is one that was never given: then the position alone must do.
    func honours(_ token: String, at now: Moment) -> Bool {
        if token.isEmpty { return true }
        if mutant == .serverRefusesValidTokens { return false }
        guard let (name, generation) = parse(token) else { return false }
        guard let session = sessions[name] else { return hasPeers }
        guard generation == session.held || generation == session.held + 1 else { return false }
        return session.endedAt.map { now - $0 <= validFor } ?? true
    }

    /// The client was heard after the welcome that carried this token.
    mutating func confirmed(_ session: String, _ generation: Int) {
        let held = sessions[session]?.held ?? 0
        sessions[session]?.held = max(generation, held)
    }

    mutating func ended(_ session: String, at now: Moment) { sessions[session]?.endedAt = now }

    /// Forgets sessions that can no longer be resumed. Without peers an unknown session is none.
    mutating func forgetExpired(at now: Moment) {
        if hasPeers { return }
        sessions = sessions.filter { $0.value.endedAt.map { now - $0 <= validFor } ?? true }
    }

    private func sealed(_ session: String, _ generation: Int) -> String {
        let text = "\(session).\(generation)"
        return "\(text).\(String(SipHash.hash(text, keys: secret), radix: 16))"
    }

    /// Session and generation of a token that we, or a peer, have sealed.
    private func parse(_ token: String) -> (String, Int)? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let generation = Int(parts[1]), (1..<Int.max).contains(generation) else { return nil }
        let session = String(parts[0])
        return sealed(session, generation) == token ? (session, generation) : nil
    }
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash that nobody can forge who does not know the keys.
enum SipHash {
    static func hash(_ text: String, keys: (UInt64, UInt64)) -> UInt64 {
        var state = State(keys)
        let bytes = Array(text.utf8)
        var start = 0
        while start + 8 <= bytes.count {
            state.take(word(bytes[start..<start + 8]))
            start += 8
        }
        state.take(word(bytes[start...]) | UInt64(bytes.count & 0xFF) << 56)
        return state.end()
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private struct State {
        private var v0, v1, v2, v3: UInt64

        init(_ keys: (UInt64, UInt64)) {
            v0 = keys.0 ^ 0x736f_6d65_7073_6575
            v1 = keys.1 ^ 0x646f_7261_6e64_6f6d
            v2 = keys.0 ^ 0x6c79_6765_6e65_7261
            v3 = keys.1 ^ 0x7465_6462_7974_6573
        }

        mutating func take(_ word: UInt64) {
            v3 ^= word
            rounds(2)
            v0 ^= word
        }

        mutating func end() -> UInt64 {
            v2 ^= 0xFF
            rounds(4)
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func rounds(_ count: Int) {
            func turned(_ value: UInt64, _ by: UInt64) -> UInt64 { value << by | value >> (64 - by) }
            for _ in 0..<count {
                v0 &+= v1
                v1 = turned(v1, 13) ^ v0
                v0 = turned(v0, 32)
                v2 &+= v3
                v3 = turned(v3, 16) ^ v2
                v0 &+= v3
                v3 = turned(v3, 21) ^ v0
                v2 &+= v1
                v1 = turned(v1, 17) ^ v2
                v2 = turned(v2, 32)
            }
        }
    }
}
