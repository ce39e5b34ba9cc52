import JSONLines
import Recordings
import Testing

@testable import Actors

@Suite struct DriverProtocolTests {
    private func parse(_ text: String) -> DriverProtocol.Line? {
        DriverProtocol.parse(Array(text.utf8), of: Instance("subscriber"))
    }

    @Test func readsAnEventWithItsOwnStamp() throws {
        let line = try #require(parse(#"{"event":"received","t":5000,"stream":"ticks","seq":7,"qos":1}"#))
        #expect(line.stamp == 5000)
        #expect(line.report.kind == .received)
        #expect(line.report.stream == "ticks")
        #expect(line.report.sequence == 7)
        #expect(line.report.extra == [JSON.Member("qos", 1)])
    }

    @Test func readsTheNameOfAState() throws {
        let line = try #require(parse(#"{"event":"state","state":"reconnecting"}"#))
        #expect(line.report.kind == .state)
        #expect(line.report.text == "reconnecting")
        #expect(line.stamp == nil)
    }

    @Test func keepsAnUnknownEventAsANote() throws {
        let line = try #require(parse(#"{"event":"danced","text":"a jig"}"#))
        #expect(line.report.kind == .note)
        #expect(line.report.text == "a jig")
        #expect(line.report.extra == [JSON.Member("event", "danced")])
    }

    @Test(arguments: [
        "", "hello", "{\"no\":1}", "{\"event\":3}", "{\"event\":\"sent\"", "[1]", "{}", "{\"event\":\"sent\"} x",
    ])
    func takesEverythingElseForLog(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test func aHelloNamesCommands() throws {
        let line = try #require(parse(#"{"event":"hello","library":"x","commands":["drain","close",7]}"#))
        #expect(line.report.commands == ["drain", "close"])
        #expect(parse(#"{"event":"hello","library":"x"}"#)?.report.commands == [])
        #expect(parse(#"{"event":"hello","commands":"drain"}"#)?.report.commands == [])
        #expect(parse(#"{"event":"note","commands":["drain"]}"#)?.report.commands == [])
    }
}
