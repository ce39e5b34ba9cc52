import JSONLines
import Recordings
import Testing

@Suite struct Codec {
    @Test func everyEventComesBack() throws {
        let recording = try RecordingDecoder.decode(Samples.bytes())
        #expect(recording.header == Samples.header)
        #expect(recording.damage == nil)
        #expect(recording.events.count == Samples.events.count)
        for (read, written) in zip(recording.events, Samples.events) { #expect(read == written) }
    }

    @Test func keysHaveOneOrder() {
        var encoder = RecordingEncoder()
        #expect(
            text(
                encoder.encode(
                    header: Header(scenario: "s", seed: .max, lab: "host", kernel: "6.18", uncertainty: 0, sources: []))
            )
                == #"{"recording":2,"scenario":"s","seed":"18446744073709551615","lab":"host","kernel":"6.18","#
                + #""uncertainty":0,"records":[],"sources":[]}"#
                + "\n")
        let report = DriverReport(
            Instance("a"), .received, stream: "x", sequence: 4, extra: [JSON.Member("b", 1), JSON.Member("a", 2)])
        #expect(
            text(encoder.encode(Event(Timestamp(nanoseconds: 5), .driver(report))))
                == #"{"t":5,"event":"driver","what":"received","actor":"a","index":0,"stamp":"driver","stream":"x","#
                + #""seq":4,"extra":{"b":1,"a":2}}"# + "\n")
        let hit = Event(Timestamp(nanoseconds: 6), .fault(FaultChange(2, "blackhole", .hit(total: 9))))
        #expect(
            text(encoder.encode(hit))
                == #"{"t":6,"event":"fault","what":"hit","index":2,"fault":"blackhole","total":9}"# + "\n")
    }

    @Test func everyLineIsUTF8WithoutRawControls() {
        let bytes = Samples.bytes()
        #expect(String(validating: bytes, as: UTF8.self) != nil)
        #expect(!bytes.contains { $0 < 0x20 && $0 != 0x0A })
    }

    /// A file of before: its header has no `records`.
    @Test func readsTheFormatBefore() throws {
        let old =
            #"{"recording":1,"scenario":"s","seed":1,"lab":"virtual","kernel":"6.12","uncertainty":0,"sources":[]}"#
            + "\n" + #"{"t":5,"event":"process","actor":"a","index":0,"cpu":1,"memory":2,"descriptors":3,"threads":4}"#
            + "\n"
        let recording = try RecordingDecoder.decode(Array(old.utf8))
        #expect(recording.header.records.isEmpty)
        let sample = ProcessSample(Instance("a"), cpu: 1, memory: 2, descriptors: 3, threads: 4)
        #expect(recording.events.map(\.body) == [.process(sample)])
    }

