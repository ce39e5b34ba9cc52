import JSONLines

extension TLSChange {
    func write(to line: inout JSONLineWriter) {
        line.field("what", change.name.rawValue)
        line.field("link", link)
        line.field("from", from)
        line.field("to", to)
        switch change {
        case .clientHello(let version, let name):
            if let version { line.field("version", version) }
            if let name { line.field("name", name) }
        case .serverHello(let version, let cipher):
            line.field("version", version)
            line.field("cipher", cipher)
        case .alert(let name): if let name { line.field("alert", name) }
        case .finished, .data: break
        case .plain(let guess): if let guess { line.field("protocol", guess) }
        }
    }
}

extension ConnectionTotals {
    func write(to line: inout JSONLineWriter) {
        line.field("what", ending.rawValue)
        line.field("link", link)
        line.field("from", from)
        line.field("to", to)
        line.field("sent", sent.bytes)
        line.field("sent_packets", sent.packets)
        line.field("sent_again", sent.retransmitted)
        line.field("received", received.bytes)
        line.field("received_packets", received.packets)
        line.field("received_again", received.retransmitted)
        line.field("quiet", quiet)
    }
}

extension ConnectionOwner {
    func write(to line: inout JSONLineWriter) {
        instance.write(to: &line)
        line.field("from", from)
        line.field("to", to)
    }
}
