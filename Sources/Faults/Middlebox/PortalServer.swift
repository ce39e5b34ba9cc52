import Glibc
import Kernel
import Labs

/// A captive portal's web server: one page, to which every other request is redirected.
final class PortalServer {
    /// Requests that got their answer.
    private(set) var answered: Int64 = 0
    let port: Int
    private unowned let field: any FaultField
    private var listener: WireListener?
    private var listening: EventLoop.Token?
    private var guests: [Int32: Guest] = [:]

    private struct Guest {
        var token: EventLoop.Token
        var request: [UInt8] = []
        var hasAnswer = false
    }

    /// Longer than browsers and libraries send; whoever sends more is hung up on.
    private static let longestRequest = 16_384

    init(in wire: Wire, index: Int, field: any FaultField) throws {
        let listener = try WireListener(in: wire, index: index)
        self.listener = listener
        self.field = field
        port = listener.port
        listening = try field.watch(listener.descriptor) { [unowned self] in try welcome() }
    }

    func close() {
        if let listening { field.cancel(listening) }
        listening = nil
        for guest in guests.keys.sorted() { seeOff(guest) }
        listener = nil
    }

    private func welcome() throws {
        while let guest = try listener?.accept() {
            guests[guest] = Guest(token: try field.watch(guest) { [unowned self] in hear(guest) })
        }
    }

    private func seeOff(_ guest: Int32) {
        guard let gone = guests.removeValue(forKey: guest) else { return }
        field.cancel(gone.token)
        Glibc.close(guest)
    }

    /// A guest that breaks off is nobody's failure.
    private func hear(_ guest: Int32) {
        guard let bytes = try? Kernel.read(guest) else { return seeOff(guest) }
        let isTooMuch = (guests[guest]?.request.count ?? 0) + bytes.count > Self.longestRequest
        if bytes.isEmpty || isTooMuch || guests[guest]?.hasAnswer ?? true { return seeOff(guest) }
        guests[guest]?.request += bytes
        let lines = String(decoding: guests[guest]?.request ?? [], as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: false)
        // An empty line ends the head of a request; the last is what has not ended yet.
        guard lines.dropLast().contains("") else { return }
        let answer = Array(answer(to: lines.map(String.init), at: Self.address(of: guest)).utf8)
        // It fits into any socket's buffer.
        if send(guest, answer, answer.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) == answer.count {
            answered += 1
        }
        guests[guest]?.hasAnswer = true
        shutdown(guest, Int32(SHUT_WR))
    }

    private func answer(to request: [String], at address: String) -> String {
        let host = request.first { $0.lowercased().hasPrefix("host:") }?.dropFirst(5).drop { $0 == " " } ?? ""
        let page = "<!DOCTYPE html><title>Log in</title><p>Log in to use this network.</p>\n"
        let isOwn = host == address && request[0].split(separator: " ").dropFirst().first == "/login"
        let head =
            isOwn
            ? ["HTTP/1.1 200 OK", "Content-Type: text/html", "Content-Length: \(page.utf8.count)"]
            : ["HTTP/1.1 302 Found", "Location: http://\(address)/login", "Content-Length: 0"]
        let rest = ["Cache-Control: no-store", "Connection: close", "", isOwn ? page : ""]
        return (head + rest).joined(separator: "\r\n")
    }

    /// The wire's own on the guest's side: rules have redirected it there.
    private static func address(of guest: Int32) -> String {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(guest, $0, &size) }
        }
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
