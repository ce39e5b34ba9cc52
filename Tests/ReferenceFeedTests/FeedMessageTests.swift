import ReferenceFeed
import Testing

@Suite struct FeedMessageTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: [
        (ClientMessage.heartbeat, #"{"type":"heartbeat"}"#),
        (.hello(token: "", resume: nil), #"{"type":"hello","version":1,"token":""}"#),
        (
            .hello(token: "a\"b", resume: Position(epoch: "9f", last: 0)),
            #"{"type":"hello","version":1,"token":"a\"b","resume":{"epoch":"9f","last":0}}"#
        ),
        (
            .hello(token: "", resume: Position(epoch: "9f", last: 1, token: "a1.2.e0"), client: "c"),
            #"{"type":"hello","version":1,"token":"","client":"c","#
                + #""resume":{"epoch":"9f","last":1,"token":"a1.2.e0"}}"#
        ),
        (.ack(sequence: 7), #"{"type":"ack","seq":7}"#),
        (.request(id: "c-1", .critical), #"{"type":"request","id":"c-1","class":"critical"}"#),
        (
            .publish(stream: "orders", sequence: 4, .bulk),
            #"{"type":"publish","stream":"orders","seq":4,"class":"bulk"}"#
        ),
        (.goodbye, #"{"type":"goodbye"}"#),
    ]) func clientMessagesGoThereAndBack(message: ClientMessage, line: String) throws {
        #expect(String(decoding: message.line, as: UTF8.self) == line + "\n")
        #expect(try ClientMessage(parsing: bytes(line)) == message)
    }

    @Test(arguments: [
        (ServerMessage.heartbeat, #"{"type":"heartbeat"}"#),
        (
            .welcome(epoch: "9f", next: 18, heartbeat: .seconds(10)),
            #"{"type":"welcome","epoch":"9f","next":18,"heartbeat":10000000000}"#
        ),
        (.refused(reason: "full", retry: true), #"{"type":"refused","reason":"full","retry":true}"#),
        (
            .refused(reason: "full", retry: true, after: .seconds(5)),
            #"{"type":"refused","reason":"full","retry":true,"retry_after":5000000000}"#
        ),
        (.goodbye(after: nil), #"{"type":"goodbye"}"#),
        (.goodbye(after: .nanoseconds(7)), #"{"type":"goodbye","retry_after":7}"#),
        (.message(sequence: 1, text: "ü\n"), #"{"type":"message","seq":1,"text":"ü\u000a"}"#),
        (
            .welcome(epoch: "9f", next: 1, heartbeat: .seconds(1), token: "a1.2.e0", isFresh: true),
            #"{"type":"welcome","epoch":"9f","next":1,"heartbeat":1000000000,"token":"a1.2.e0","fresh":true}"#
        ),
        (.response(id: "c-1", ok: true), #"{"type":"response","id":"c-1","ok":true}"#),
        (
            .response(id: "c-1", ok: false, reason: "overloaded"),
            #"{"type":"response","id":"c-1","ok":false,"reason":"overloaded"}"#
        ),
        (.taken(stream: "orders", sequence: 4), #"{"type":"taken","stream":"orders","seq":4}"#),
    ]) func serverMessagesGoThereAndBack(message: ServerMessage, line: String) throws {
        #expect(try ServerMessage(parsing: bytes(line)) == message)
        #expect(try ServerMessage(parsing: message.line.dropLast()) == message)
    }

    @Test func unknownTypesAreSkipped() throws {
        #expect(try ServerMessage(parsing: bytes(#"{"type":"news","x":1}"#)) == nil)
        #expect(try ClientMessage(parsing: bytes(#"{"type":"news"}"#)) == nil)
        #expect(try ClientMessage(parsing: bytes("{}")) == nil)
    }

    /// Everything that a hostile peer could use to make arithmetic overflow, and lines that are no messages.
    @Test(arguments: [
        "", "hello", "{", #"{"type":"message","seq":"1","text":"x"}"#, #"{"type":"message","seq":1}"#,
        #"{"type":"message","seq":0,"text":"x"}"#, #"{"type":"message","seq":9223372036854775807,"text":"x"}"#,
        #"{"type":"welcome","epoch":"a","next":0,"heartbeat":1000000}"#,
        #"{"type":"welcome","epoch":"a","next":1,"heartbeat":0}"#,
        #"{"type":"welcome","epoch":"a","next":1,"heartbeat":9223372036854775807}"#,
        #"{"type":"refused","reason":"x"}"#, #"{"type":"goodbye","retry_after":"soon"}"#,
        #"{"type":"goodbye","retry_after":86400000000001}"#,
    ]) func whatIsNoServerMessageIsAnError(line: String) {
        #expect(throws: MalformedMessage.self) { try ServerMessage(parsing: bytes(line)) }
    }

    @Test(arguments: [
        #"{"type":"hello","version":2,"token":""}"#, #"{"type":"hello","version":1}"#,
        #"{"type":"hello","version":1,"token":"","resume":{"epoch":"a","last":-1}}"#,
        #"{"type":"hello","version":1,"token":"","resume":7}"#,
        #"{"type":"hello","version":1,"token":"","resume":{"epoch":"a","last":9223372036854775807}}"#,
    ]) func whatIsNoClientMessageIsAnError(line: String) {
        #expect(throws: MalformedMessage.self) { try ClientMessage(parsing: bytes(line)) }
    }
}
