/// A driver in Swift. Put your library where the socket is; keep what is said to Halfopen.
import Glibc

/// Any event of the driver protocol, stamped and written at once. Fields are JSON already.
func say(_ event: String, _ fields: [(name: String, json: String)] = []) {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    var line = "{\"event\":\"\(event)\",\"t\":\(now.tv_sec * 1_000_000_000 + now.tv_nsec)"
    for field in fields { line += ",\"\(field.name)\":\(field.json)" }
    line += "}\n"
    _ = line.withCString { write(STDOUT_FILENO, $0, strlen($0)) }
}

/// A text as JSON has it.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\" + String(scalar)
        case "\0"..<" ": result += "?"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

/// Connects within five seconds, as the kernel gives up by SO_SNDTIMEO; nil when that fails.
func connect(to host: String, port: String) -> Int32? {
    var want = addrinfo()
    want.ai_family = AF_INET
    want.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, port, &want, &found) == 0, let address = found else { return nil }
    defer { freeaddrinfo(found) }
    let connection = socket(AF_INET, want.ai_socktype, 0)
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    if Glibc.connect(connection, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 { return connection }
    close(connection)
    return nil
}

/// The client under test: one connection, until it fails. Returns how many messages came.
func follow(_ host: String, _ port: String) -> Int {
    guard let connection = connect(to: host, port: port), let lines = fdopen(connection, "r") else {
        say("error", [("text", quoted("could not connect"))])
        return 0
    }
    defer { fclose(lines) }
    var silence = timeval(tv_sec: 15, tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &silence, socklen_t(MemoryLayout<timeval>.size))
    var count = 0
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), lines) != nil {
        let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if text == "ok" {
            say("connected")
        } else {
            say("received", [("stream", quoted("ticks")), ("seq", text)])
            count += 1
        }
    }
    say("error", [("text", quoted(feof(lines) != 0 ? "the server hung up" : "nothing for 15 s"))])
    return count
}

say("hello", [("library", quoted("my-client")), ("version", quoted("0.1")), ("commands", "[]")])
var failures = 0
while true {
    say("attempt")
    if follow(CommandLine.arguments[1], CommandLine.arguments[2]) > 0 { failures = 0 }
    // Exponential backoff with full jitter; the lab's kernel answers from the run's seed.
    usleep(UInt32.random(in: 0..<(1_000_000 << UInt32(min(failures, 3)))))
    failures += 1
}
