import Faults
import Glibc
import Kernel
import Labs
import Testing

@testable import Scenarios

extension KernelTests {
    /// Real servers with certificates of the lab's; OpenSSL's verification is the oracle.
    @Suite struct CertificateTests {
        let field: TestField
        let server = FaultTarget.actor("server")
        private static let port = 8443

        init() throws {
            field = try TestField(TestLab.pair())
            if access("/run", W_OK) != 0 { try System.call("mount /run") { mount("tmpfs", "/run", "tmpfs", 0, nil) } }
            try field.lab.makeCertificates([
                (actor: "server", host: "b", plan: CertificatePlan(names: ["www.example.net"]))
            ])
        }

        // MARK: servers

        private static let nginx = """
            daemon off; user root; worker_processes 1; error_log /run/nginx.log; pid /run/nginx.pid;
            events {}
            http {
                access_log off;
                client_body_temp_path /run/nginx-a; proxy_temp_path /run/nginx-b; fastcgi_temp_path /run/nginx-c;
                uwsgi_temp_path /run/nginx-d; scgi_temp_path /run/nginx-e;
                server {
                    listen \(port) ssl;
                    ssl_certificate /run/certificates/server/certificate.pem;
                    ssl_certificate_key /run/certificates/server/key.pem;
                    ssl_protocols TLSv1.2 TLSv1.3;
                    ssl_session_cache shared:one:1m;
                    location / { return 200 hello; }
                }
            }
            """

        private static let mosquitto = """
            listener \(port)
            allow_anonymous true
            cafile /run/certificates/ca.pem
            certfile /run/certificates/server/certificate.pem
            keyfile /run/certificates/server/key.pem
            """

        /// Starts it and waits until it listens.
        private func start(_ name: String) throws {
            let isNginx = name == "nginx"
            let path = "/run/\(name).conf"
            try Files.write(path, isNginx ? Self.nginx : Self.mosquitto)
            let program = isNginx ? "exec nginx -c \(path)" : "exec mosquitto -c \(path) 2>/dev/null"
            try field.testActors.start(
                "server", on: "b", in: field.namespace(of: "b"), ["/bin/sh", "-c", "echo ready; \(program)"])
            try field.pass(.seconds(2))
        }

        /// What OpenSSL says of handshakes from host a: `ok`, or the number of its verification's error.
        private func verify(_ more: String = "") throws -> [String] {
            try python("print(handshake())\n" + more)
        }

