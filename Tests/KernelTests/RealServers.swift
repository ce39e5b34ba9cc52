import Faults
import Glibc
import Kernel
import Labs
import Netlink
import Testing

@testable import Scenarios

/// Servers as Debian has them: they know nothing of us, and of no fault.
struct RealServer: CustomTestStringConvertible, Sendable {
    var name: String
    var port: Int
    /// Writes what it needs below /tmp.
    var files: [(path: String, text: String)] = []
    /// Run first, to their ends.
    var before: [[String]] = []
    var run: [String]
    /// A client's first words, and what stands in the answer.
    var greeting: String
    var answer: String
    /// Something that is not answered, or not before the fault is over.
    var more: String

    var testDescription: String { name }

    static let all = [redis, mosquitto, nginx, postgres]

    static let redis = RealServer(
        name: "redis-server", port: 6379,
        run: [
            "/usr/bin/redis-server", "--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "",
            "--dir", "/tmp", "--loglevel", "warning",
        ],
        greeting: "PING\r\n", answer: "+PONG", more: "PING\r\n")

    /// CONNECT of MQTT 3.1.1 (client a, clean session, no keep-alive) and PINGREQ.
    static let mosquitto = RealServer(
        name: "mosquitto", port: 1883,
        files: [("/tmp/mosquitto.conf", "listener 1883 0.0.0.0\nallow_anonymous true\nlog_type error\n")],
        run: ["/usr/sbin/mosquitto", "-c", "/tmp/mosquitto.conf"],
        greeting: "\u{10}\u{d}\0\u{4}MQTT\u{4}\u{2}\0\0\0\u{1}a", answer: "\u{20}\u{2}\0\0",
        more: "\u{10}\u{d}\0\u{4}MQTT\u{4}\u{2}\0\0\0\u{1}a")

    static let nginx = RealServer(
        name: "nginx", port: 8080,
        files: [
            (
                "/tmp/nginx.conf",
                """
                daemon off; user root; worker_processes 1; pid /tmp/nginx.pid; error_log /dev/null;
                events {}
                http {
                    access_log off; keepalive_timeout 1d; keepalive_time 30d;
                    client_body_temp_path /tmp/nginx-b; proxy_temp_path /tmp/nginx-p; fastcgi_temp_path /tmp/nginx-f;
                    uwsgi_temp_path /tmp/nginx-u; scgi_temp_path /tmp/nginx-s;
                    server { listen 8080; location / { return 200 "hello"; } }
                }
                """
            )
        ],
        run: ["/usr/sbin/nginx", "-c", "/tmp/nginx.conf", "-e", "/dev/null"],
        greeting: "GET / HTTP/1.1\r\nHost: nginx\r\n\r\n", answer: "200 OK",
        more: "GET / HTTP/1.1\r\nHost: nginx\r\n\r\n")

    /// It does not run as root. Startup message of protocol 3.0, user nobody, database postgres.
    static let postgres = RealServer(
        name: "postgres", port: 5432,
        files: [("/tmp/postgres/hba.conf", "host all all 0.0.0.0/0 trust\n")],
        before: [
            ["/usr/bin/chown", "nobody", "/tmp/postgres"],
            [
                "/bin/sh", "-c",
                """
                exec setpriv --reuid=nobody --clear-groups /usr/lib/postgresql/15/bin/initdb -D /tmp/postgres/data \
                -A trust -N --no-instructions -E UTF8 --locale=C >/dev/null 2>&1
                """,
            ],
        ],
        run: [
            "/usr/bin/setpriv", "--reuid=nobody", "--clear-groups", "/usr/lib/postgresql/15/bin/postgres", "-D",
            "/tmp/postgres/data", "-c", "listen_addresses=*", "-c", "hba_file=/tmp/postgres/hba.conf", "-c",
            "unix_socket_directories=/tmp/postgres", "-c", "fsync=off", "-c", "log_min_messages=fatal",
        ],
        greeting: "\0\0\0\u{27}\0\u{3}\0\0user\0nobody\0database\0postgres\0\0", answer: "server_version",
        more: "Q\0\0\0\u{d}SELECT 1\0")

    /// Runs it on host b of a pair of hosts until the rig is gone; returns when it listens.
    func start(in field: TestField) throws {
        for file in files {
            try Files.makeFolder(Files.parent(of: file.path))
            try Files.write(file.path, file.text)
        }
        for command in before { try TestRig.run(command, in: field.namespace(of: "b")) }
        try field.testActors.launch(name, on: "b", in: field.namespace(of: "b"), run)
        let table = try SocketDiagnosis(namespace: field.namespace(of: "b"), host: "b")
        for _ in 0..<600 {
            if try table.sockets(in: [.listen]).contains(where: { $0.local.port == port }) { return }
            usleep(100_000)
        }
        Issue.record("\(name) does not listen on port \(port)")
    }

    /// A client of it on host a that has been greeted.
    func connect(in field: TestField) throws -> TestConnection {
        let address = field.lab.host("b").addresses[0]
        let client = try TestConnection(from: field.namespace(of: "a"), to: address, port: port)
        #expect(client.say(greeting))
        var heard = ""
        while !heard.contains(answer), case .bytes(let more) = client.hear(within: .seconds(30)) { heard += more }
        #expect(heard.contains(answer), "\(heard)")
        // What is left of the answer, and acknowledgements.
        while case .bytes = client.hear(within: .seconds(1)) {}
        return client
    }
}
