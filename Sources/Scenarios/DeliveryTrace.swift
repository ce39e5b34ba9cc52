/// When a link could deliver packets, as it was recorded: the format of Mahimahi (R. Netravali et al., "Mahimahi:
/// Accurate Record-and-Replay for HTTP", 2015). Each line is a time in milliseconds at which one packet of full size
/// may leave; after the last one it begins anew.
package struct DeliveryTrace: Equatable, Sendable {
    /// The file, relative to the scenario's folder.
    package var path: String
    /// Milliseconds from the trace's beginning, never falling; the last is the trace's length.
    package var times: [Int64]

    package init(path: String, times: [Int64]) {
        self.path = path
        self.times = times
    }

    /// One day.
    static let longest: Int64 = 86_400_000

    /// How many packets may have left by then, that moment included.
    package func opportunities(by time: Duration) -> Int64 {
        guard time >= .zero, let period = times.last, period > 0 else { return 0 }
        let whole = Units.nanoseconds(time) / 1_000_000
        let (rounds, rest) = whole.quotientAndRemainder(dividingBy: period)
        return rounds * Int64(times.count) + Int64(count(upTo: rest))
    }

    private func count(upTo time: Int64) -> Int {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Reads the lines of a file; the first problem of each line, and no more than anyone reads.
    static func parse(_ text: String, path: String) -> (trace: DeliveryTrace?, problems: [Problem]) {
        var times: [Int64] = []
        var problems: [Problem] = []
        // By bytes: a return and a newline are one character.
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        func add(_ line: Int, _ message: String) {
            if problems.count < ScenarioLoader.mostProblems {
                problems.append(Problem(file: path, line: line, column: 1, message: message))
            }
        }
        for (index, line) in lines.enumerated() {
            let digits = line.last == 0x0D ? line.dropLast() : line
            guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let time = Int64(Substring(digits))
            else {
                let shown = String(decoding: digits.prefix(40), as: UTF8.self)
                add(index + 1, "\(quoted(shown)) is not a time in whole milliseconds")
                continue
            }
            if time > longest {
                add(index + 1, "\(time) ms is out of range: a trace has a day at most")
            } else if let last = times.last, time < last {
                add(index + 1, "\(time) ms comes after \(last) ms: times never fall")
            } else {
                times.append(time)
            }
        }
        if problems.isEmpty && (times.last ?? 0) == 0 {
            add(max(1, lines.count), "the trace has no length: its last time must be above 0")
        }
        return (problems.isEmpty ? DeliveryTrace(path: path, times: times) : nil, problems)
    }
}
