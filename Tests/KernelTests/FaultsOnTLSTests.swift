import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// A server and clients of OpenSSL's; what they make of it, and what a capture sees.
    @Suite struct FaultsOnTLS {
        let tls: TestTLS

        init() throws { tls = try TestTLS() }

        // MARK: tls-handshake-stall

        /// Of each packet that came to host `b`'s device or went from there: who sent it, and the first bytes.
        private func seen(_ capture: TestCapture, from server: Bool) -> [[UInt8]] {
            capture.frames().filter { frame in
                frame.count > 36 && (Int(frame[34]) << 8 | Int(frame[35]) == TestTLS.port) == server
            }.compactMap(\.tcpPayload).filter { !$0.isEmpty }
        }

        @Test func `without a fault it works`() throws { #expect(try tls.python("attempt()") == ["hello 0"]) }

        @Test(arguments: [("client-hello", 22, 1), ("client-finished", 20, nil), ("session", 23, nil)])
        func `what the client sends does not arrive`(flight: String, type: UInt8, message: UInt8?) throws {
            let arriving = try TestCapture(in: tls.field.lab.host("b").namespace)
            let leaving = try TestCapture(in: tls.field.lab.host("a").namespace)
            let fault = try tls.field.strike("tls-handshake-stall", tls.server, ["flight": .text(flight)])
            #expect(try fault.hits() == 0)
            #expect(try tls.python("attempt(60)") == ["silence 60"])
            func isFlight(_ payload: [UInt8]) -> Bool {
                payload[0] == type && (message == nil || payload.count > 5 && payload[5] == message)
            }
            #expect(!seen(arriving, from: false).contains(where: isFlight))
            // The flight, and each time it was sent again: the capture at the client has seen them all.
            let sent = seen(leaving, from: false).filter(isFlight).count
            #expect(sent > 3)
            #expect(try fault.hits() == Int64(sent))
            try fault.heal()
            try fault.heal()
            #expect(try tls.python("attempt()") == ["hello 0"])
            #expect(try fault.hits() == Int64(sent))
        }

        @Test func `what the server says first does not arrive`() throws {
            let arriving = try TestCapture(in: tls.field.lab.host("a").namespace)
            let leaving = try TestCapture(in: tls.field.lab.host("b").namespace)
            let fault = try tls.field.strike("tls-handshake-stall", tls.server, ["flight": .text("server-hello")])
            #expect(try tls.python("attempt(60)") == ["silence 60"])
            func isHello(_ payload: [UInt8]) -> Bool { payload[0] == 22 && payload[5] == 2 }
            #expect(!seen(arriving, from: true).contains(where: isHello))
            let sent = seen(leaving, from: true).filter(isHello).count
            #expect(sent > 3)
            #expect(try fault.hits() == Int64(sent))
            try fault.heal()
            #expect(try tls.python("attempt()") == ["hello 0"])
        }

        @Test func `a stall that ends in time is only a pause`() throws {
            let fault = try tls.field.strike("tls-handshake-stall", tls.server, ["flight": .text("client-finished")])
            _ = tls.field.after(.seconds(10)) { try fault.heal() }
            let words = try #require(try tls.python("attempt(60)").first).split(separator: " ")
            #expect(words[0] == "hello")
            // Sent again after 0.2, 0.6, 1.4, 3, 6.2 and 12.6 s, and the timers may be late by an eighth.
            #expect((10...15).contains(Int(words[1]) ?? 0), "\(words)")
        }

        @Test(arguments: ["client-hello", "server-hello", "client-finished", "session"])
        func `sessions that stand go on`(flight: String) throws {
            var fault: (any ActiveFault)?
            _ = tls.field.after(.seconds(5)) { [tls] in
                fault = try tls.field.strike("tls-handshake-stall", tls.server, ["flight": .text(flight)])
            }
            let text = """
                peer = attempt()
                time.sleep(10)
                peer.sendall(b"still here")
                print(peer.recv(100).decode())
                """
            #expect(try tls.python(text) == ["hello 0", "still here"])
            #expect(try #require(fault).hits() == 0)
        }

        @Test func `another port is left alone`() throws {
            let fault = try tls.field.strike(
                "tls-handshake-stall", tls.server, ["flight": .text("client-hello"), "port": .count(8444)])
            #expect(try tls.python("attempt()") == ["hello 0"])
            #expect(try fault.hits() == 0)
        }

        @Test func `TLS 1.2 stalls as well`() throws {
            let fault = try tls.field.strike("tls-handshake-stall", tls.server, ["flight": .text("client-finished")])
            let text = "context.maximum_version = ssl.TLSVersion.TLSv1_2; attempt(30)"
            #expect(try tls.python(text) == ["silence 30"])
            #expect(try fault.hits() > 3)
        }

        // MARK: tls-plain-text

        @Test(arguments: ["http", "banner"])
        func `plain text is no TLS, says OpenSSL`(speech: String) throws {
            let fault = try tls.field.strike("tls-plain-text", tls.server, ["says": .text(speech)])
            #expect(try fault.hits() == 0)
            #expect(try tls.python("attempt()") == ["WRONG_VERSION_NUMBER 0"])
            #expect(try fault.hits() == 1)
            #expect(fault.firstHit != nil)
            try fault.heal()
            try fault.heal()
            #expect(try tls.python("attempt()") == ["hello 0"])
            #expect(try fault.hits() == 1)
        }

        @Test func `what is said is a page, and then the end`() throws {
            let fault = try tls.field.strike("tls-plain-text", tls.server, ["says": .text("http")])
            let text = """
                peer = connect()
                peer.sendall(b"anything")
                page = b""
                while part := peer.recv(1000): page += part
                print(page.split(b"\\r\\n")[0].decode(), page.endswith(b"</h1>\\n"))
                """
            #expect(try tls.python(text) == ["HTTP/1.1 400 Bad Request True"])
            try fault.heal()
        }

        @Test func `a session that stands goes on, and one that was answered so ends with the heal`() throws {
            var fault: (any ActiveFault)?
            _ = tls.field.after(.seconds(5)) { [tls] in
                fault = try tls.field.strike("tls-plain-text", tls.server, ["says": .text("banner")])
            }
            _ = tls.field.after(.seconds(20)) { try fault?.heal() }
            let text = """
                peer = attempt()
                time.sleep(10)
                other = connect()
                print(other.recv(100).decode().strip())
                peer.sendall(b"still here")
                print(peer.recv(100).decode())
                began = time.monotonic()
                print(other.recv(100), 9 < time.monotonic() - began + 1 < 12)
                other.sendall(b"late")
                time.sleep(1)
                try: other.sendall(b"later")
                except OSError as error: print(error.errno)
                """
            #expect(
                try tls.python(text) == [
                    "hello 0", "220 ready, and in plain text", "still here", "b'' True", "\(EPIPE)",
                ])
            #expect(try #require(fault).hits() == 1)
        }

        @Test func `nobody asks, nobody is answered`() throws {
            let faults = try ["tls-plain-text", "tls-old-protocol"].map { try tls.field.strike($0, tls.server) }
            try tls.field.pass(.seconds(3600))
            for fault in faults {
                #expect(try fault.hits() == 0)
                try fault.heal()
            }
            #expect(try tls.python("attempt()") == ["hello 0"])
        }

        // MARK: tls-old-protocol

        @Test(arguments: [
            ("tls1.0", "UNSUPPORTED_PROTOCOL"), ("tls1.1", "UNSUPPORTED_PROTOCOL"),
            ("alert", "TLSV1_ALERT_PROTOCOL_VERSION"),
        ])
        func `an old server is refused`(version: String, reason: String) throws {
            let fault = try tls.field.strike("tls-old-protocol", tls.server, ["version": .text(version)])
            #expect(try tls.python("attempt()") == ["\(reason) 0"])
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(try tls.python("attempt()") == ["hello 0"])
            #expect(try fault.hits() == 1)
        }

        /// OpenSSL's own server that may speak old versions only: the client says the same of it.
        @Test(arguments: ["-tls1", "-tls1_1"])
        func `a real server with old versions only is refused as by alert`(version: String) throws {
            let command = [
                "/bin/sh", "-c",
                """
                echo ready
                exec openssl s_server -quiet -accept 8444 -cert /run/certificate.pem -key /run/key.pem \
                \(version) -cipher ALL:@SECLEVEL=0 </dev/zero >/dev/null 2>&1
                """,
            ]
            try tls.field.testActors.start("old", on: "b", in: tls.field.namespace(of: "b"), command)
            try tls.field.pass(.seconds(2))
            let text = "connect = lambda timeout: socket.create_connection((\"10.77.0.6\", 8444), timeout); attempt()"
            #expect(try tls.python(text) == ["TLSV1_ALERT_PROTOCOL_VERSION 0"])
        }

        @Test func `who still speaks an old version waits`() throws {
            let fault = try tls.field.strike("tls-old-protocol", tls.server, ["version": .text("tls1.0")])
            let text = """
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.set_ciphers("ALL:@SECLEVEL=0")
                attempt(60)
                """
            #expect(try tls.python(text) == ["silence 60"])
            #expect(try fault.hits() == 1)
            try fault.heal()
        }

        @Test func `faults of TLS overlap, and heal in any order`() throws {
            let stall = try tls.field.strike("tls-handshake-stall", tls.server, ["flight": .text("client-hello")])
            let plain = try tls.field.strike("tls-plain-text", tls.server, ["says": .text("http")])
            // Who is led away does not come to the middle of the link.
            #expect(try tls.python("attempt()") == ["WRONG_VERSION_NUMBER 0"])
            #expect(try stall.hits() == 0)
            try plain.heal()
            #expect(try tls.python("attempt(10)") == ["silence 10"])
            try stall.heal()
            #expect(try tls.python("attempt()") == ["hello 0"])
        }
    }
}
