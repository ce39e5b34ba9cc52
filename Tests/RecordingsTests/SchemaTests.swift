import Foundation
import JSONLines
import Recordings
import Testing

@Suite struct WrittenSchema {
    private static let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs")

    /// Each encoded sample has the documented fields in the documented order, and no other.
    @Test func samplesHaveExactlyTheDocumentedFields() throws {
        var seen: Set<String> = []
        for event in Samples.events {
            let json = try encoded(event)
            let line = try #require(RecordingSchema.lines.first { describes($0, json) }, "\(json.line)")
            guard case .object(let members) = json else { continue }
            let keys = members.map(\.key).dropFirst(line.what.isEmpty ? 2 : 3)
            let optional = Set(line.fields.filter { !$0.isRequired }.map(\.name))
            #expect(
                keys.filter { !optional.contains($0) } == line.fields.filter(\.isRequired).map(\.name), "\(json.line)")
            #expect(Array(keys) == line.fields.map(\.name).filter { keys.contains($0) }, "\(json.line)")
            for key in keys where optional.contains(key) { seen.insert("\(line.event) \(key)") }
            seen.insert("\(line.event) \(json["what"]?.string ?? "")")
        }
        for line in RecordingSchema.lines {
            for what in line.what.isEmpty ? [""] : line.what where line.event != .mapping {
                #expect(seen.contains("\(line.event) \(what)"), "no sample of \(line.event) \(what)")
            }
            for field in line.fields where !field.isRequired {
                #expect(seen.contains("\(line.event) \(field.name)"), "no sample with \(line.event) \(field.name)")
            }
        }
    }

    /// A line without one of its required fields, or with a field of another type, is damage.
    @Test func decoderDemandsTheDocumentedFields() throws {
        for event in Samples.events {
            let json = try encoded(event)
            let line = try #require(RecordingSchema.lines.first { describes($0, json) })
            guard case .object(let members) = json else { continue }
            for field in line.fields where members.contains(where: { $0.key == field.name }) {
                let without = JSON.object(members.filter { $0.key != field.name })
                let wrong = JSON.object(members.map { JSON.Member($0.key, $0.key == field.name ? [1] : $0.value) })
                #expect(try isDamage(wrong), "\(wrong.line)")
                if field.isRequired { #expect(try isDamage(without), "\(without.line)") }
            }
        }
    }

    /// `HALFOPEN_UPDATE_DOCS=1 swift test --filter WrittenSchema` writes the files anew.
    @Test func writtenFilesAreUpToDate() throws {
        let schema = Self.docs.appending(path: "recording.schema.json")
        let page = Self.docs.appending(path: "recording-format.md")
        let mark = "<!-- The tables below are made from Sources/Recordings/RecordingSchema.swift. -->\n\n"
        let prose = try String(contentsOf: page, encoding: .utf8).components(separatedBy: mark)[0]
        let expected = [
            (schema, RecordingSchema.jsonSchema.pretty() + "\n"), (page, prose + mark + RecordingSchema.markdown),
        ]
        for (file, text) in expected {
            if ProcessInfo.processInfo.environment["HALFOPEN_UPDATE_DOCS"] != nil {
                try text.write(to: file, atomically: true, encoding: .utf8)
            }
            #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(file.lastPathComponent) is out of date")
        }
    }

    private func encoded(_ event: Event) throws -> JSON {
        var encoder = RecordingEncoder()
        return try JSON(parsing: encoder.encode(event))
    }

    private func describes(_ line: RecordingSchema.Line, _ json: JSON) -> Bool {
        json["event"]?.string == line.event.rawValue
            && (line.what.isEmpty || line.what.contains(json["what"]?.string ?? ""))
    }

    private func isDamage(_ json: JSON) throws -> Bool {
        let recording = try RecordingDecoder.decode(Samples.bytes([]) + json.utf8Line + [0x0A])
        return recording.events.isEmpty && recording.damage?.hasPrefix("line 2 is no event") == true
    }
}
