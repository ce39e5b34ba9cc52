/// States and the moves between them.
struct StateMachine {
    /// Why a list of moves is none, for people.
    struct Complaint: Error {
        var text: String
    }

    let start: String
    private let moves: Set<[String]>
    let states: Set<String>

    /// The one of the reference client, and of most others.
    static let common = StateMachine(
        start: "disconnected",
        moves: [
            ["disconnected", "connecting"], ["connecting", "authenticating"], ["connecting", "connected"],
            ["connecting", "reconnecting"], ["connecting", "disconnected"], ["connecting", "fatal"],
            ["authenticating", "connected"], ["authenticating", "reconnecting"], ["authenticating", "disconnected"],
            ["authenticating", "fatal"], ["connected", "reconnecting"], ["connected", "disconnected"],
            ["connected", "fatal"], ["reconnecting", "connecting"], ["reconnecting", "disconnected"],
            ["reconnecting", "fatal"],
        ])

    private init(start: String, moves: [[String]]) {
        self.start = start
        self.moves = Set(moves)
        states = Set(moves.joined()).subtracting(["*"])
    }

    /// - Parameter texts: `a -> b` each; nil for the common machine.
    static func make(_ texts: [String]?, start: String?) -> Result<StateMachine, Complaint> {
        guard let texts else { return .success(common) }
        var moves: [[String]] = []
        for text in texts {
            let parts = text.split(separator: "->", omittingEmptySubsequences: false).map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
                return .failure(Complaint(text: "moves has '\(text)', which is no move such as idle -> dialling."))
            }
            moves.append(parts)
        }
        return .success(StateMachine(start: start ?? moves.first?[0] ?? "", moves: moves))
    }

    func allows(_ from: String, _ to: String) -> Bool {
        moves.contains([from, to]) || moves.contains(["*", to]) || moves.contains([from, "*"])
    }

    /// From each state to which, for `explain`.
    var text: String {
        let order = ["disconnected", "connecting", "authenticating", "connected", "reconnecting", "fatal"]
        return order.compactMap { from in
            let to = order.filter { moves.contains([from, $0]) }
            return to.isEmpty ? nil : "\(from) to \(to.joined(separator: ", "))"
        }.joined(separator: "; ")
    }
}
