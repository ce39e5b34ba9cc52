import COpenSSL
import Glibc
import Kernel
import Scenarios

/// The lab's own authority, and the certificates that it has made for actors: good ones, and others for a while.
///
/// In the virtual lab all of them follow from the seed, like everything that is random there.
package final class Certificates {
    /// What a certificate can be instead of good.
    package enum Flaw: String, CaseIterable, Sendable {
        case expired
        case notYetValid = "not-yet-valid"
        case wrongName = "wrong-name"
        case unknownIssuer = "unknown-issuer"
        /// None at all: another good one, with another key.
        case renewed
    }

    private struct Authority {
        var certificate: String
        var key: String
    }

    private struct Owner {
        var alternatives: String
        var plan: CertificatePlan
        var key: String
        var certificate: String
    }

    private let authority: Authority
    private var owners: [String: Owner] = [:]
    private var serial: UInt64 = 0

    private static let day: Int64 = 86_400
    /// So long ago that clocks which differ do not matter.
    private static let before = day
    /// Longer than any timeline.
    private static let longest = 40_000 * day

    init(_ owners: [(actor: String, host: String, plan: CertificatePlan)], in lab: LabPlan) throws {
        authority = try Self.makeAuthority("Halfopen lab", serial: 1)
        serial = 1
        try Files.makeFolder(CertificatePlan.folder)
        try Files.replace(CertificatePlan.authority, with: Array(authority.certificate.utf8))
        for owner in owners {
            let addresses = lab.hosts.first { $0.name == owner.host }?.addresses ?? []
            let names = [owner.actor, owner.host, "localhost"] + owner.plan.names
            let alternatives = names.map { "DNS:\($0)" } + (addresses + ["127.0.0.1"]).map { "IP:\($0)" }
            var made = Owner(
                alternatives: alternatives.joined(separator: ","), plan: owner.plan, key: try Self.makeKey(),
                certificate: "")
            made.certificate = try make(owner.actor, made, nil)
            self.owners[owner.actor] = made
            try Files.makeFolder(Files.parent(of: CertificatePlan.key(of: owner.actor)))
            try write(made.certificate, made.key, of: owner.actor)
        }
    }

    /// Whether this actor has a certificate.
    package func has(_ actor: String) -> Bool { owners[actor] != nil }

    /// Puts a certificate with this flaw in the place of the actor's good one. The key stays, unless it is renewed.
    package func replace(of actor: String, by flaw: Flaw) throws(LabError) {
        try LabError.of("a certificate for \(actor)") {
            guard var owner = owners[actor] else { preconditionFailure("\(actor) has no certificate") }
            if flaw == .renewed { owner.key = try Self.makeKey() }
            try write(try make(actor, owner, flaw), owner.key, of: actor)
        }
    }

    /// Puts the good one, and its key, back.
    package func restore(of actor: String) throws(LabError) {
        try LabError.of("the certificate of \(actor)") {
            guard let owner = owners[actor] else { preconditionFailure("\(actor) has no certificate") }
            try write(owner.certificate, owner.key, of: actor)
        }
    }

    private func write(_ certificate: String, _ key: String, of actor: String) throws {
        try Files.replace(CertificatePlan.key(of: actor), with: Array(key.utf8))
        try Files.replace(CertificatePlan.certificate(of: actor), with: Array(certificate.utf8))
    }

    private func make(_ actor: String, _ owner: Owner, _ flaw: Flaw?) throws -> String {
        serial += 1
        let now = Self.now
        let end = now + owner.plan.validFor.components.seconds
        switch flaw {
        case nil, .renewed:
            return try Self.make(
                actor, owner.alternatives, from: now - Self.before, to: end, serial, owner.key, authority)
        case .expired:
            return try Self.make(
                actor, owner.alternatives, from: now - 90 * Self.day, to: now - Self.day, serial, owner.key, authority)
        case .notYetValid:
            // Not before the longest fault is over.
            let start = now + 400 * Self.day
            return try Self.make(
                actor, owner.alternatives, from: start, to: start + 90 * Self.day, serial, owner.key, authority)
        case .wrongName:
            return try Self.make(
                "elsewhere", "DNS:elsewhere.invalid", from: now - Self.before, to: end, serial, owner.key, authority)
        case .unknownIssuer:
            let stranger = try Self.makeAuthority("Nobody's authority", serial: serial)
            return try Self.make(
                actor, owner.alternatives, from: now - Self.before, to: end, serial, owner.key, stranger)
        }
    }

    /// Seconds since 1970, by the lab's clock.
    private static var now: Int64 { (Clock.now + Clock.realtimeOffset) / 1_000_000_000 }

    // MARK: OpenSSL

    private static func makeAuthority(_ name: String, serial: UInt64) throws -> Authority {
        let key = try makeKey()
        let now = now
        let certificate = try make(name, nil, from: now - before, to: now + longest, serial, key, nil)
        return Authority(certificate: certificate, key: key)
    }

    private static func makeKey() throws -> String {
        var reason: UnsafePointer<CChar>?
        return try text(halfopen_key_make(&reason), reason)
    }

    private static func make(
        _ name: String, _ alternatives: String?, from start: Int64, to end: Int64, _ serial: UInt64, _ key: String,
        _ issuer: Authority?
    ) throws -> String {
        let texts = [name, alternatives, key, issuer?.certificate, issuer?.key].map { $0.flatMap { strdup($0) } }
        defer { texts.forEach { free($0) } }
        var request = halfopen_certificate()
        request.name = UnsafePointer(texts[0])
        request.alternatives = UnsafePointer(texts[1])
        request.not_before = start
        request.not_after = end
        request.serial = serial
        request.key = UnsafePointer(texts[2])
        request.issuer = UnsafePointer(texts[3])
        request.issuer_key = UnsafePointer(texts[4])
        var reason: UnsafePointer<CChar>?
        return try text(halfopen_certificate_make(&request, &reason), reason)
    }

    private static func text(_ made: UnsafeMutablePointer<CChar>?, _ reason: UnsafePointer<CChar>?) throws -> String {
        guard let made else { throw OpenSSLError(reason: reason.map { String(cString: $0) } ?? "no reason given") }
        defer { free(made) }
        return String(cString: made)
    }
}

/// OpenSSL did not do as it was told; its own words.
private struct OpenSSLError: Error, CustomStringConvertible {
    var reason: String
    var description: String { "OpenSSL: \(reason)" }
}
