import JSONLines
import Recordings

/// Reads the driver protocol (docs/driver-protocol.md): a line that is a JSON object with an "event" key is an event,
/// every other line is the driver's log.
package enum DriverProtocol {
    /// A line that is an event, with the driver's own stamp when it gave one.
    package struct Line: Equatable {
        package var report: DriverReport
        package var stamp: Int64?
    }

    /// Nil when the line is log.
    package static func parse(_ bytes: [UInt8], of instance: Instance) -> Line? {
        guard bytes.first == UInt8(ascii: "{") else { return nil }
        return bytes.withUnsafeBufferPointer { buffer in
            var line = JSONObjectLine()
            var next = 0
            guard (try? line.read(buffer)) == true, let place = line.place(of: "event", next: &next),
                let name = line.string(at: place)
            else { return nil }
            return report(line, named: name, of: instance)
        }
    }

    private static func report(_ line: JSONObjectLine, named name: String, of instance: Instance) -> Line {
        // An event that the protocol does not know is kept as a note, under its own name.
        let kind = DriverReport.Kind(rawValue: name)
        var report = DriverReport(instance, kind ?? .note, stamp: .reader)
        let ownKey = textKey(of: report.kind)
        var stamp: Int64?
        for place in line.places {
            if line.isKey("event", at: place) {
                if kind != nil { continue }
            } else if line.isKey("t", at: place), let time = line.integer(at: place) {
                stamp = time
                continue
            } else if line.isKey("session", at: place), let session = line.string(at: place) {
                report.session = session
                continue
            } else if line.isKey("stream", at: place), let stream = line.string(at: place) {
                report.stream = stream
                continue
            } else if line.isKey("seq", at: place), let sequence = line.integer(at: place) {
                report.sequence = sequence
                continue
            } else if line.isKey(ownKey, at: place), let text = line.string(at: place) {
                report.text = text
                continue
            }
            report.extra.append(JSON.Member(line.key(at: place), line.value(at: place)))
        }
        return Line(report: report, stamp: stamp)
    }

    /// Whether the beginning of a line that was cut looks like that of an event.
    static func isLikelyEvent(_ bytes: [UInt8]) -> Bool {
        bytes.first == UInt8(ascii: "{") && String(decoding: bytes, as: UTF8.self).contains("\"event\"")
    }

    /// Under which key the driver gives the event's text.
    package static func textKey(of kind: DriverReport.Kind) -> StaticString {
        switch kind {
        case .state, .breaker: "state"
        case .hello, .attempt, .connected, .sent, .received, .acked, .request, .response, .resumed, .refused, .queue,
            .error, .note, .unsupported:
            "text"
        }
    }
}

extension DriverReport {
    /// The commands that a hello names; none when it names none or is no hello.
    package var commands: [String] {
        guard kind == .hello, let named = extra.first(where: { $0.key == "commands" }) else { return [] }
        return named.value.array?.compactMap(\.string) ?? []
    }

    /// The faults that a hello names: those that this driver can make itself when it is told to.
    package var faults: [String] {
        guard kind == .hello, let named = extra.first(where: { $0.key == "faults" }) else { return [] }
        return named.value.array?.compactMap(\.string) ?? []
    }

    /// What a `fault` event says: how often a fault of the driver's own has hit since it was switched on.
    package var faultHits: (fault: String, total: Int64)? {
        func extra(_ key: String) -> JSON? { self.extra.first { $0.key == key }?.value }
        guard kind == .note, extra("event")?.string == "fault", let name = extra("name")?.string,
            let hits = extra("hits")?.integer
        else { return nil }
        return (name, hits)
    }
}
