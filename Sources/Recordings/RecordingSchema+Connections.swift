// Lines about single TCP connections.
extension RecordingSchema {
    private static let ends = [
        Field("link", .string, "the link's name"), Field("from", .endpoint, "who sent it"),
        Field("to", .endpoint, "to whom"),
    ]
    private static let alert = Field(
        "alert", .string, required: false, "its name in RFC 8446; missing when it is encrypted and its length shows it")

    static let connectionLines: [Line] = [
        Line(
            event: .tls, what: ["client-hello"], meaning: "A client began a TLS handshake.",
            fields: ends + [
                Field("version", .string, required: false, "the highest version that it offers: `1.3`"),
                Field("name", .string, required: false, "the server name that it sends"),
            ]),
        Line(
            event: .tls, what: ["server-hello"], meaning: "A server answered it.",
            fields: ends + [
                Field("version", .string, "the version that it chose"),
                Field("cipher", .string, "the cipher suite, by IANA's name; `0x1301` when it has none here"),
            ]),
        Line(event: .tls, what: ["alert"], meaning: "One side sent a TLS alert.", fields: ends + [alert]),
        Line(
            event: .tls, what: ["finished"],
            meaning: "The client's Finished, so it has accepted the certificate (in TLS 1.3 as far as lengths show).",
            fields: ends),
        Line(
            event: .tls, what: ["data"],
            meaning: "The client's first application data: encrypted records in a segment after its Finished.",
            fields: ends),
        Line(
            event: .tls, what: ["plain"], meaning: "The first payload of a connection is no TLS.",
            fields: ends + [
                Field("protocol", .string, required: false, "what it looks like: `http`, `mqtt`; missing when unknown")
            ]),
        Line(
            event: .connection, what: ConnectionTotals.Ending.allCases.map(\.rawValue),
            meaning:
                "Totals of a TCP connection that has ended, was `replaced` by one with its ports, or is still `open`.",
            fields: [
                Field("link", .string, "the link's name, where the side that sent the SYN has its host"),
                Field("from", .endpoint, "who sent the SYN"), Field("to", .endpoint, "to whom"),
                Field("sent", .count, "payload from `from`, bytes, without what was sent again"),
                Field("sent_packets", .count, "segments, those without payload too"),
                Field("sent_again", .count, "segments with nothing but what had been sent before"),
                Field("received", .count, "payload to `from`, as `sent`"),
                Field("received_packets", .count, "as `sent_packets`"),
                Field("received_again", .count, "as `sent_again`"),
                Field("quiet", .count, "how long nothing at all had gone over it by now, ns"),
            ]),
        Line(
            event: .owner, what: [],
            meaning: "Who opened a TCP connection, where several may dial from one host; `t` is when its SYN left.",
            fields: [
                Field("actor", .string, "the actor's name"), Field("index", .count, "which of its instances, from 0"),
                Field("from", .endpoint, "who sent the SYN"), Field("to", .endpoint, "to whom"),
            ]),
    ]
}