        private func python(_ text: String) throws -> [String] {
            let head = """
                import socket, ssl, time
                def fresh():
                    return ssl.create_default_context(cafile="/run/certificates/ca.pem")
                def open_to(context, session=None):
                    peer = socket.create_connection(("10.77.0.6", \(Self.port)), 10)
                    return context.wrap_socket(peer, server_hostname="server", session=session)
                def handshake(context=None):
                    try:
                        with open_to(context or fresh()) as peer: return "ok"
                    except ssl.SSLCertVerificationError as error: return str(error.verify_code)

                """
            let ends = try Descriptor.pipe()
            let reader = Descriptor(owning: ends.reader)
            let writer = Descriptor(owning: ends.writer)
            let null = try Descriptor.open("/dev/null", O_RDWR)
            var request = SpawnRequest(
                program: "/usr/bin/python3", arguments: ["-c", head + text], input: null.raw, output: writer.raw,
                error: 2)
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

        private func strike(_ flaw: String, reload: String = "hup") throws -> any ActiveFault {
            try field.strike("certificate", server, ["becomes": .text(flaw), "reload": .text(reload)])
        }

        // MARK: the lab's own

        @Test func `a certificate is good for the actor, its host and what else it is to be good for`() throws {
            try TestRig.run(
                [
                    "/usr/bin/openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile",
                    CertificatePlan.authority, CertificatePlan.certificate(of: "server"),
                ], in: -1)
            for name in ["server", "b", "localhost", "www.example.net"] {
                try TestRig.run(
                    [
                        "/usr/bin/openssl", "verify", "-verify_hostname", name, "-CAfile", CertificatePlan.authority,
                        CertificatePlan.certificate(of: "server"),
                    ], in: -1)
            }
            try TestRig.run(
                [
                    "/usr/bin/openssl", "verify", "-verify_ip", "10.77.0.6", "-CAfile", CertificatePlan.authority,
                    CertificatePlan.certificate(of: "server"),
                ], in: -1)
        }

        @Test func `a certificate that was made for an hour is good for an hour`() throws {
            try field.lab.makeCertificates([
                (actor: "server", host: "b", plan: CertificatePlan(validFor: .seconds(3600)))
            ])
            try start("nginx")
            #expect(try verify() == ["ok"])
            try field.pass(.seconds(3600))
            #expect(try verify() == ["10"])
        }

        // MARK: faults

        // OpenSSL's X509_V_ERR numbers (x509_vfy.h), by way of Python's ssl.
        @Test(
            arguments: ["nginx", "mosquitto"],
            [
                ("expired", "10"), ("not-yet-valid", "9"), ("wrong-name", "62"), ("unknown-issuer", "20"),
                ("renewed", "ok"),
            ])
        func `a flaw is found by who verifies`(name: String, flaw: (name: String, verdict: String)) throws {
            try start(name)
            #expect(try verify() == ["ok"])
            let fault = try strike(flaw.name)
            #expect(try fault.hits() == 0)
            try field.pass(.seconds(2))
            #expect(try verify() == [flaw.verdict])
            #expect(try fault.hits() == 1)
            #expect(try verify() == [flaw.verdict])
            #expect(try fault.hits() == 2)
            #expect(fault.firstHit != nil)
            try fault.heal()
            try fault.heal()
            try field.pass(.seconds(2))
            #expect(try verify() == ["ok"])
            #expect(try fault.hits() == 2)
        }

        private static let serial = """
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations("/run/certificates/ca.pem")
            def serial():
                with open_to(context) as peer: return peer.getpeercert()["serialNumber"]

            """

        @Test func `a renewed certificate is another one, and who is connected does not notice`() throws {
            try start("nginx")
            var fault: (any ActiveFault)?
            _ = field.after(.seconds(5)) { fault = try self.strike("renewed") }
            _ = field.after(.seconds(15)) { try fault?.heal() }
            let text =
                Self.serial + """
                    standing = open_to(context)
                    before = serial()
                    time.sleep(10)
                    during = serial()
                    standing.sendall(b"GET / HTTP/1.1\\r\\nHost: server\\r\\n\\r\\n")
                    print(before != during, standing.recv(100)[:15].decode())
                    time.sleep(10)
                    print(serial() == before)
                    """
            #expect(try python(text) == ["True HTTP/1.1 200 OK", "True"])
            #expect(try #require(fault).hits() == 1)
        }

        @Test(arguments: ["TLSv1_2", "TLSv1_3"])
        func `a session that is resumed shows no certificate, and is no hit`(version: String) throws {
            try start("nginx")
            let fault = try strike("renewed")
            try field.pass(.seconds(2))
            let text = """
                context = fresh()
                context.minimum_version = context.maximum_version = ssl.TLSVersion.\(version)
                session = None
                for _ in range(3):
                    with open_to(context, session) as peer:
                        peer.sendall(b"GET / HTTP/1.1\\r\\nHost: server\\r\\nConnection: close\\r\\n\\r\\n")
                        while peer.recv(1000): pass
                        session = peer.session
                        print(peer.session_reused)
                """
            #expect(try python(text) == ["False", "True", "True"])
            #expect(try fault.hits() == 1)
            try fault.heal()
        }

        @Test func `a server that nobody tells goes on as before, and that is no hit`() throws {
            try start("nginx")
            let fault = try strike("expired", reload: "none")
            try field.pass(.seconds(2))
            #expect(try verify() == ["ok"])
            #expect(try fault.hits() == 0)
            try fault.heal()
        }

        @Test func `with a restart the actor is killed, and is to be started again`() throws {
            try start("mosquitto")
            let fault = try strike("expired", reload: "restart")
            #expect(field.testActors.state(of: "server") == "Z")
            #expect(field.testActors.expectedEnds == ["server"])
            #expect(field.testActors.restarts.map(\.after) == [.milliseconds(100)])
            // As the engine would.
            try start("mosquitto")
            #expect(try verify() == ["10"])
            #expect(try fault.hits() == 1)
            try fault.heal()
            #expect(field.testActors.restarts.count == 2)
            try start("mosquitto")
            #expect(try verify() == ["ok"])
            #expect(try fault.hits() == 1)
        }

        @Test func `nobody comes, nobody is struck, and the files are as they were`() throws {
            try start("nginx")
            let files = ["certificate.pem", "key.pem"].map { "/run/certificates/server/\($0)" }
            let before = files.map(Files.text)
            for flaw in Certificates.Flaw.allCases {
                let fault = try strike(flaw.rawValue)
                #expect(Files.text(files[0]) != before[0])
                #expect((Files.text(files[1]) != before[1]) == (flaw == .renewed))
                try field.pass(.seconds(60))
                #expect(try fault.hits() == 0)
                try fault.heal()
                #expect(files.map(Files.text) == before)
            }
        }
    }
}