    /// The deepest line that a driver can send is still readable in its event.
    @Test func deepExtrasComeBack() throws {
        let levels = JSON.defaultDepth - 1
        let deep = try JSON(
            parsing: "{\"k\":" + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}")
        guard case .object(let members) = deep else { return #expect(Bool(false)) }
        let event = Event(Timestamp(nanoseconds: 0), .driver(DriverReport(Instance("a"), .note, extra: members)))
        #expect(try RecordingDecoder.decode(Samples.bytes([event])).events == [event])
    }

    @Test func repeatsToTheByte() {
        #expect(Samples.bytes() == Samples.bytes())
    }

    @Test(arguments: ["10.77.1.2:1883", "[fd00::1]:1883", "10.0.0.1:0"])
    func endpointsComeBack(text: String) throws {
        #expect(try #require(Endpoint(text)).description == text)
    }

    @Test(arguments: ["", "10.0.0.1", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:70000", "10.0.0.1:-1"])
    func refusesEndpoints(text: String) {
        #expect(Endpoint(text) == nil)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

@Suite struct DamagedRecordings {
    /// A run can be killed at any byte: what was written before is kept, and the damage is told. One decoder is fed
    /// byte by byte and asked after each, as if that were the end of the file.
    @Test func survivesTruncationAtEveryByte() throws {
        let whole = Samples.bytes()
        var decoder = RecordingDecoder()
        var lines = 0
        for byte in whole.dropLast() {
            if lines == 0 {
                #expect(throws: UnreadableRecording.self) { try decoder.finish() }
            } else {
                #expect(try decoder.finish().damage == "cut off after line \(lines): no end event")
            }
            try decoder.feed([byte])
            if byte == 0x0A { lines += 1 }
            let count = decoder.events.count
            if count != max(lines - 1, 0) { Issue.record("\(count) events in \(lines) lines") }
        }
        #expect(decoder.events == Array(Samples.events.dropLast()))
        #expect(try decoder.finish().damage == "cut off after line \(lines): no end event")
        let cut = try RecordingDecoder.decode(Array(whole.dropLast()))
        #expect(cut.events == decoder.events)
        #expect(cut.damage == "cut off after line \(lines): no end event")
    }

    @Test func piecesOfAnySizeReadTheSame() throws {
        let whole = Samples.bytes()
        for size in [1, 2, 3, 7, 64, 1000, whole.count] {
            var decoder = RecordingDecoder()
            for start in stride(from: 0, to: whole.count, by: size) {
                try decoder.feed(Array(whole[start..<min(start + size, whole.count)]))
            }
            #expect(decoder.events == Samples.events)
            #expect(try decoder.finish().damage == nil)
        }
    }

    /// Each damage with the words that tell it and the number of events before it.
    @Test(arguments: [
        ("garbage", "\u{0}\u{1}junk", "not JSON at byte 0"),
        ("not an object", "[1]", "not an object"),
        ("unknown event", #"{"t":9,"event":"earthquake"}"#, "'event' has an unknown name: 'earthquake'"),
        ("missing field", #"{"t":9,"event":"lost","probe":"x"}"#, "'count' is missing"),
        ("negative time", #"{"t":-9,"event":"phase","phase":"play"}"#, "'t' is out of range"),
        ("huge time", #"{"t":9223372036854775807,"event":"phase","phase":"play"}"#, "'t' is out of range"),
        ("time goes back", #"{"t":4,"event":"phase","phase":"play"}"#, "before that of the line before"),
        (
            "wrong count", #"{"t":9,"event":"end","reason":"finished","message":"","events":7}"#,
            "counts 7 events before it"
        ),
    ])
    func keepsWhatCameBefore(name: String, line: String, reason: String) throws {
        let first = Event(Timestamp(nanoseconds: 5), .phase(.play))
        let bytes =
            Samples.bytes([first]) + Array((line + "\n").utf8)
            + Array("{\"t\":10,\"event\":\"phase\",\"phase\":\"stop\"}\n".utf8)
        let recording = try RecordingDecoder.decode(bytes)
        #expect(recording.events == [first])
        let damage = try #require(recording.damage)
        #expect(damage.hasPrefix("line 3 is no event ("), "\(damage)")
        #expect(damage.contains(reason), "\(damage)")
    }

    @Test func nothingFollowsTheEnd() throws {
        let end = Samples.bytes([Event(Timestamp(nanoseconds: 5), .end(End(.finished, events: 0)))])
        let more = try RecordingDecoder.decode(end + Array("{\"t\":10,\"event\":\"phase\",\"phase\":\"stop\"}\n".utf8))
        #expect(more.end == End(.finished, events: 0))
        #expect(try #require(more.damage).contains("after the end event"))
        let rest = try RecordingDecoder.decode(end + Array("x".utf8))
        #expect(try #require(rest.damage).contains("after the end event"))
    }

    @Test(arguments: [
        "", "\n", "x", "{}\n", "{\"recording\":3}\n", "{\"recording\":2}\n", "{\"recording\":1}\n",
        "{\"t\":1,\"event\":\"phase\",\"phase\":\"play\"}\n",
    ])
    func refusesWhatIsNoRecording(text: String) {
        #expect(throws: UnreadableRecording.self) { try RecordingDecoder.decode(Array(text.utf8)) }
    }

    @Test func namesTheVersionItCannotRead() throws {
        let error = try #require(throws: UnreadableRecording.self) {
            try RecordingDecoder.decode(Array("{\"recording\":3,\"scenario\":\"s\"}\n".utf8))
        }
        #expect(error.description.contains("its format is 3, and this program reads formats 1 to 2"))
    }

    /// Random bytes, and valid lines with random bytes changed: never a crash, and never whole.
    @Test func survivesRandomDamage() throws {
        var random = SeededGenerator(state: 1)
        let whole = Samples.bytes()
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let recording = try? RecordingDecoder.decode(bytes) else { continue }
            #expect(recording.events.count <= Samples.events.count)
        }
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            #expect(throws: UnreadableRecording.self) { try RecordingDecoder.decode(bytes) }
            let tail = try RecordingDecoder.decode(Samples.bytes([]) + bytes)
            #expect(tail.events.isEmpty)
            #expect(tail.damage != nil)
        }
    }
}
