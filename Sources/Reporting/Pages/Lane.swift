import JSONLines

/// One row of a run's timeline. Times are microseconds from `play`.
struct Lane {
    /// What a colour says.
    enum Tone: Int { case good, busy, bad, idle, info, note, fault }

    struct Span {
        var start: Int64
        var end: Int64
        var tone: Tone
        var text: String
    }

    struct Mark {
        var time: Int64
        var tone: Tone
        var text: String
    }

    /// Messages by their numbers: one, or many in a cell.
    struct Point {
        var time: Int64
        var low: Int64
        var high: Int64
        var count = 1
        /// What is wrong with it: a gap before it, or that it came again.
        var flaw: (isGap: Bool, text: String)?
    }

    enum Shape {
        case spans([Span])
        case marks([Mark])
        case sequence([Point])
        /// What holds from each time on.
        case line([(time: Int64, value: Int)], of: String)
        case counts(start: Int64, width: Int64, [Int], Tone, of: String)
    }

    /// The session or process that it belongs to.
    var group: String
    var name: String
    var shape: Shape
    /// What it shows, for those who cannot see it.
    var told: String

    /// Pixels.
    var height: Int {
        switch shape {
        case .spans(let spans): Lane.rows(spans).count > 1 ? 12 * min(4, Lane.rows(spans).count) + 4 : 22
        case .marks: 20
        case .sequence: 84
        case .line: 40
        case .counts: 40
        }
    }

    var isEmpty: Bool {
        switch shape {
        case .spans(let spans): spans.isEmpty
        case .marks(let marks): marks.isEmpty
        case .sequence(let points): points.isEmpty
        case .line(let steps, _): steps.isEmpty
        case .counts(_, _, let counts, _, _): !counts.contains { $0 > 0 }
        }
    }

    /// At most so many rows; further spans that overlap lie on the last.
    private static let mostRows = 4

    /// The end of what lies last in each row, after all spans took the first row that is free.
    private static func rows(_ spans: [Span]) -> [Int64] { layout(spans).ends }

    private static func layout(_ spans: [Span]) -> (rows: [Int], ends: [Int64]) {
        var ends: [Int64] = []
        let rows = spans.map { span -> Int in
            if let free = ends.firstIndex(where: { $0 <= span.start }) {
                ends[free] = span.end
                return free
            }
            guard ends.count < mostRows else {
                ends[mostRows - 1] = max(ends[mostRows - 1], span.end)
                return mostRows - 1
            }
            ends.append(span.end)
            return ends.count - 1
        }
        return (rows, ends)
    }

    /// As the page's script reads it: times as differences to the one before.
    func json(_ texts: inout PageTexts) -> String {
        switch shape {
        case .spans(let spans):
            let (rows, ends) = Lane.layout(spans)
            let places = spans.map { texts.place($0.text) }
            return "{\"kind\":\"spans\",\"rows\":\(max(1, ends.count)),\"labels\":\(ends.count <= 1),"
                + "\"t\":\(Lane.differences(spans.map(\.start))),\"n\":\(Lane.list(spans.map { $0.end - $0.start })),"
                + "\"c\":\(Lane.list(spans.map(\.tone.rawValue))),\"r\":\(Lane.list(rows)),\"x\":\(Lane.list(places))}"
        case .marks(let marks):
            let places = marks.map { texts.place($0.text) }
            return "{\"kind\":\"marks\",\"t\":\(Lane.differences(marks.map(\.time))),"
                + "\"c\":\(Lane.list(marks.map(\.tone.rawValue))),\"x\":\(Lane.list(places))}"
        case .sequence(let points):
            var flags: [String] = []
            for (number, point) in points.enumerated() {
                if let flaw = point.flaw {
                    flags.append("[\(number),[\(flaw.isGap ? 1 : 0),\(texts.place(flaw.text))]]")
                }
            }
            let cells =
                points.contains { $0.count > 1 }
                ? ",\"n\":\(Lane.list(points.map { $0.high - $0.low })),\"m\":\(Lane.list(points.map(\.count)))" : ""
            return "{\"kind\":\"sequence\",\"t\":\(Lane.differences(points.map(\.time))),"
                + "\"s\":\(Lane.differences(points.map(\.low)))\(cells),\"flags\":[\(flags.joined(separator: ","))]}"
        case .line(let steps, let unit):
            return "{\"kind\":\"line\",\"t\":\(Lane.differences(steps.map(\.time))),"
                + "\"v\":\(Lane.list(steps.map(\.value))),\"x\":\(texts.place(unit))}"
        case .counts(let start, let width, let counts, let tone, let unit):
            return "{\"kind\":\"counts\",\"start\":\(start),\"width\":\(width),\"v\":\(Lane.list(counts)),"
                + "\"tone\":\(tone.rawValue),\"x\":\(texts.place(unit))}"
        }
    }

    private static func differences(_ values: [Int64]) -> String {
        var before: Int64 = 0
        return list(
            values.map { value in
                defer { before = value }
                return value &- before
            })
    }

    private static func list(_ values: [some BinaryInteger]) -> String {
        "[" + values.map { "\($0)" }.joined(separator: ",") + "]"
    }
}
