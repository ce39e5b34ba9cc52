import COpenSSL
import Foundation
import Glibc

/// Certificates in files, made once: of a good server called `feed`, and of others that are not to be trusted.
enum TestCertificates {
    struct Files: Sendable {
        var certificate: String
        var key: String
    }

    /// The authority that clients trust.
    static let authority = folder + "/ca.pem"
    static let good = issue("good", names: "DNS:feed,DNS:localhost,IP:127.0.0.1")
    static let renewed = issue("renewed", names: "DNS:feed,DNS:localhost,IP:127.0.0.1")
    static let otherName = issue("other-name", names: "DNS:elsewhere.invalid")
    static let expired = issue("expired", names: "DNS:feed,DNS:localhost", validUntil: -60)
    static let unknownIssuer = issue("unknown-issuer", names: "DNS:feed,DNS:localhost", by: stranger)

    private struct Authority: Sendable {
        var certificate: String
        var key: String
    }

    private static let folder: String = {
        let folder = NSTemporaryDirectory() + "halfopen-certificates-\(getpid())"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        atexit {
            try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "halfopen-certificates-\(getpid())")
        }
        write(trusted.certificate, to: folder + "/ca.pem")
        return folder
    }()
    private static let trusted = authority(named: "trusted")
    private static let stranger = authority(named: "stranger")

    private static func authority(named name: String) -> Authority {
        let key = makeKey()
        return Authority(certificate: make(name, nil, validUntil: 3600, key: key, by: nil), key: key)
    }

    private static func issue(
        _ name: String, names: String, validUntil end: Int64 = 3600, by issuer: Authority? = nil
    ) -> Files {
        let key = makeKey()
        let certificate = make(name, names, validUntil: end, key: key, by: issuer ?? trusted)
        let files = Files(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name)-key.pem")
        write(certificate, to: files.certificate)
        write(key, to: files.key)
        return files
    }

    private static func write(_ text: String, to path: String) {
        do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch { fatalError("\(error)") }
    }

    private static func makeKey() -> String {
        var reason: UnsafePointer<CChar>?
        return take(halfopen_key_make(&reason))
    }

    private static func make(
        _ name: String, _ names: String?, validUntil end: Int64, key: String, by issuer: Authority?
    ) -> String {
        let texts = [name, names, key, issuer?.certificate, issuer?.key].map { $0.flatMap { strdup($0) } }
        defer { texts.forEach { free($0) } }
        let now = Int64(time(nil))
        var request = halfopen_certificate(
            name: texts[0], alternatives: texts[1], not_before: now - 7200, not_after: now + end, serial: 1,
            key: texts[2], issuer: texts[3], issuer_key: texts[4])
        var reason: UnsafePointer<CChar>?
        return take(halfopen_certificate_make(&request, &reason))
    }

    private static func take(_ made: UnsafeMutablePointer<CChar>?) -> String {
        guard let made else { fatalError("OpenSSL makes no certificate") }
        defer { free(made) }
        return String(cString: made)
    }
}
