import Glibc
import Kernel
import Testing

@testable import Scenarios

/// A real TLS server on host b, clients on host a: all of it OpenSSL's.
final class TestTLS {
    let field: TestField
    let server = FaultTarget.actor("server")
    static let port = 8443

    init() throws {
        field = try TestField(TestLab.pair())
        if access("/run", W_OK) != 0 { try System.call("mount /run") { mount("tmpfs", "/run", "tmpfs", 0, nil) } }
        try Self.makeCertificate()
        try field.testActors.start("server", on: "b", in: field.namespace(of: "b"), Self.echoServer)
    }

    /// By the tool of OpenSSL, for tests that do not ask who the server is.
    private static func makeCertificate() throws {
        try TestRig.run(
            [
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", "/run/key.pem", "-out", "/run/certificate.pem", "-subj", "/CN=server", "-days", "30",
            ], in: -1)
    }

    /// Echoes over TLS; each connection in a thread of its own.
    private static let echoServer = [
        "/usr/bin/python3", "-c",
        """
        import socket, ssl, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("/run/certificate.pem", "/run/key.pem")
        def serve(peer):
            try:
                peer = context.wrap_socket(peer, server_side=True)
                while data := peer.recv(65536): peer.sendall(data)
            except OSError as error: print("failed", error.errno, flush=True)
        listener = socket.create_server(("0.0.0.0", \(port)), backlog=64)
        print("ready", flush=True)
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """,
    ]

    /// Runs a program of Python's on host a, while faults do their work; what it printed.
    func python(_ text: String) throws -> [String] {
        let head = """
            import socket, ssl, time
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            def connect(timeout=30):
                return socket.create_connection(("10.77.0.6", \(Self.port)), timeout)
            def attempt(timeout=30):
                peer = connect(timeout)
                began = time.monotonic()
                try:
                    peer = context.wrap_socket(peer)
                    peer.sendall(b"hello")
                    word = peer.recv(10).decode()
                except ssl.SSLError as error: word = error.reason
                except TimeoutError: word = "silence"
                except OSError as error: word = str(error.errno)
                print(word, round(time.monotonic() - began), flush=True)
                return peer

            """
        let ends = try Descriptor.pipe()
        let reader = Descriptor(owning: ends.reader)
        let writer = Descriptor(owning: ends.writer)
        let null = try Descriptor.open("/dev/null", O_RDWR)
        var request = SpawnRequest(
            program: "/usr/bin/python3", arguments: ["-c", head + text], input: null.raw, output: writer.raw, error: 2)
        request.networkNamespace = field.namespace(of: "a")
        let child = try ChildProcess(request)
        var output: [UInt8] = []
        var status: Int32 = 0
        while waitpid(child.pid, &status, WNOHANG) == 0 {
            try field.pass(.milliseconds(1))
            while let some = try reader.read(), !some.isEmpty { output += some }
        }
        while let some = try reader.read(), !some.isEmpty { output += some }
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

extension [UInt8] {
    /// Of an Ethernet frame with IPv4 and TCP: what is behind the headers; nil of any other.
    var tcpPayload: [UInt8]? {
        guard count > 54, self[12] == 8, self[13] == 0, self[23] == UInt8(IPPROTO_TCP) else { return nil }
        let length = Int(self[16]) << 8 | Int(self[17])
        let header = Int(self[14] & 15) * 4
        let start = 14 + header + Int(self[14 + header + 12] >> 4) * 4
        return start < 14 + length ? Array(self[start..<(14 + length)]) : []
    }
}
